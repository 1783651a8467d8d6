import { parentPort } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

/** A Postgres with pgvector, which the one of the local stack lacks, in this thread. Tells its URL when it listens. */
const db = await PGlite.create({ extensions: { vector } });
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 4 });
await server.start();
parentPort?.postMessage(`postgresql://postgres@${server.getServerConn()}/postgres`);
