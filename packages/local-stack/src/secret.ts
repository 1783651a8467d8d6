import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isErrno } from './child.ts';

/** 256 random bits, safe in an address and a header. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The secret of this name in the folder (a file of mode 0600), made when there is none yet. */
export async function keepSecret(dir: string, name: string): Promise<string> {
  const path = `${dir}/${name}`;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  const secret = randomSecret();
  // Whole or not at all: a stack that is killed here must not find half a secret.
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return secret;
}
