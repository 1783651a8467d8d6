import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type JobView, type LectureManifest, lectureManifest } from '@mediaworks/contracts';
import {
  cutOffLecture,
  frameLessVideo,
  lectureSlides,
  lectureVideo,
  makeVideo,
  oddLecture,
  soundLecture,
  truncatedVideo,
} from '@mediaworks/media/fixtures';
import { openScene, type Scene } from '../scene.ts';

jest.setTimeout(60_000);

let scene: Scene;
let samples: string;
let whole: string;
beforeAll(async () => {
  scene = await openScene();
  await scene.startWorker({}, 'lecture2pdf');
  samples = join(scene.dataDir, 'samples');
  await mkdir(samples);
  whole = await lectureVideo(samples, 60);
}, 90_000);
afterAll(() => scene.close(), 60_000);

async function convert(
  path: string,
  fields: Record<string, string> = {},
): Promise<{ id: string; job: JobView }> {
  const sent = await scene.client.upload<{ video_id: string; job_id: string }>('/upload', path, fields);
  return { id: sent.video_id, job: await scene.client.follow(sent.job_id, () => undefined) };
}

async function fetchOutput(id: string, type: 'pdf' | 'srt' | 'manifest'): Promise<string> {
  const { download_url } = await scene.client.json<{ download_url: string }>(`/download/${id}?type=${type}`);
  return Buffer.from(await (await fetch(download_url)).arrayBuffer()).toString('latin1');
}

async function manifestOf(path: string): Promise<LectureManifest> {
  const { id, job } = await convert(path);
  expect(job).toMatchObject({ status: 'completed', error: null });
  expect((await fetchOutput(id, 'pdf')).startsWith('%PDF-')).toBe(true);
  return lectureManifest.parse(JSON.parse(await fetchOutput(id, 'manifest')));
}

/** The code of an answer that is none of the good ones. */
const codeIn = (error: unknown) => /"code":"(\w+)"/.exec(String(error))?.[1];

const titles = lectureSlides.map(({ title }) => title);

describe('read as the lecture it is', () => {
  it.each(['uneven.mp4', 'not-square.mp4', 'colour-in-full.mkv', 'broadcast.ts'] as const)(
    '%s',
    async (name) => {
      const manifest = await manifestOf(await oddLecture(samples, whole, name));
      expect(manifest.slides.map(({ title }) => title)).toEqual(titles);
      expect(manifest.transcript.source).toBe('none');
    },
  );

  it.each(['one-a-second.mp4', 'upright.mp4'] as const)('%s', async (name) => {
    const manifest = await manifestOf(await oddLecture(samples, whole, name));
    expect(manifest.slides).toHaveLength(titles.length);
  });

  it('ten seconds of it, with the slides that are in them', async () => {
    const manifest = await manifestOf(await oddLecture(samples, whole, 'ten-seconds.mp4'));
    expect(manifest.slides).toHaveLength(2);
  });

  it('what breaks off, up to there', async () => {
    const { video, slides } = await manifestOf(await cutOffLecture(samples, whole));
    expect(video.duration).toBeLessThan(59);
    expect(slides.length).toBeGreaterThan(0);
    expect(slides.length).toBeLessThan(titles.length);
    expect(slides.at(-1)?.ranges.at(-1)?.end).toBe(video.duration);
  });

  it('with uploaded subtitles before those in it, whatever their encoding', async () => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(await readFile(whole))]), 'mit Untertiteln.mp4');
    const words =
      '1\n00:00:01,000 --> 00:00:04,000\nGrüße an alle\n\n2\n00:00:12,000 --> 00:00:14,000\nDas war’s\n';
    form.set('subtitle', new Blob([new Uint8Array(Buffer.from(`\ufeff${words}`, 'utf16le'))]), 'de.srt');
    const sent = await scene.client.json<{ video_id: string; job_id: string }>('/upload', {
      method: 'POST',
      body: form,
    });
    expect(await scene.client.follow(sent.job_id, () => undefined)).toMatchObject({ status: 'completed' });
    const manifest = lectureManifest.parse(JSON.parse(await fetchUtf8(sent.video_id)));
    expect(manifest.transcript.source).toBe('uploaded');
    expect(
      manifest.slides
        .map(({ transcript }) => transcript)
        .join(' ')
        .trim(),
    ).toBe('Grüße an alle Das war’s');
  });

  const fetchUtf8 = async (id: string) =>
    Buffer.from(await fetchOutput(id, 'manifest'), 'latin1').toString('utf8');
});

describe('an honest small PDF', () => {
  it('of a video that is one still', async () => {
    const manifest = await manifestOf(await oddLecture(samples, whole, 'one-frame.mp4'));
    expect(manifest.slides.length).toBeLessThanOrEqual(1);
  });

  it('of a video without a slide and without words, which has no subtitles', async () => {
    const { id, job } = await convert(
      await makeVideo(join(samples, 'noise.mp4'), { filters: 'noise=alls=90:allf=t' }),
    );
    expect(job).toMatchObject({ status: 'completed', result: { slides: 0, srt: null } });
    await expect(scene.client.json(`/download/${id}?type=srt`)).rejects.toThrow(/404.*no_transcript/);
  });
});

describe('failed with a code', () => {
  it.each<[string, () => Promise<string>, string]>([
    ['a video whose index is lost', () => truncatedVideo(samples, 'at-end'), 'corrupt_media'],
    ['an encrypted video', () => oddLecture(samples, whole, 'encrypted.mp4'), 'encrypted_media'],
    ['a video of no frames', () => frameLessVideo(samples), 'empty_media'],
  ])('%s', async (_what, make, code) => {
    const { id, job } = await convert(await make());
    expect(job).toMatchObject({ status: 'failed', error: { code } });
    expect(job.attempts).toHaveLength(1);
    const { error_message } = await scene.client.json<{ error_message: string }>(`/status/${id}`);
    expect(error_message).not.toMatch(/\/|\bat\b.*:\d+/);
  });

  it('sound alone, at the door or after it', async () => {
    const sent = convert(await soundLecture(samples)).then(({ job }) => job.error?.code);
    expect(await sent.catch(codeIn)).toMatch(/^(no_video|unsupported_media)$/);
  });

  it('subtitles that are none', async () => {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(await readFile(whole))]), 'lecture.mp4');
    form.set('subtitle', new Blob(['Dear diary, today it rained.']), 'notes.srt');
    const sent = scene.client
      .json<{ job_id: string }>('/upload', { method: 'POST', body: form })
      .then(({ job_id }) => scene.client.follow(job_id, () => undefined))
      .then(({ error }) => error?.code);
    expect(await sent.catch(codeIn)).toMatch(/^unsupported_(subtitle|media)$/);
  });
});

it('the worker is alive after all of them', async () => {
  const { job } = await convert(whole, { layout: 'slides-only' });
  expect(job).toMatchObject({
    status: 'completed',
    result: { slides: titles.length, transcript: { source: 'embedded' } },
  });
});
