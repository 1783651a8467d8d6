import { fileURLToPath } from 'node:url';

export interface ServiceDefinition {
  name: string;
  /** The program that node runs. */
  entry: string;
  /** The variable that gives it the port where `/readyz` answers. */
  portVariable: 'PORT' | 'HEALTH_PORT';
  /** How Node runs it; default {@link nodeTuning}. */
  tuning?: NodeJS.ProcessEnv;
  /** What NODE_OPTIONS refuses, and V8 must know from the start. */
  v8Options?: readonly string[];
}

/** The checkout: this file is packages/local-stack/{src,dist}/services.*. */
export const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));

function worker(name: string): ServiceDefinition {
  return { name, entry: `${projectRoot}services/${name}/dist/main.js`, portVariable: 'HEALTH_PORT' };
}

/**
 * How Node runs a service. Every write to disk that waits holds a thread of libuv's pool, and sharp works in the same
 * pool: with the default of four, pictures wait for the disk. A larger young generation spares a busy gateway a tenth of
 * its time in the garbage collector, for some tens of megabytes.
 */
export const nodeTuning = { UV_THREADPOOL_SIZE: '16', NODE_OPTIONS: '--max-semi-space-size=32' } as const;

/**
 * A picture passes through some hundred buffers of some megabytes, in many threads. By default each thread's allocator keeps
 * its own share of what was freed, and gives the rest back, to get it anew page by page. One place for all that keeps what
 * was freed holds less, and asks for far fewer pages. What is larger than 32 MiB, of the largest pictures alone, is given
 * back at once.
 */
export const transcoderTuning = {
  ...nodeTuning,
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '33554432',
  MALLOC_TRIM_THRESHOLD_: '134217728',
} as const;

/**
 * Most of what the harvester handles is garbage a moment later. With a small young generation and a bound on the old one
 * Node collects it soon: a quarter less memory, for a little more time in threads beside the one that works. What sockets
 * read into is to be given back when it is free, and not kept among small things; nor is each thread to keep its own share.
 * One helper of V8's is enough: four, on processors that are all busy, wait for each other for an eighth of the time.
 */
export const harvesterTuning = {
  ...nodeTuning,
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  NODE_OPTIONS: '--max-semi-space-size=2 --max-old-space-size=1024 --v8-pool-size=1',
} as const;

/**
 * A lecture's frames, fonts and the engine that reads them come and go by the ten megabytes, in many threads. By default
 * each thread's allocator keeps its own share of what was freed. With two for all, and with all that is larger than a few
 * pages of memory given back at once, much less is held.
 */
export const lectureTuning = {
  ...nodeTuning,
  NODE_OPTIONS: '--max-semi-space-size=4',
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/**
 * Each thread of the face-recognizer finds by itself what is alive in its small heap. V8 looks for every 64 MB of pictures
 * that pass through, two photos of a phone, and its helpers take several times as long for that as the thread alone.
 * Told so once it runs, V8 has been seen to crash.
 */
export const faceV8Options = ['--no-concurrent-marking'] as const;

/** What `npm start` runs, each as its own process. */
export const services: readonly ServiceDefinition[] = [
  { name: 'gateway', entry: `${projectRoot}services/gateway/dist/main.js`, portVariable: 'PORT' },
  { ...worker('media-transcoder'), tuning: transcoderTuning },
  { ...worker('lecture2pdf'), tuning: lectureTuning },
  { ...worker('firebase-harvester'), tuning: harvesterTuning },
  worker('tiktok-ingester'),
  { ...worker('face-recognizer'), v8Options: faceV8Options },
];
