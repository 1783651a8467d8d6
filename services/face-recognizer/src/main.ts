import { availableParallelism } from 'node:os';
import { purge, runWorker } from '@mediaworks/jobs';
import { GROWTH_BY_PICTURES } from '@mediaworks/runtime';
import { batch } from './batch.ts';
import { openFaceEngine } from './engine/index.ts';
import { enrol } from './enrol.ts';
import { faceEnv } from './env.ts';
import { createGalleries } from './galleries.ts';
import { group } from './group.ts';
import { recognise } from './recognise.ts';
import { askForReembedding, reembed } from './reembed.ts';
import { openVectors } from './vector-queries.ts';
import { verify } from './verify.ts';

await runWorker({
  queue: 'face-recognizer',
  // One more than there are threads: while a photo is claimed and another's faces are written, no thread waits.
  slots: availableParallelism() + 1,
  heapGrowthPercent: GROWTH_BY_PICTURES,
  env: faceEnv,
  handlers: async (env, { db, log }) => {
    const engine = await openFaceEngine({
      modelSet: env.FACE_MODEL_SET,
      modelDir: env.FACE_MODEL_DIR,
      threads: env.FACE_THREADS,
      allowNonCommercial: env.FACE_ALLOW_NON_COMMERCIAL,
    });
    await askForReembedding(db, engine.modelId, log);
    const vectors = await openVectors(db, engine.modelId, log);
    const galleries = createGalleries({ db, engine, memoryBytes: env.GALLERY_MEMORY, vectors });
    return {
      'photos.batch': batch(db),
      'photos.recognise': recognise({ db, engine, galleries }),
      'photos.group': group({ db, engine }),
      'photos.purge': purge,
      'faces.enrol': enrol({ db, engine }),
      'faces.verify': verify(engine),
      'faces.reembed': reembed({ db, engine }),
    };
  },
});
