import { afterEach, expect, test } from '@jest/globals';
import { exec } from '@mediaworks/runtime';
import { configureMedia, ffmpegPath, ffprobePath } from './ffmpeg-path.ts';

afterEach(() => configureMedia());

test('what is given is used, each by itself too', async () => {
  await configureMedia({ ffmpegPath: '/opt/ffmpeg', ffprobePath: '/opt/ffprobe' });
  expect([ffmpegPath(), ffprobePath()]).toEqual(['/opt/ffmpeg', '/opt/ffprobe']);
  await configureMedia({ ffmpegPath: '/opt/ffmpeg' });
  expect(ffmpegPath()).toBe('/opt/ffmpeg');
  expect(ffprobePath()).not.toBe('/opt/ffprobe');
});

test('otherwise both are found, and start', async () => {
  await configureMedia();
  for (const path of [ffmpegPath(), ffprobePath()]) {
    const { stdout } = await exec(path, ['-hide_banner', '-version'], { timeoutMs: 20_000 });
    expect(stdout.toString()).toMatch(/libavcodec/);
  }
});
