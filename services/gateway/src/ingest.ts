import type { GatewayDeps } from './deps.ts';
import { createLectureIntake } from './lectures/intake.ts';
import { createMediaIntake } from './media/intake.ts';
import { createStaging } from './staging/staging.ts';
import { createFinisher } from './uploads/finish-upload.ts';

/** The ways in for files, whole or in pieces. */
export function createIngest(deps: GatewayDeps) {
  const staging = createStaging(deps);
  const lectures = createLectureIntake(deps);
  const media = createMediaIntake(deps);
  const finish = createFinisher(deps, staging, { lectures, media });
  return { staging, lectures, media, finish };
}

export type Ingest = ReturnType<typeof createIngest>;
