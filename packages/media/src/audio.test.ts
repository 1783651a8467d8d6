import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transcodeAudio, type AudioOptions } from './audio.ts';
import { audioExtensions, audioWithCover, makeAudio, soundlessWav } from './fixtures/audio.ts';
import { packetDigest, processesMentioning, samplesOf } from './fixtures/inspect.ts';
import { makeVideo } from './fixtures/video.ts';
import { probe } from './probe.ts';

let dir: string;
let runs = 0;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'audio-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const freshDir = () => join(dir, `out-${(runs += 1)}`);
const transcode = (path: string, options: AudioOptions = {}) => transcodeAudio(path, freshDir(), options);

describe('encoding', () => {
  it.each(audioExtensions)('makes .%s into MP3 of 128 kb/s at 44.1 kHz', async (extension) => {
    const result = await transcode(await makeAudio(dir, extension, { name: `plain-${extension}` }));
    expect(result).toMatchObject({ remuxed: false, renditions: { audio: { mime: 'audio/mpeg' } } });
    const found = await probe(result.renditions.audio.path);
    expect(found).toMatchObject({ kind: 'audio', demuxer: 'mp3' });
    expect(found.audios[0]).toMatchObject({
      codec: 'mp3',
      bitrate: 128_000,
      sampleRate: 44_100,
      channels: 2,
    });
    expect(found.duration).toBeCloseTo(2, 0);
    expect(result.duration).toBeCloseTo(2, 0);
  });

  it('keeps mono and mixes surround down to stereo', async () => {
    const channelsOf = async (channels: number) => {
      const source = await makeAudio(dir, 'flac', { name: `channels-${channels}`, channels });
      return (await probe((await transcode(source)).renditions.audio.path)).audios[0]?.channels;
    };
    expect(await channelsOf(1)).toBe(1);
    expect(await channelsOf(6)).toBe(2);
  });

  it('keeps title and artist, and neither the cover nor a comment', async () => {
    const result = await transcode(await audioWithCover(dir));
    expect(result.metadata).toMatchObject({ title: 'A tone', artist: 'Sine', cover_art: true });
    const found = await probe(result.renditions.audio.path);
    expect(found).toMatchObject({ coverArt: false, tags: { title: 'A tone', artist: 'Sine' } });
    expect((await readFile(result.renditions.audio.path)).includes('555 0199')).toBe(false);
  });

  it('takes the sound of a video, and tells how far it is', async () => {
    const told: number[] = [];
    const path = await makeVideo(join(dir, 'clip.mkv'));
    const result = await transcode(path, { onProgress: (percent) => told.push(percent) });
    expect((await probe(result.renditions.audio.path)).kind).toBe('audio');
    expect(told.at(-1)).toBe(100);
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
  });
});

describe('copying', () => {
  it('keeps the very packets of an MP3 that already is one', async () => {
    const options = ['-b:a', '96k', '-ar', '44100'];
    const source = await makeAudio(dir, 'mp3', { name: 'ready', options });
    const result = await transcode(source, { profile: { waveform: true } });
    expect(result.remuxed).toBe(true);
    expect(await packetDigest(result.renditions.audio.path, 'a')).toBe(await packetDigest(source, 'a'));
    expect(result.renditions.waveform).toBeDefined();
  });
});

describe('profiles', () => {
  it('brings quiet sound to -16 LUFS, and leaves silence alone', async () => {
    const quiet = await makeAudio(dir, 'wav', { name: 'quiet', volume: 0.01, seconds: 5 });
    const lifted = await transcode(quiet, { profile: { loudness: true } });
    expect(lifted.metadata['loudness_lufs']).toBeLessThan(-35);
    const samples = await samplesOf(lifted.renditions.audio.path);
    const middle = samples.slice(samples.length / 4, (samples.length * 3) / 4);
    const rms = Math.sqrt(middle.reduce((sum, sample) => sum + (sample / 32_768) ** 2, 0) / middle.length);
    // Two equal channels of this tone at -16 LUFS have -18.3 dB of power each.
    expect(20 * Math.log10(rms)).toBeGreaterThan(-20.5);
    expect(20 * Math.log10(rms)).toBeLessThan(-16);

    const silence = await makeAudio(dir, 'wav', { name: 'silence', volume: 0 });
    const same = await transcode(silence, { profile: { loudness: true } });
    expect(same.metadata['loudness_lufs']).toBeNull();
  });

  it('draws a waveform in the audiowaveform format', async () => {
    const source = await makeAudio(dir, 'wav', { name: 'wave', volume: 0.5, seconds: 30, channels: 1 });
    const { renditions } = await transcode(source, { profile: { waveform: true } });
    const wave: unknown = JSON.parse(await readFile(renditions.waveform?.path ?? '', 'utf8'));
    expect(wave).toMatchObject({
      version: 2,
      channels: 1,
      sample_rate: 44_100,
      samples_per_pixel: 512,
      bits: 8,
    });
    const { length, data } = wave as { length: number; data: number[] };
    expect(length).toBe(Math.ceil((30 * 44_100) / 512));
    expect(data).toHaveLength(2 * length);
    expect(Math.max(...data)).toBeGreaterThan(60);
    expect(Math.max(...data)).toBeLessThan(68);
    expect(Math.min(...data)).toBeLessThan(-60);
  });
});

describe('what cannot be made', () => {
  it.each([
    ['no_audio_samples', () => soundlessWav(dir)],
    ['no_audio_samples', () => makeVideo(join(dir, 'mute.mp4'), { tones: [] })],
  ])('says %s and leaves nothing', async (code, source) => {
    const path = await source();
    const out = freshDir();
    await expect(transcodeAudio(path, out)).rejects.toMatchObject({ name: 'PermanentError', code });
    expect(await readdir(out).catch(() => [])).toEqual([]);
  });

  it('ends ffmpeg at once when it is cancelled, and leaves no process and no file', async () => {
    const source = await makeAudio(dir, 'flac', { name: 'long', seconds: 600, channels: 1 });
    const cancel = new AbortController();
    const out = freshDir();
    const work = transcodeAudio(source, out, {
      signal: cancel.signal,
      onProgress: () => cancel.abort(new Error('cancelled')),
    });
    await expect(work).rejects.toThrow('cancelled');
    expect(await processesMentioning(out)).toEqual([]);
    expect(await readdir(out)).toEqual([]);
  });
});
