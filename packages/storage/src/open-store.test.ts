import { describe, expect, it } from '@jest/globals';
import { readEnv } from '@mediaworks/runtime';
import { openStore, storageEnv } from './open-store.ts';

const secret = { URL_SIGNING_SECRET: 's'.repeat(32) };
const open = async (env: NodeJS.ProcessEnv) => openStore(readEnv(storageEnv, { ...secret, ...env }));

describe('openStore', () => {
  it('opens the disk by default', async () => {
    const local = await open({ PUBLIC_URL: 'https://media.example/' });
    const url = await local.signedUrl('a b', { expiresInSeconds: 60 });
    expect(url).toMatch(/^https:\/\/media\.example\/files\/a%20b\?expires=\d+&signature=[\w-]{43}$/);
  });

  it('opens S3 where it is named', async () => {
    const s3 = await open({
      STORAGE: 's3',
      S3_BUCKET: 'bucket',
      S3_PREFIX: 'media/',
      S3_ENDPOINT: 'http://minio:9000',
      S3_PUBLIC_ENDPOINT: 'https://files.example',
      S3_FORCE_PATH_STYLE: 'on',
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    const url = await s3.signedUrl('a b', { expiresInSeconds: 60 });
    expect(url).toMatch(/^https:\/\/files\.example\/bucket\/media\/a%20b\?.*X-Amz-Expires=60&/);
  });

  it.each([
    [{ URL_SIGNING_SECRET: 'short' }, 'URL_SIGNING_SECRET'],
    [{ STORAGE: 'floppy' }, 'STORAGE'],
    [{ STORAGE: 's3' }, 'S3_BUCKET'],
    [{ STORAGE: 's3', S3_BUCKET: 'bucket', AWS_ACCESS_KEY_ID: 'key' }, 'AWS_SECRET_ACCESS_KEY'],
    [{ S3_PREFIX: 'no-slash' }, 'S3_PREFIX'],
    [{ S3_ENDPOINT: 'ftp://minio' }, 'S3_ENDPOINT'],
    [{ S3_CHECKSUM_MODE: 'NEVER' }, 'S3_CHECKSUM_MODE'],
    [{ S3_FORCE_PATH_STYLE: 'maybe' }, 'S3_FORCE_PATH_STYLE'],
  ])('refuses %j and names %s', async (env, name) => {
    await expect(open(env)).rejects.toThrow(name);
  });
});
