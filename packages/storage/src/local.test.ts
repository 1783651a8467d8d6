import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeObjectStore } from './conformance.ts';
import { openSignedPath } from './testing/open-signed-path.ts';
import { createLocalStore } from './local.ts';
import { startCommitThread } from './local-commit-thread.ts';

const signingKey = 's'.repeat(32);

const commitThread = startCommitThread();

describeObjectStore({ describe, it, expect, beforeAll, afterAll }, 'the local store', {
  open: async () => {
    const root = await mkdtemp(join(tmpdir(), 'local-store-'));
    const publicBaseUrl = 'https://media.example/';
    await commitThread.started;
    const store = createLocalStore({ root, signingKey, publicBaseUrl, commitThread });
    return {
      store,
      openUrl: (url, now) => openSignedPath(store, url, signingKey, now),
      leftovers: () => readdir(join(root, '.mediaworks', 'tmp')),
      close: () => rm(root, { recursive: true }),
    };
  },
});
