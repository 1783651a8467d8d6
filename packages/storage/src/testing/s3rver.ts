import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * s3rver with one bucket, in a process of its own: it needs OpenSSL's old hashes, which are chosen at start, and its
 * memory must not count as ours.
 */
export async function startS3rver(bucket: string) {
  const folder = await mkdtemp(join(tmpdir(), 's3rver-'));
  const require = createRequire(import.meta.url);
  const home = dirname(require.resolve('s3rver/package.json'));
  const child = spawn(
    process.execPath,
    [
      '--openssl-legacy-provider',
      join(home, 'bin', 's3rver.js'),
      ...['--directory', folder, '--address', '127.0.0.1', '--port', '0'],
      ...['--configure-bucket', bucket],
      // It checks the signatures of some requests, by other rules than today's.
      '--allow-mismatched-signatures',
    ],
    { env: {}, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = once(child, 'exit');
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`s3rver ended: ${said}`)));
    // Read to the end: it would stop at a full pipe.
    const hear = (text: string) => {
      said = (said + text).slice(-4_096);
      const port = /listening on \S*?:(\d+)/i.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
  });
  return {
    url,
    /** What lies under a prefix of keys, as far as the folders tell. */
    keysUnder: async (prefix: string): Promise<string[]> => {
      const found = await readdir(join(folder, bucket), { recursive: true });
      return found.filter((name) => name.startsWith(prefix) && name.endsWith('._S3rver_object'));
    },
    async stop() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}
