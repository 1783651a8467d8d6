/** Keeps the most recently used entries, up to `max`, each until its time is over. */
export class BoundedCache<Value> {
  readonly #max: number;
  readonly #entries = new Map<string, { value: Value; expiresAt: number }>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (entry.expiresAt <= Date.now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** @param expiresAt ms since 1970 */
  set(key: string, value: Value, expiresAt: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAt });
    if (this.#entries.size <= this.#max) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}
