import { runWorker } from '@mediaworks/jobs';
import { discover } from './discover.ts';
import { harvestEnv } from './env.ts';
import { harvestUser } from './harvest-user.ts';
import { greet, openProject } from './project/open-project.ts';
import { createCourtesy, createPlaces } from './storage/courtesy.ts';

/** Files in memory for each that is fetched: most of the time of one, nothing of it has come yet. */
const IN_MEMORY = 0.625;

await runWorker({
  queue: 'firebase-harvester',
  // A user is mostly waited for: by Firestore, by Storage, by the disk.
  slots: 8,
  // Doubling would take it over 200 MB, to be a twelfth faster.
  heapGrowthPercent: 20,
  env: harvestEnv,
  handlers: (env, { db, log }) => {
    const project = openProject(env);
    void greet(project, log);
    const courtesy = createCourtesy({
      total: env.HARVEST_MAX_DOWNLOADS,
      perBucket: env.HARVEST_BUCKET_DOWNLOADS,
      bytesPerSecond: env.HARVEST_BANDWIDTH,
    });
    const inMemory = createPlaces(Math.ceil(env.HARVEST_MAX_DOWNLOADS * IN_MEMORY));
    const limits = {
      concurrency: env.HARVEST_CONCURRENCY,
      fileTries: env.HARVEST_FILE_TRIES,
      pauseMs: env.HARVEST_PAUSE,
      maxBytes: env.MAX_HARVEST_BYTES,
    };
    return Promise.resolve({
      'harvest.discover': discover({ project, db, runsKept: env.HARVEST_RUNS_KEPT }),
      'harvest.user': harvestUser({ project, db, courtesy, inMemory, ...limits }),
    });
  },
});
