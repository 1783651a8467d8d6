import { attachmentNamed } from '../attachment.ts';
import type { Opened } from '../conformance/subject.ts';
import type { ObjectStore } from '../object-store.ts';
import { verifySignedUrl } from '../signed-url.ts';

/** Answers a signed address of the local store as a gateway does. */
export async function openSignedPath(
  store: ObjectStore,
  address: string,
  signingKey: string,
  now: number,
): Promise<Opened> {
  const { pathname, searchParams } = new URL(address, 'http://localhost');
  const key = pathname.replace('/files/', '').split('/').map(decodeURIComponent).join('/');
  if (!verifySignedUrl(key, Object.fromEntries(searchParams), signingKey, now)) {
    return { status: 403, body: Buffer.alloc(0), disposition: '' };
  }
  const body = Buffer.concat((await (await store.get(key)).toArray()) as Buffer[]);
  return { status: 200, body, disposition: attachmentNamed(searchParams.get('filename') ?? '') };
}
