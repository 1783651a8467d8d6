import { groupCommit } from '@mediaworks/runtime';
import { type Folder, makeFolder } from './local-folder.ts';

/** So many folders are kept open, those 256 of the sidecars among them. */
const KEPT = 320;
/** One that nobody uses is closed after this long, or up to twice that, in ms. */
const KEPT_MS = 15_000;

interface Kept {
  readonly path: string;
  readonly opening: Promise<Folder>;
  /** Undefined until it is open. */
  folder: Folder | undefined;
  users: number;
  /** Since the last sweep. */
  wasUsed: boolean;
}

/**
 * Folders that were just used stay open for a moment: a busy store puts many objects into few of them, and to open one
 * costs more than all that is done in it. Whoever wants one that is being opened waits for it.
 */
export function createFolderPool() {
  // The one that was used last is the last.
  const kept = new Map<string, Kept>();
  let sweeping: NodeJS.Timeout | undefined;

  const drop = (one: Kept) => {
    if (kept.get(one.path) === one) kept.delete(one.path);
    // Whoever wrote to it has synced it, or been told that it could not.
    if (one.users === 0) void one.folder?.close().catch(() => undefined);
  };
  const dropSurplus = () => {
    for (const one of kept.values()) {
      if (kept.size <= KEPT) return;
      if (one.users === 0) drop(one);
    }
  };
  const sweepLater = () => {
    sweeping ??= setTimeout(() => {
      sweeping = undefined;
      for (const one of kept.values()) {
        if (one.users === 0 && !one.wasUsed) drop(one);
        one.wasUsed = false;
      }
      if (kept.size > 0) sweepLater();
    }, KEPT_MS).unref();
  };
  const take = (path: string, root: string): Kept => {
    let one = kept.get(path);
    if (one?.folder?.isStillThere() === false) {
      drop(one);
      one = undefined;
    }
    one ??= {
      path,
      opening: makeFolder(path, root).then(syncingTogether),
      folder: undefined,
      users: 0,
      wasUsed: true,
    };
    kept.delete(path);
    kept.set(path, one);
    one.users++;
    one.wasUsed = true;
    return one;
  };
  const leave = (one: Kept) => {
    one.users--;
    if (kept.get(one.path) !== one) drop(one);
    else dropSurplus();
    sweepLater();
  };

  return {
    /** As `makeFolder`, from which it differs in that closing it only says that this user is done. */
    async hold(path: string, root: string): Promise<Folder> {
      const one = take(path, root);
      try {
        one.folder ??= await one.opening;
      } catch (error) {
        one.users--;
        drop(one);
        throw error;
      }
      return {
        ...one.folder,
        close: () => {
          leave(one);
          return Promise.resolve();
        },
      };
    },
  };
}

/** What is changed in a folder while it is being synced, by whomever, is synced together with the next. */
function syncingTogether(folder: Folder): Folder {
  const sync = groupCommit(async (calls: true[]): Promise<true[]> => {
    await folder.sync();
    return calls;
  });
  return { ...folder, sync: async () => void (await sync(true)) };
}
