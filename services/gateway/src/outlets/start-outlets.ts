import type { GatewayDeps } from '../deps.ts';
import { firebaseUses } from '../firebase/uses.ts';
import { firestoreMirror } from './firestore-mirror.ts';
import { forgetNews, type Outlet } from './news.ts';
import { completionPush } from './push.ts';
import { type RunningOutlet, startOutlet } from './run-outlet.ts';

const FORGET_EVERY_MS = 3_600_000;

/** Tells the outlets that are configured, and forgets in time what the others would have been told. */
export function startOutlets(deps: GatewayDeps): RunningOutlet {
  const { db, env, firebase, log } = deps;
  const addressOf = (lectureId: string, key: string) =>
    env.STORAGE === 's3' && env.S3_BUCKET !== undefined
      ? `s3://${env.S3_BUCKET}/${env.S3_PREFIX}${key}`
      : `${env.PUBLIC_URL}/download/${lectureId}${key.endsWith('.srt') ? '?type=srt' : ''}`;
  const uses = firebaseUses(env);
  const tellers = {
    mirror: firebase && uses.mirror ? firestoreMirror({ db, firebase, addressOf }) : undefined,
    push: firebase && uses.push ? completionPush({ db, firebase, log }) : undefined,
  };
  const outlets = Object.keys(tellers) as Outlet[];
  const running = outlets.flatMap((outlet) => {
    const tell = tellers[outlet];
    return tell ? [startOutlet({ db, outlet, log, tell })] : [];
  });
  const silent = outlets.filter((outlet) => !tellers[outlet]);
  const forgetting = setInterval(() => {
    for (const outlet of silent) {
      forgetNews(db, outlet).catch(() => log.debug('could not forget old news', { outlet }));
    }
  }, FORGET_EVERY_MS).unref();
  return {
    stop: async (graceMs) => {
      clearInterval(forgetting);
      await Promise.all(running.map((outlet) => outlet.stop(graceMs)));
    },
  };
}
