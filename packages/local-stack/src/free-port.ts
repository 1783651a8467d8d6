import { createServer } from 'node:net';
import { isErrno } from './child.ts';

/** A TCP port that nobody listens on at 127.0.0.1: `preferred` when it is free, otherwise one that the system picks. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(preferred, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') reject(new Error('no TCP port'));
        else resolve(address.port);
      });
    });
  } catch (error) {
    if (preferred !== 0 && (isErrno(error, 'EADDRINUSE') || isErrno(error, 'EACCES'))) return await freePort();
    throw error;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
