import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { findOnPath } from '@mediaworks/runtime';
import { framesOf, rateOf, type Lecture } from './lecture.ts';

/** Writes the lecture as an .mp4; the file is there only when it is whole. @throws Error with what ffmpeg said */
export async function encode(lecture: Lecture, out: string): Promise<void> {
  const part = `${out}.part`;
  const { captions, rotate } = lecture.encoding;
  const subtitles = captions === undefined ? undefined : `${out}.srt`;
  if (subtitles !== undefined) await writeFile(subtitles, captions ?? '');
  const child = spawn(findOnPath('ffmpeg') ?? 'ffmpeg', [...argumentsFor(lecture, subtitles), part], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2_000)));
  // A write to a program that has ended fails; what it said tells more than that.
  child.stdin.on('error', () => undefined);
  for (const frame of framesOf(lecture)) {
    if (!(await written(child.stdin, frame.data))) break;
  }
  child.stdin.end();
  const [code] = (await ended) as [number | null];
  if (subtitles !== undefined) await rm(subtitles);
  if (code !== 0) throw new Error(`ffmpeg could not write ${out}: ${said}`);
  // Turned to be stored, its height is the picture's width.
  if (rotate === 90) await askToTurn(part, lecture.width);
  await rename(part, out);
}

/** Waits until the bytes are gone: the next frame is drawn over them. */
function written(pipe: NodeJS.WritableStream, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => pipe.write(bytes, (error) => resolve(!error)));
}

function argumentsFor({ width, height, rate, encoding }: Lecture, subtitles: string | undefined): string[] {
  const { crf = 24, bitrate, thorough = false, variableRate = false, rotate = 0 } = encoding;
  const filters = [
    ...(encoding.interlaced ? ['tinterlace=interleave_top'] : []),
    // At most two seconds without a frame, as meeting recorders do.
    ...(variableRate ? [`mpdecimate=max=${Math.round(2 * rateOf(rate))}`] : []),
    ...(rotate === 90 ? ['transpose=cclock'] : []),
  ];
  const input = `-y -v error -f rawvideo -pix_fmt yuv420p -s ${width}x${height} -r ${rate} -i -`;
  const output = [
    subtitles === undefined ? '' : '-map 0:v -map 1:s -c:s mov_text',
    filters.length > 0 ? `-vf ${filters.join(',')}` : '',
    variableRate ? '-vsync vfr' : '',
    encoding.interlaced ? '-flags +ildct+ilme' : '',
    bitrate === undefined
      ? `-c:v libx264 -preset ${thorough ? 'veryfast' : 'ultrafast'} -crf ${crf}`
      : `-c:v libx264 -preset veryfast -b:v ${bitrate} -maxrate ${bitrate * 2} -bufsize ${bitrate * 4}`,
    // Lectures are encoded with a keyframe only every ten seconds or so.
    `-g ${Math.ceil(10 * rateOf(rate))} -pix_fmt yuv420p`,
    '-colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv',
    '-movflags +faststart -f mp4',
  ];
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  const track = subtitles === undefined ? [] : ['-f', 'srt', '-i', subtitles];
  return [...words(input), ...track, ...words(output.join(' '))];
}

/** Tells players to turn the picture a quarter clockwise: the first track header's matrix, which no version of ffmpeg sets alike. */
async function askToTurn(path: string, storedHeight: number): Promise<void> {
  const bytes = await readFile(path);
  const matrix = bytes.indexOf('tkhd') + 4 + 40;
  const fixed = (value: number) => Math.round(value * 65_536);
  [0, 1, 0, -1, 0, 0, storedHeight, 0].forEach((value, n) =>
    bytes.writeInt32BE(fixed(value), matrix + 4 * n),
  );
  await writeFile(path, bytes);
}
