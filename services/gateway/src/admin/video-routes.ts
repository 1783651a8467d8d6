import { lectureEnded, lectureListItem } from '@mediaworks/contracts';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { defineRoute, type Route } from '../define-route.ts';
import type { GatewayDeps } from '../deps.ts';
import { presentInList } from '../lectures/presenter.ts';
import { listAllLectures } from '../lectures/queries.ts';
import { removeLecture } from '../lectures/remove.ts';
import { countEverything } from './figures.ts';
import { adminFigures } from './schemas.ts';

const MAX_LIST = 1_000;
const videoParams = z.object({ id: z.uuid().toLowerCase() });
const videoQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIST).default(MAX_LIST),
  offset: z.coerce.number().int().min(0).default(0),
});

/** `/admin/videos` and `/admin/stats`: everybody's lectures, and how many there are of what. */
export function videoRoutes(deps: GatewayDeps): Route[] {
  const list = defineRoute({
    method: 'get',
    path: '/admin/videos',
    summary: 'Everybody’s lectures, newest first',
    access: 'admin',
    query: videoQuery,
    responses: { 200: { description: 'At most 1,000 at a time', schema: z.array(lectureListItem) } },
    handler: async ({ query }) => ({
      status: 200,
      body: (await listAllLectures(deps.db, query)).map(presentInList),
    }),
  });

  const remove = defineRoute({
    method: 'delete',
    path: '/admin/videos/:id',
    summary: 'Delete a lecture of anybody: the video, and all that was made of it',
    access: 'admin',
    params: videoParams,
    responses: { 200: { description: 'It is gone', schema: lectureEnded } },
    errors: [404],
    handler: async ({ req, params: { id } }) => {
      if (!(await removeLecture(deps, req, id))) throw new ApiError(404, 'not_found', 'Video not found');
      const body = { success: true, video_id: id, status: 'deleted', message: 'Video deleted' };
      return { status: 200, body };
    },
  });

  const stats = defineRoute({
    method: 'get',
    path: '/admin/stats',
    summary: 'How many users and lectures there are, and how they stand',
    access: 'admin',
    responses: { 200: { description: 'Counts, in both spellings', schema: adminFigures } },
    handler: async () => {
      const { users, videos, pdfs, processing, queued, failed } = await countEverything(deps.db);
      const body = {
        ...{ totalUsers: users, totalVideos: videos, totalPDFs: pdfs },
        ...{ activeProcessing: processing, inQueue: queued, failed },
        ...{ total_users: users, total_videos: videos, total_pdfs: pdfs },
        ...{ active_processing: processing, in_queue: queued },
      };
      return { status: 200, body };
    },
  });

  return [list, remove, stats];
}
