import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { type Details, type FileStats, sidecarName } from './local-sidecar-name.ts';

/** What is to become an object. */
export interface CommitOrder extends Details {
  /** What it is to hold; undefined where the temporary file holds it already, and has been synced. */
  readonly bytes: Uint8Array | undefined;
  /** Of the put. */
  readonly id: string;
  readonly temp: string;
  /** The empty file that sidecars are links to. */
  readonly model: string;
  /** The folders of the sidecar and of the object, which stay open for as long as this takes. */
  readonly sidecars: OpenFolder;
  readonly folder: OpenFolder;
  /** Of the object, in its folder. */
  readonly name: string;
}

interface OpenFolder {
  readonly fd: number;
  /** What its entries are reached under. */
  readonly path: string;
}

/** The file that is an object now, and whether it may have replaced another; or why there is none, as the system's code. */
export type CommitOutcome =
  | { readonly stats: FileStats & { readonly mtime: Date }; readonly replaces: boolean }
  | { readonly failed: string };

/**
 * Makes objects of files, each step for all of them before the next: their bytes, their sidecars, the renames that count.
 * What a step did is on the disk before the next begins, and the disk is asked once a folder for that and not once a
 * file. One that fails stays as it is then, and the others go on.
 */
export function commitFiles(orders: readonly CommitOrder[]): CommitOutcome[] {
  const commits = orders.map((order) => new Commit(order));
  each(commits, (commit) => commit.write());
  each(commits, (commit) => commit.describe());
  syncFolders(commits, ({ order }) => order.sidecars.fd);
  each(commits, (commit) => commit.move());
  syncFolders(commits, ({ order }) => order.folder.fd);
  return commits.map((commit) => commit.outcome());
}

class Commit {
  #stats: (FileStats & { mtime: Date }) | undefined;
  #replaces = false;
  failed: string | undefined;

  constructor(readonly order: CommitOrder) {}

  write(): void {
    const { bytes, temp } = this.order;
    if (!bytes) return;
    const fd = openSync(temp, 'wx', 0o644);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  describe(): void {
    const { id, temp, model, sidecars } = this.order;
    const { ino, size, mtimeNs, mtime } = lstatSync(temp, { bigint: true });
    this.#stats = { ino, size, mtimeNs, mtime };
    linkSync(model, `${sidecars.path}/${sidecarName(id, this.#stats, this.order)}`);
  }

  move(): void {
    const { temp, folder, name } = this.order;
    const target = `${folder.path}/${name}`;
    this.#replaces = lstatSync(target, { throwIfNoEntry: false }) !== undefined;
    renameSync(temp, target);
  }

  outcome(): CommitOutcome {
    if (this.failed !== undefined || !this.#stats) return { failed: this.failed ?? 'EIO' };
    return { stats: this.#stats, replaces: this.#replaces };
  }
}

function each(commits: readonly Commit[], step: (commit: Commit) => void): void {
  for (const commit of commits) {
    if (commit.failed !== undefined) continue;
    try {
      step(commit);
    } catch (error) {
      commit.failed = codeOf(error);
    }
  }
}

/** Each folder once, however many files are in it. */
function syncFolders(commits: readonly Commit[], folderOf: (commit: Commit) => number): void {
  const synced = new Map<number, string | undefined>();
  each(commits, (commit) => {
    const fd = folderOf(commit);
    if (!synced.has(fd))
      synced.set(
        fd,
        failureOf(() => fsyncSync(fd)),
      );
    commit.failed = synced.get(fd);
  });
}

/** The whole of the runtime package would be loaded into the thread for its function of this kind. */
function codeOf(error: unknown): string {
  return (error as Partial<NodeJS.ErrnoException>).code ?? 'EIO';
}

function failureOf(step: () => void): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
