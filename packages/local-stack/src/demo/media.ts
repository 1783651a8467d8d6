import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { extname, join, parse, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { renditionName } from '@mediaworks/contracts';
import { inspect, type Inspection } from './media-inspect.ts';
import { type Sample, samples } from './media-samples.ts';
import { type DemoPart, type DemoStage, expectPromise } from './part.ts';
import { formatBytes, type ReportRow } from './report.ts';

interface Item {
  id: number;
  job_id: string;
  status: string;
  error: { code: string; message: string } | null;
  renditions: Record<string, { url: string; mime: string }>;
}

/** media-transcoder: pictures, a video and a sound go in, web-ready files come out. */
export const media: DemoPart = {
  service: 'media-transcoder',
  run: async (stage) => (await Promise.all(samples.map((sample) => show(sample, stage)))).flat(),
};

async function show(sample: Sample, stage: DemoStage): Promise<ReportRow[]> {
  stage.progress(sample.name, 0, 'making the sample');
  const source = await sample.make(stage.samples);
  const started = performance.now();
  const { id, job_id: jobId } = await stage.client.upload<Item>('/api/media/upload/', source);
  const job = await stage.client.follow(jobId, ({ progress }) =>
    stage.progress(sample.name, progress.percent, progress.stage),
  );
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const item = await stage.client.json<Item>(`/api/media/${id}/`);
  expectPromise(
    job.status === 'completed' && item.status === 'ready',
    `${sample.name} is ready (${item.error?.message ?? item.status})`,
  );

  const folder = join(stage.outputs, parse(sample.name).name);
  await mkdir(folder, { recursive: true });
  const outputs = new Map<string, { path: string; inspection: Inspection }>();
  for (const name of renditionName.options) {
    const rendition = item.renditions[name];
    if (!rendition) continue;
    const { url, mime } = rendition;
    const path = join(folder, `${name}${extname(new URL(url).pathname)}`);
    await download(url, path, stage);
    outputs.set(name, { path, inspection: await inspect(path, mime) });
  }
  sample.check(Object.fromEntries([...outputs].map(([name, { inspection }]) => [name, inspection])));

  const { size } = await stat(source);
  return [...outputs].map(([name, { path, inspection }], i) => ({
    input: i === 0 ? `${sample.name} (${formatBytes(size)})` : '',
    output: name,
    size: formatBytes(inspection.bytes),
    dimensions: dimensions(inspection),
    codec: `${inspection.codec}${inspection.frames > 1 ? `, ${inspection.frames} frames` : ''}`,
    seconds: i === 0 ? seconds : '',
    file: relative(process.cwd(), path),
  }));
}

function dimensions({ width, height, bitrate }: Inspection): string {
  if (width !== undefined && height !== undefined) return `${width}×${height}`;
  return bitrate === undefined ? '' : `${Math.round(bitrate / 1_000)} kb/s`;
}

/** As a browser would: the renditions of a public item need no token. */
async function download(url: string, path: string, stage: DemoStage): Promise<void> {
  const response = await fetch(new URL(url, stage.client.baseUrl));
  expectPromise(
    response.ok && response.body !== null,
    `${new URL(url).pathname} can be fetched (${response.status})`,
  );
  if (response.body) await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
}
