import type { ObjectStore } from '@mediaworks/storage';
import type { GatewayEnv } from '../env.ts';

/** Makes the address of an object that opens for a while. */
export interface SignedAddresses {
  signed(key: string, filename?: string): Promise<string>;
}

/** Makes the absolute addresses of objects. */
export function fileAddresses(store: ObjectStore, env: Pick<GatewayEnv, 'PUBLIC_URL' | 'LINK_LIFETIME'>) {
  const expiresInSeconds = Math.round(env.LINK_LIFETIME / 1_000);
  return {
    /** Opens as long as the object is public. */
    open: (key: string): string =>
      `${env.PUBLIC_URL}/files/${key.split('/').map(encodeURIComponent).join('/')}`,
    /** Opens to whoever has it, for a while; `filename` is what it is saved as. */
    signed: async (key: string, filename?: string): Promise<string> => {
      const url = await store.signedUrl(key, {
        expiresInSeconds,
        ...(filename === undefined ? {} : { filename }),
      });
      // The store of the local disk is served by us, and knows only the path.
      return new URL(url, `${env.PUBLIC_URL}/`).href;
    },
  };
}
