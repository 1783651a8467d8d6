import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeObjectStore } from './conformance.ts';
import { openSignedPath } from './testing/open-signed-path.ts';
import { createLocalStore } from './local.ts';

const signingKey = 's'.repeat(32);

describeObjectStore({ describe, it, expect, beforeAll, afterAll }, 'the local store', {
  open: async () => {
    const root = await mkdtemp(join(tmpdir(), 'local-store-'));
    const store = createLocalStore({ root, signingKey, publicBaseUrl: 'https://media.example/' });
    return {
      store,
      openUrl: (url, now) => openSignedPath(store, url, signingKey, now),
      leftovers: () => readdir(join(root, '.mediaworks', 'tmp')),
      close: () => rm(root, { recursive: true }),
    };
  },
});
