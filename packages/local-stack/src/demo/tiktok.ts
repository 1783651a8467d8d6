import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TiktokDownload, TiktokVideoView } from '@mediaworks/contracts';
import { makeVideo, orientedPhoto } from '@mediaworks/media/fixtures';
import { makeProfile, startTiktokDouble, type TiktokDouble } from '../tiktok/index.ts';
import { inspect } from './media-inspect.ts';
import { type DemoPart, type DemoStage, expectPromise } from './part.ts';
import { formatBytes, type ReportRow } from './report.ts';

const STUDENT = 'student-1';
const USERNAME = 'cool_student';
const POSTS = 5;
const WANTED = 3;

let site: TiktokDouble | undefined;

/**
 * tiktok-ingester: a student's profile goes in, kept videos with all that is known of them come out. The real yt-dlp
 * reads a site of our own, since nobody's videos should be fetched for a demo.
 */
export const tiktok: DemoPart = {
  service: 'tiktok-ingester',
  outside: async () => {
    const double = (site = await startTiktokDouble());
    // Only ours: a Supabase or cookies of whoever runs the demo are not for it.
    const none = {
      SUPABASE_URL: '',
      SUPABASE_SERVICE_ROLE_KEY: '',
      TIKTOK_COOKIES_FILE: '',
      TIKTOK_IMPERSONATE: '',
    };
    return {
      env: { ...none, TIKTOK_PROXY: double.proxyUrl, TIKTOK_CA_FILE: double.caFile },
      stop: () => double.stop(),
    };
  },
  run: async (stage) => {
    stage.progress(USERNAME, 0, 'making the sample');
    await openProfile(stage);
    const started = performance.now();
    const path = `/tiktok/student/${STUDENT}`;
    await stage.client.request(`${path}/username`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: `@${USERNAME}` }),
    });
    const { job_id } = await stage.client.json<TiktokDownload>(`${path}/download?max_videos=${WANTED}`, {
      method: 'POST',
      headers: { prefer: 'respond-async' },
    });
    const job = await stage.client.follow(job_id, ({ progress }) =>
      stage.progress(USERNAME, progress.percent, progress.stage),
    );
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    expectPromise(
      job.status === 'completed' && job.children.completed === WANTED,
      `the videos are kept (${job.error?.message ?? job.status}, ${job.children.failed} failed)`,
    );
    const { videos } = await stage.client.json<{ videos: TiktokVideoView[] }>(`${path}/videos`);
    expectPromise(videos.length === WANTED, `${WANTED} videos are listed`);
    const rows: ReportRow[] = [];
    for (const [index, video] of videos.entries()) {
      rows.push(
        await show(
          video,
          stage,
          index === 0 ? { input: `@${USERNAME}`, seconds } : { input: '', seconds: '' },
        ),
      );
    }
    return rows;
  },
};

async function openProfile({ samples }: DemoStage): Promise<void> {
  const video = await makeVideo(join(samples, 'tiktok.mp4'), { width: 288, height: 512, seconds: 3 });
  const ingredients = { video: await readFile(video), thumbnail: await orientedPhoto(1, 288, 512) };
  site?.profiles.set(USERNAME, makeProfile(USERNAME, POSTS, ingredients));
}

/** As a browser would: the address needs no token. */
async function show(
  video: TiktokVideoView,
  stage: DemoStage,
  begin: Pick<ReportRow, 'input' | 'seconds'>,
): Promise<ReportRow> {
  const folder = join(stage.outputs, USERNAME);
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${video.video_id}.mp4`);
  const response = await fetch(new URL(video.local_path ?? '', stage.client.baseUrl));
  expectPromise(
    response.ok && response.body !== null,
    `${video.video_id} can be fetched (${response.status})`,
  );
  if (response.body) await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
  const file = await inspect(path, 'video/mp4');
  expectPromise(file.bytes === video.size, `${video.video_id} has ${video.size} bytes`);
  expectPromise(video.thumbnail_url !== null, `${video.video_id} has a picture`);
  return {
    ...begin,
    output: `${video.title ?? ''}, ${video.like_count ?? 0} likes`,
    size: formatBytes(file.bytes),
    dimensions: video.resolution?.replace('x', '×') ?? '',
    codec: file.codec,
    file: relative(process.cwd(), path),
  };
}
