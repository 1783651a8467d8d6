import type { JobPriority, QueueName } from '@mediaworks/contracts';
import type { Queues } from './bullmq.ts';

/** Deliveries that wait in Redis at most, for each queue and priority: what many workers take in some seconds. */
const WINDOW = 1_000;
/** How long a full window is taken for full, in ms. */
const REREAD_MS = 100;

/** The jobs of one queue and priority, and how many more of them may be told. */
export interface Band {
  queue: QueueName;
  priority: JobPriority;
  room: number;
}

/**
 * How much more may be told to Redis, so that its memory does not grow with what waits. Only told deliveries are
 * counted; Redis itself is asked at the start and when a band seems full. Of several processes each may fill it once more.
 */
export class DeliveryWindow {
  #bands: Band[] | undefined;
  #readAt = 0;

  constructor(private readonly queues: Queues) {}

  /** Whether there is a band that takes no more for now. */
  get full(): boolean {
    return this.#bands?.some((band) => band.room <= 0) ?? false;
  }

  /** Those with room. */
  async open(): Promise<readonly Band[]> {
    if (!this.#bands || (this.full && performance.now() - this.#readAt >= REREAD_MS)) {
      this.#bands = await this.#read();
      this.#readAt = performance.now();
    }
    return this.#bands.filter((band) => band.room > 0);
  }

  /** Counts a delivery that was told. */
  take(told: Pick<Band, 'queue' | 'priority'>): void {
    const band = this.#bands?.find((band) => band.queue === told.queue && band.priority === told.priority);
    if (band) band.room--;
  }

  async #read(): Promise<Band[]> {
    const bands = await Promise.all(
      [...this.queues].map(async ([name, queue]): Promise<Band[]> => {
        const { waiting = 0, prioritized = 0 } = await queue.getJobCounts('waiting', 'prioritized');
        return [
          { queue: name, priority: 'interactive', room: WINDOW - waiting },
          { queue: name, priority: 'bulk', room: WINDOW - prioritized },
        ];
      }),
    );
    return bands.flat();
  }
}
