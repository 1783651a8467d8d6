import { groupCommit } from '@mediaworks/runtime';
import { type Folder, makeFolder } from './local-folder.ts';

/** How many folders are kept open, those 256 of the sidecars among them, and how long those that nobody uses, in ms. */
const KEPT = 320;
const KEPT_MS = 30_000;

interface Kept {
  readonly folder: Folder;
  readonly path: string;
  users: number;
}

/**
 * Folders that were just used stay open for a moment: a busy store puts many objects into few of them, and to open one
 * costs more than all that is done in it.
 */
export function createFolderPool() {
  const kept = new Map<string, Kept>();
  let sweeping: NodeJS.Timeout | undefined;

  const drop = (one: Kept) => {
    if (kept.get(one.path) === one) kept.delete(one.path);
    // Whoever wrote to it has synced it, or been told that it could not.
    if (one.users === 0) void one.folder.close().catch(() => undefined);
  };
  const dropUnused = (most: number) => {
    for (const one of kept.values()) {
      if (kept.size <= most) return;
      if (one.users === 0) drop(one);
    }
  };
  const sweepLater = () => {
    sweeping ??= setTimeout(() => {
      sweeping = undefined;
      dropUnused(0);
      if (kept.size > 0) sweepLater();
    }, KEPT_MS).unref();
  };
  const find = (path: string): Kept | undefined => {
    const one = kept.get(path);
    if (!one || one.folder.isStillThere()) return one;
    drop(one);
    return undefined;
  };
  const keep = async (path: string, root: string): Promise<Kept> => {
    const one = { folder: syncingTogether(await makeFolder(path, root)), path, users: 0 };
    const sooner = find(path);
    if (sooner) drop(one);
    else kept.set(path, one);
    return sooner ?? one;
  };

  return {
    /** As `makeFolder`, from which it differs in that closing it only says that this user is done. */
    async hold(path: string, root: string): Promise<Folder> {
      const one = find(path) ?? (await keep(path, root));
      one.users++;
      return {
        ...one.folder,
        close: () => {
          one.users--;
          if (kept.get(path) !== one) drop(one);
          else dropUnused(KEPT);
          sweepLater();
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
