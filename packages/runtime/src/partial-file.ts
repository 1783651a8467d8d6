import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';

/** What tells that the rest of a file belongs to its beginning. */
const note = z.object({ url: z.string(), validator: z.string() });

/** A file that comes in pieces, hashed as it grows; beside it, while it is not whole, lies what it may go on by. */
export class PartialFile {
  /** Bytes. */
  size = 0;
  /** An entity tag or a date that the server will know the file by; undefined when it gave none. */
  validator: string | undefined = undefined;
  #hash: Hash = createHash('sha256');

  private constructor(
    private readonly path: string,
    private readonly url: string,
    private readonly file: FileHandle,
  ) {}

  /**
   * @param resume goes on with the file that is there, if it is of this url; otherwise there must be none
   * @throws Error `EEXIST`
   */
  static async open(path: string, url: string, resume: boolean): Promise<PartialFile> {
    const partial = new PartialFile(path, url, await open(path, resume ? 'a+' : 'ax+'));
    if (resume) await partial.takeUp();
    return partial;
  }

  private async takeUp(): Promise<void> {
    const text = await readFile(notePath(this.path), 'utf8').catch(() => 'null');
    const known = note.safeParse(parseJson(text));
    if (!known.success || known.data.url !== this.url) return this.restart();
    this.validator = known.data.validator;
    for await (const chunk of this.file.createReadStream({ start: 0, autoClose: false })) {
      this.#hash.update(chunk as Buffer);
      this.size += (chunk as Buffer).length;
    }
  }

  async restart(): Promise<void> {
    await this.file.truncate(0);
    this.size = 0;
    this.validator = undefined;
    this.#hash = createHash('sha256');
    await rm(notePath(this.path), { force: true });
  }

  /** What the server names the present version by, for whoever goes on. */
  async remember(validator: string): Promise<void> {
    this.validator = validator;
    await writeFile(notePath(this.path), JSON.stringify({ url: this.url, validator }));
  }

  async append(chunk: Buffer): Promise<void> {
    await this.file.appendFile(chunk);
    this.#hash.update(chunk);
    this.size += chunk.length;
  }

  /** The first bytes, or all where there are fewer. */
  async head(bytes: number): Promise<Buffer> {
    const buffer = Buffer.alloc(Math.min(bytes, this.size));
    await this.file.read(buffer, 0, buffer.length, 0);
    return buffer;
  }

  /** Closes a whole file. @returns its SHA-256 in hex */
  async finish(): Promise<string> {
    await this.file.sync();
    await this.file.close();
    await rm(notePath(this.path), { force: true });
    return this.#hash.digest('hex');
  }

  /** Closes what is not whole; it stays for whoever goes on, or goes. */
  async leave(keep: boolean): Promise<void> {
    await this.file.close();
    if (keep) return;
    await rm(this.path, { force: true });
    await rm(notePath(this.path), { force: true });
  }
}

const notePath = (path: string) => `${path}.resume`;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
