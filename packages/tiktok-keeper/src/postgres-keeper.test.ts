import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createDatabase, createPool } from '@mediaworks/database';
import { createTestDatabase } from '@mediaworks/local-stack/testing';
import { createLocalStore, verifySignedUrl } from '@mediaworks/storage';
import { createPostgresKeeper } from './postgres-keeper.ts';
import { describeKeeper } from './testing/conformance.ts';

const signingKey = 's'.repeat(32);

describeKeeper('the own store with Postgres', async () => {
  const servers = await createTestDatabase();
  const pool = createPool(servers.databaseUrl, { max: 4, applicationName: 'test' });
  const root = await mkdtemp(join(tmpdir(), 'keeper-store-'));
  const store = createLocalStore({ root, signingKey });
  return {
    keeper: createPostgresKeeper(createDatabase(pool), store),
    open: async (address) => {
      const url = new URL(address, 'http://gateway');
      const key = decodeURIComponent(url.pathname.replace('/files/', ''));
      const opens = verifySignedUrl(key, Object.fromEntries(url.searchParams), signingKey);
      const head = await store.head(key);
      if (!opens || !head) return { status: 404, body: Buffer.alloc(0), type: '' };
      return { status: 200, body: await buffer(await store.get(key)), type: head.contentType };
    },
    close: async () => {
      await pool.end();
      await servers.drop();
      await rm(root, { recursive: true, force: true });
    },
  };
});
