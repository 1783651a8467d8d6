import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HarvestProgress, HarvestResults, HarvestUserView, JobView } from '@mediaworks/contracts';
import { startBestFirestore, startStorageDouble } from '@mediaworks/local-stack/firebase';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import { listObjects } from '../fault/observe.ts';
import { openScene } from '../scene.ts';

export const BUCKET = 'harvest-test.firebasestorage.app';
/** Documents that Firestore takes in one write. */
const BATCH = 400;

/** A user's document, and the media documents that its lists name; what is left out is not written. */
export interface SeedUser {
  id: string;
  email?: unknown;
  imageIds?: unknown;
  voiceIds?: unknown;
}

/**
 * A Firebase project at the wire (the truest Firestore that is here, a Storage with faults), and a gateway with
 * harvesters that know it.
 */
export async function openProject(settings: NodeJS.ProcessEnv = {}, latencyMs = 0) {
  const projectId = `demo-${randomBytes(4).toString('hex')}`;
  const [firestore, storage] = await Promise.all([startBestFirestore(), startStorageDouble(latencyMs)]);
  // The client of the tests finds it by the environment alone, as everybody's does.
  process.env['FIRESTORE_EMULATOR_HOST'] = firestore.host;
  const app = initializeApp({ projectId }, projectId);
  const documents = getFirestore(app);
  const scene = await openScene({
    FIREBASE_PROJECT_ID: projectId,
    FIREBASE_STORAGE_BUCKET: BUCKET,
    FIRESTORE_EMULATOR_HOST: firestore.host,
    FIREBASE_STORAGE_EMULATOR_HOST: storage.host,
    FIRESTORE_MIRROR: 'off',
    // Nobody looks for Google's own machines here.
    METADATA_SERVER_DETECTION: 'none',
    HARVEST_PAUSE: '20ms',
    ...settings,
  });
  const { client } = scene;

  const write = async (all: [collection: string, id: string, fields: Record<string, unknown>][]) => {
    for (let start = 0; start < all.length; start += BATCH) {
      const batch = documents.batch();
      for (const [collection, id, fields] of all.slice(start, start + BATCH)) {
        batch.set(documents.collection(collection).doc(id), fields);
      }
      await batch.commit();
    }
  };

  const project = {
    scene,
    storage,
    /** Whether this Firestore knows more than one page. */
    pages: firestore.pages,
    write,
    startHarvester: (more: NodeJS.ProcessEnv = {}) => scene.startWorker(more, 'firebase-harvester'),
    addUsers: (users: readonly SeedUser[]) =>
      write(users.map(({ id, ...fields }) => ['email_users', id, fields])),
    /** Puts a file into Storage, and a media document that names it. */
    addFile: async (kind: 'images' | 'voices', id: string, storagePath: string, bytes: Buffer) => {
      storage.put(BUCKET, storagePath, { bytes, contentType: 'image/jpeg' });
      await write([[kind, id, { storagePath }]]);
    },
    addMedia: (kind: 'images' | 'voices', media: Record<string, unknown>) =>
      write(Object.entries(media).map(([id, storagePath]) => [kind, id, { storagePath }])),
    start: (body: Record<string, unknown> = {}) =>
      client.json<{ run_id: string; job_id: string; message: string; progress?: string }>(
        '/batch-process-users',
        { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      ),
    /** Runs a harvest to its end. */
    harvest: async (body: Record<string, unknown> = {}) => {
      const { job_id, run_id } = await project.start(body);
      const job = await client.follow(job_id, () => undefined);
      const results = await client.json<HarvestResults>(`/batch-process-results?run=${run_id}`);
      return { job, run_id, results };
    },
    status: () => client.json<HarvestProgress>('/batch-process-status'),
    jobOf: (user: HarvestUserView | undefined) => client.json<JobView>(`/api/jobs/${user?.job_id ?? ''}`),
    /** What lies in the store, but for the manifests. */
    tree: async () =>
      (await listObjects(scene))
        .filter((key) => key.startsWith('downloads/') && !/\/manifest\.(jsonl|csv)$/.test(key))
        .sort(),
    read: (key: string) => readFile(join(scene.dataDir, 'objects', key)),
    /** How often the bytes of each path were asked for. */
    fetched: () => {
      const counts: Record<string, number> = {};
      for (const { name, media } of storage.requests) if (media) counts[name] = (counts[name] ?? 0) + 1;
      return counts;
    },
    close: async () => {
      await scene.close();
      await deleteApp(app);
      await Promise.all([firestore.stop(), storage.stop()]);
    },
  };
  return project;
}

export type HarvestProject = Awaited<ReturnType<typeof openProject>>;

/** The user of this address in a run's results. */
export function userIn(results: HarvestResults, email: string): HarvestUserView | undefined {
  return results.user_results.find(({ user_email }) => user_email === email);
}
