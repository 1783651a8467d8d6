import type { z } from 'zod';
import type { stillWorking } from '@mediaworks/contracts';
import type { Answer } from '../define-route.ts';
import type { GatewayEnv } from '../env.ts';

export const jobLocation = ({ PUBLIC_URL }: Pick<GatewayEnv, 'PUBLIC_URL'>, id: string): string =>
  `${PUBLIC_URL}/api/jobs/${id}`;

/** The answer to whoever did not wait for the end of a job. */
export function stillWorkingAnswer(
  env: Pick<GatewayEnv, 'PUBLIC_URL'>,
  jobId: string,
  message: string,
): Answer {
  const body: z.infer<typeof stillWorking> = { success: true, status: 'processing', message, job_id: jobId };
  return { status: 202, body, headers: { Location: jobLocation(env, jobId) } };
}
