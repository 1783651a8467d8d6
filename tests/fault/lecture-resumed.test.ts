import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type JobView, lectureManifest } from '@mediaworks/contracts';
import { lectureSlides, lectureVideo } from '@mediaworks/media/fixtures';
import { jobFolders, listObjects, processesUnder } from './observe.ts';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(120_000);

let scene: Scene;
let video: string;
beforeAll(async () => {
  scene = await openScene();
  video = await lectureVideo(scene.dataDir, 60);
}, 60_000);
afterAll(() => scene.close(), 60_000);

interface Upload {
  readonly video_id: string;
  readonly job_id: string;
}

const start = () => scene.startWorker({}, 'lecture2pdf');

/** Resolves when so many percents of a conversion are done, or more; rejects when it ends before. */
async function reached(jobId: string, percent: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = ({ progress, status }: JobView) => {
      if (status === 'processing' && progress.percent >= percent) resolve();
    };
    scene.client
      .follow(jobId, look)
      .then(({ status, error }) => reject(new Error(`it ended, ${status}: ${error?.code}`)), reject);
  });
}

const stagesOf = async (id: string) =>
  (await listObjects(scene)).filter((key) => key.startsWith(`stages/${id}/`));

it('kill -9 while it reads the slides: another worker goes on behind the last finished one', async () => {
  const first = await start();
  const { video_id: id, job_id: jobId } = await scene.client.upload<Upload>('/upload', video);
  // It has found the slides and read the first of them.
  await reached(jobId, 70);
  await first.kill('SIGKILL');
  const [row] = await scene.query<{ checkpoint: { finished: string[] } }>(
    'select checkpoint from jobs where id = $1',
    [jobId],
  );
  const finished = row?.checkpoint.finished ?? [];
  expect(finished).toContain('slides');
  expect(finished).toContain('slide-1');
  const kept = await readFile(join(scene.dataDir, 'objects', `stages/${id}/slides.json`), 'utf8');

  await start();
  const job = await scene.client.follow(jobId, () => undefined);
  expect(job).toMatchObject({ status: 'completed', run: 1, result: { slides: lectureSlides.length } });
  expect(job.attempts.map((attempt) => attempt.error?.code ?? null)).toEqual(['crashed', null]);

  const { download_url } = await scene.client.json<{ download_url: string }>(`/download/${id}?type=manifest`);
  const manifest = lectureManifest.parse(await (await fetch(download_url)).json());
  const found = JSON.parse(kept) as { slides: { ranges: unknown }[] };
  expect(manifest.slides.map(({ ranges }) => ranges)).toEqual(found.slides.map(({ ranges }) => ranges));
  expect(await stagesOf(id)).toEqual([]);
});

it('cancel while it looks for slides ends ffmpeg and leaves no output; a retry converts it', async () => {
  const { video_id: id, job_id: jobId } = await scene.client.upload<Upload>('/upload', video);
  const processes = processesUnder(scene.dataDir);
  await processes.untilSome('ffmpeg');
  expect(await scene.client.json(`/cancel/${id}`, { method: 'POST' })).toMatchObject({ status: 'cancelled' });
  await processes.untilNone('ffmpeg');
  await jobFolders(scene).untilNone();
  const outputs = (await listObjects(scene)).filter((key) => /^(pdfs|subtitles|manifests)\//.test(key));
  expect(outputs.filter((key) => key.includes(id))).toEqual([]);

  await scene.client.json(`/api/jobs/${jobId}/retry`, { method: 'POST' });
  expect(await scene.client.follow(jobId, () => undefined)).toMatchObject({ status: 'completed' });
});

it('delete while it is converted leaves nothing of it', async () => {
  const { video_id: id, job_id: jobId } = await scene.client.upload<Upload>('/upload', video);
  await reached(jobId, 60);
  await scene.client.request(`/videos/${id}`, { method: 'DELETE' });
  const [purge] = await scene.query<{ id: string }>(
    `select id from jobs where type = 'lecture.purge' and input::text like $1`,
    [`%${id}%`],
  );
  expect(await scene.client.follow(purge?.id ?? '', () => undefined)).toMatchObject({ status: 'completed' });
  expect((await listObjects(scene)).filter((key) => key.includes(id))).toEqual([]);
});
