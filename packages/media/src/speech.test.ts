import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { samplesOf } from './fixtures/inspect.ts';
import { makeVideo, runFfmpegPlainly } from './fixtures/video.ts';
import { probe } from './probe.ts';
import { extractSpeech } from './speech.ts';
import { extractTextTrack, textTrack } from './text-tracks.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'speech-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('keeps the clock of the video where the sound begins later', async () => {
  const plain = await makeVideo(join(dir, 'plain.mp4'), { seconds: 3 });
  const video = join(dir, 'late.mkv');
  const late = ['-i', plain, '-itsoffset', '1', '-i', plain, '-map', '0:v', '-map', '1:a'];
  await runFfmpegPlainly([...late, '-c', 'copy', video]);
  const wav = join(dir, 'speech.wav');
  const percents: number[] = [];
  await extractSpeech(video, wav, {
    probe: await probe(video),
    onProgress: (percent) => percents.push(percent),
  });
  const samples = await samplesOf(wav);
  expect((await probe(wav)).audios[0]).toMatchObject({ codec: 'pcm_s16le', sampleRate: 16_000, channels: 1 });
  expect(samples.findIndex((sample) => Math.abs(sample) > 500) / 16_000).toBeCloseTo(1, 1);
  expect(samples.length / 16_000).toBeCloseTo(4, 0);
  expect(percents.at(-1)).toBe(100);
});

it('says that a video has no sound, and obeys the signal', async () => {
  const silent = await makeVideo(join(dir, 'silent.mp4'), { seconds: 1, tones: [] });
  const wav = join(dir, 'none.wav');
  await expect(extractSpeech(silent, wav, { probe: await probe(silent) })).rejects.toMatchObject({
    code: 'no_audio_samples',
  });
  const video = await makeVideo(join(dir, 'short.mp4'), { seconds: 1 });
  const signal = AbortSignal.abort(new Error('cancelled'));
  await expect(extractSpeech(video, wav, { probe: await probe(video), signal })).rejects.toThrow('cancelled');
});

it('knows the subtitles that are text', () => {
  const track = (codec_name: string) => textTrack({ index: 2, codec_type: 'subtitle', codec_name });
  expect(['dvd_subtitle', 'hdmv_pgs_subtitle', 'dvb_subtitle', 'toString'].map(track)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(track('mov_text')).toEqual({
    index: 2,
    codec: 'mov_text',
    language: null,
    isDefault: false,
    isForced: false,
  });
});

it('tells of a track that is not there', async () => {
  const video = await makeVideo(join(dir, 'no-track.mp4'), { seconds: 1 });
  const track = { index: 7, codec: 'subrip', language: null, isDefault: true, isForced: false } as const;
  const failure = extractTextTrack(video, track, join(dir, 'none.srt'), { probe: await probe(video) });
  await expect(failure).rejects.toMatchObject({ code: 'ffmpeg_failed' });
});
