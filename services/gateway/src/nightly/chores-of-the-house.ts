import type { GatewayDeps } from '../deps.ts';
import { createIngest } from '../ingest.ts';
import { lectureCleanup } from '../lectures/cleanup.ts';
import { mediaCleanup } from '../media/cleanup.ts';
import { photoCleanup } from '../photos/cleanup.ts';
import { stagingCleanup } from '../staging/cleanup.ts';
import type { Chore } from './start-nightly.ts';

/** Every chore of the gateway. A domain's new one is a line here. */
export function choresOfTheHouse(deps: GatewayDeps): readonly Chore[] {
  const { db, dispatcher, store, log, env } = deps;
  const { staging, finish } = createIngest(deps);
  return [
    mediaCleanup({
      db,
      store,
      nudge: () => dispatcher.nudge(),
      retentionMs: env.MEDIA_FAILED_RETENTION,
    }),
    stagingCleanup({
      db,
      store,
      log,
      staging,
      retentionMs: env.UPLOAD_RETENTION,
      finish: (upload) => finish(upload, { origin: {}, actorId: null }),
    }),
    lectureCleanup({ db, store }),
    photoCleanup({ db, store, nudge: () => dispatcher.nudge(), retentionMs: env.PHOTO_RETENTION }),
  ];
}
