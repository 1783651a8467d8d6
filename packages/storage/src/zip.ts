import { type Readable } from 'node:stream';
import yazl from 'yazl';
import type { ObjectStore } from './object-store.ts';

/** An object, and its name in the archive. */
export interface ZipEntry {
  readonly key: string;
  readonly name: string;
}

/** Every archive of the same objects is the same. */
const ENTRY = {
  compress: false,
  mtime: new Date(1980, 0, 1),
  forceDosTimestamp: true,
  mode: 0o100644,
};

/**
 * An archive of objects, made while it is read: one object is open at a time, and none of them is held in memory. They
 * are stored as they are, since media are compressed already.
 * @returns a stream that fails with what an object's own stream fails with, or the signal's reason
 */
export function zipObjects(
  store: Pick<ObjectStore, 'get'>,
  entries: Iterable<ZipEntry>,
  options: { signal?: AbortSignal } = {},
): Readable {
  const zip = new yazl.ZipFile();
  const output = zip.outputStream as Readable;
  let current: Readable | undefined;
  const fail = (error: Error) => void output.destroy(error);
  zip.on('error', fail);
  output.once('close', () => current?.destroy());
  for (const { key, name } of entries) {
    zip.addReadStreamLazy(name, ENTRY, (hand) => {
      store.get(key, options).then(
        (body) => {
          body.once('error', fail);
          current = body;
          hand(null, body);
        },
        (error: unknown) => fail(error as Error),
      );
    });
  }
  zip.end({ forceZip64Format: false, comment: '' });
  return output;
}
