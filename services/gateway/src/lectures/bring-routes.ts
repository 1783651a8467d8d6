import { randomUUID } from 'node:crypto';
import {
  importBody,
  lectureAccepted,
  lectureFields,
  lectureLayout,
  PermanentError,
} from '@mediaworks/contracts';
import { checkPublicUrl } from '@mediaworks/runtime';
import type { Request } from 'express';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { auditEntry } from '../audit.ts';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { cleanFileName } from '../files/file-name.ts';
import { fingerprintOf, idempotencyKeyOf } from '../idempotency.ts';
import { contextOf, principalOf } from '../request-context.ts';
import type { LectureIntake, Submission } from './intake.ts';
import { videoKey } from './object-keys.ts';
import { acceptedAnswer } from './presenter.ts';
import { receiveLecture } from './receive-lecture.ts';

const uploadForm = z.object({
  file: z.string().meta({ format: 'binary' }),
  subtitle: z.string().optional().meta({ format: 'binary', description: 'An .srt or .vtt' }),
  layout: lectureLayout.optional(),
});

/** Videos that come whole: in a form, or from an address. */
export function bringRoutes(deps: GatewayDeps, intake: LectureIntake): Route[] {
  const { store, env } = deps;

  const submit = async (
    req: Request,
    given: Pick<Submission, 'id' | 'layout' | 'video' | 'subtitleKey'>,
    essence: { path: string; fields: unknown; files: string[] },
    audited: Record<string, unknown>,
  ) => {
    const key = idempotencyKeyOf(req);
    const { id: requestId, traceparent } = contextOf(req);
    const fingerprint = fingerprintOf({ method: 'POST', ...essence });
    const submitted = await intake.submit({
      ...given,
      ownerId: principalOf(req).userId,
      origin: { requestId, traceparent },
      audit: auditEntry(req, 'lecture.upload', '', audited),
      idempotency: key === undefined ? undefined : { key, fingerprint },
    });
    if (!submitted)
      throw new ApiError(404, 'not_found', 'What the first request with this Idempotency-Key made is gone');
    return submitted;
  };

  const upload = defineRoute({
    method: 'post',
    path: '/upload',
    summary: 'Upload a lecture video, with subtitles where there are any',
    access: 'user',
    idempotent: true,
    rawBody: { contentType: 'multipart/form-data', schema: uploadForm },
    responses: { 200: { description: 'The lecture, in the queue', schema: lectureAccepted } },
    errors: [409, 413, 415],
    handler: async ({ req, res }) => {
      idempotencyKeyOf(req);
      const received = await receiveLecture(req, res, { store, maxBytes: env.MAX_LECTURE_BYTES });
      const { id, video, subtitleKey } = received;
      const fields = lectureFields.safeParse(received.fields);
      if (!fields.success) {
        await intake.takeBack(id, [video.key, subtitleKey]);
        throw fields.error;
      }
      const subtitle = subtitleKey === undefined ? undefined : await store.head(subtitleKey);
      const files = [video.sha256, ...(subtitle ? [subtitle.sha256] : [])];
      const essence = { path: '/upload', fields: fields.data, files };
      const given = { id, layout: fields.data.layout, video, subtitleKey };
      return acceptedAnswer(await submit(req, given, essence, { file_size: video.size }), env.PUBLIC_URL);
    },
  });

  const importUrl = defineRoute({
    method: 'post',
    path: '/import-url',
    summary: 'Have a lecture video fetched from an http or https address',
    access: 'user',
    idempotent: true,
    body: importBody,
    responses: { 200: { description: 'The lecture, in the queue', schema: lectureAccepted } },
    errors: [409],
    handler: async ({ req, body }) => {
      idempotencyKeyOf(req);
      const url = await checkPublicUrl(body.url, { allow: env.SAFE_FETCH_ALLOW }).catch((error: unknown) => {
        if (error instanceof PermanentError) throw new ApiError(400, error.code, error.message);
        throw error;
      });
      const id = randomUUID();
      const filename = cleanFileName(body.filename ?? nameIn(url));
      const video = { filename, key: videoKey(id, filename), sourceUrl: url.href };
      const given = { id, layout: body.layout, video, subtitleKey: undefined };
      const essence = { path: '/import-url', fields: body, files: [] };
      // The query of an address is often a password.
      const submitted = await submit(req, given, essence, { host: url.host, by: 'url' });
      return acceptedAnswer(submitted, env.PUBLIC_URL, 'The video will be fetched and processed shortly.');
    },
  });

  return [upload, importUrl];
}

/** What the last part of an address calls its file. */
function nameIn({ pathname }: URL): string {
  const last = pathname.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last) || 'video.mp4';
  } catch {
    return last;
  }
}
