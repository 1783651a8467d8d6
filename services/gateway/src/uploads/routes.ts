import { randomUUID } from 'node:crypto';
import { lectureFields, mediaUploadFields, stagedUploadView } from '@mediaworks/contracts';
import { errorFields } from '@mediaworks/runtime';
import { Server, type Upload } from '@tus/server';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { ApiError, plainErrorShape, toApiError } from '../api-error.ts';
import { type Access, defineRoute, type Method, type Route, type RouteSet } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { endLate, waitForStore } from '../forms/limit-body.ts';
import type { Ingest } from '../ingest.ts';
import { contextOf, principalOf, viewerOf } from '../request-context.ts';
import { findStaged, isWhole, type StagedUpload } from '../staging/queries.ts';
import type { FinishedBy } from './finish-upload.ts';
import { presentUpload } from './presenter.ts';
import { findJobOf } from './queries.ts';
import { StagedStore, textsOf } from './tus-store.ts';
import { createUploadLocks } from './upload-locks.ts';

/** How long a request may go on when another comes for the same upload. */
const DRAIN_MS = 500;

const uploadParams = z.object({ id: z.uuid().toLowerCase() });
const service = z.enum(['lectures', 'media']).default('lectures');

/** Resumable uploads by the tus protocol (https://tus.io/protocols/resumable-upload, 1.0.0), for lectures and media. */
export function uploadRoutes(
  deps: GatewayDeps,
  { staging, finish }: Pick<Ingest, 'staging' | 'finish'>,
): RouteSet {
  const { db, env, log } = deps;
  const locker = createUploadLocks();
  const mediaBytes = Math.max(env.MAX_IMAGE_BYTES, env.MAX_VIDEO_BYTES, env.MAX_AUDIO_BYTES);

  const finishedBy = (req: Request): FinishedBy => {
    const { id: requestId, traceparent } = contextOf(req);
    return { origin: { requestId, traceparent }, actorId: principalOf(req).userId };
  };

  /** What is wrong with an upload is said before it begins. @throws ZodError, ApiError 413 */
  const checkCreation = ({ metadata: given, size }: Upload) => {
    const metadata = textsOf(given);
    if (service.parse(metadata['service']) === 'lectures') lectureFields.parse(metadata);
    else {
      mediaUploadFields.parse(metadata);
      if (size !== undefined && size > mediaBytes)
        throw new ApiError(413, 'too_large', `A file may have ${mediaBytes} bytes`);
    }
    return Promise.resolve({});
  };

  /** A server for one request: what it may see is its caller's. */
  const serverFor = (req: Request, res: Response, caller: { userId: number; viewer: number | undefined }) =>
    new Server({
      path: '/uploads',
      datastore: new StagedStore(db, staging, caller),
      locker,
      lockDrainTimeout: DRAIN_MS,
      maxSize: env.MAX_LECTURE_BYTES,
      namingFunction: () => randomUUID(),
      generateUrl: (_req, { id }) => `${env.PUBLIC_URL}/uploads/${id}`,
      // Which pages may call is said for all routes in one place.
      allowedOrigins: () => false,
      onUploadCreate: (_req, upload) => checkCreation(upload),
      onUploadFinish: async (_req, { id }) => {
        waitForStore(res);
        const upload = await findStaged(db, id, caller.viewer);
        if (upload) await finish(upload, finishedBy(req));
        return {};
      },
      // Answered like every other error.
      onResponseError: (_req, error) => {
        throw error instanceof Error ? error : tusError(error);
      },
    });

  const speakTus = async (
    req: Request,
    res: Response,
    caller: { userId: number; viewer: number | undefined },
  ) => {
    endLate(req);
    res.setHeader('Tus-Resumable', '1.0.0');
    await serverFor(req, res, caller).handle(req, res);
  };

  const tusRoute = (
    method: Method,
    path: string,
    access: Access,
    about: Pick<Route, 'summary' | 'responses'>,
  ) =>
    defineRoute({
      method,
      path,
      access,
      ...about,
      ...(path === '/uploads' ? {} : { params: uploadParams }),
      errors: [404, 409, 413, 415],
      handler: async ({ req, res }) => {
        const caller =
          access === 'public'
            ? { userId: 0, viewer: 0 }
            : { userId: principalOf(req).userId, viewer: viewerOf(req) };
        await speakTus(req, res, caller);
        return undefined;
      },
    });

  const create = tusRoute('post', '/uploads', 'user', {
    summary:
      'Begin a resumable upload (tus); metadata: filename, service = lectures | media, and their fields',
    responses: { 201: { description: 'Its Location is where the bytes go' } },
  });
  const append = tusRoute('patch', '/uploads/:id', 'user', {
    summary: 'Send bytes from an offset (tus); with the last one the upload becomes a lecture or an item',
    responses: { 204: { description: 'Upload-Offset says how far it is' } },
  });
  const terminate = tusRoute('delete', '/uploads/:id', 'user', {
    summary: 'Give an upload up (tus)',
    responses: { 204: { description: 'Gone' } },
  });
  const ask = tusRoute('options', '/uploads', 'public', {
    summary: 'What this server can do (tus)',
    responses: { 204: { description: 'In the headers' } },
  });

  const find = async (req: Request, id: string): Promise<StagedUpload> => {
    const upload = await findStaged(db, id, viewerOf(req));
    if (!upload || upload.file_id !== null) throw new ApiError(404, 'not_found', 'There is no such upload');
    // All bytes came, and then something went wrong on our side: whoever looks has it tried again.
    if (isWhole(upload) && !upload.held) {
      finish(upload, finishedBy(req)).catch((error: unknown) =>
        log.warn('an upload could not be finished', { id, ...errorFields(error) }),
      );
    }
    return upload;
  };

  const offset = defineRoute({
    method: 'head',
    path: '/uploads/:id',
    summary: 'How far an upload is (tus)',
    access: 'user',
    params: uploadParams,
    responses: { 200: { description: 'In the headers' } },
    errors: [404],
    handler: async ({ req, res, params: { id } }) => {
      await find(req, id);
      await speakTus(req, res, { userId: principalOf(req).userId, viewer: viewerOf(req) });
      return undefined;
    },
  });

  const tell = defineRoute({
    method: 'get',
    path: '/uploads/:id',
    summary: 'What became of an upload',
    access: 'user',
    params: uploadParams,
    responses: { 200: { description: 'How it stands', schema: stagedUploadView } },
    errors: [404],
    handler: async ({ req, params: { id } }) => {
      const upload = await find(req, id);
      return { status: 200, body: presentUpload(upload, await findJobOf(db, upload)) };
    },
  });

  return {
    domain: 'uploads',
    prefixes: ['/uploads'],
    errorShape: plainErrorShape,
    routes: [create, ask, offset, tell, append, terminate],
  };
}

const CODES: Readonly<Record<number, string>> = {
  404: 'not_found',
  409: 'offset_conflict',
  410: 'gone',
  413: 'too_large',
};

/** What the protocol's own rules refuse. */
function tusError({ status_code: status, body }: { status_code: number; body: string }): Error {
  const message = body.trim();
  return status < 500
    ? new ApiError(status, CODES[status] ?? 'tus_refused', message)
    : toApiError(new Error(message));
}
