import { createWriteStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { lectureManifest, type LectureManifest } from '@mediaworks/contracts';
import { lectureSlides, lectureVideo } from '@mediaworks/media/fixtures';
import { type DemoPart, type DemoStage, expectPromise } from './part.ts';
import { formatBytes, type ReportRow } from './report.ts';

const NAME = 'lecture.mp4';

/** lecture2pdf: a lecture of two minutes goes in, a PDF of its slides with what was said comes out. */
export const lecture: DemoPart = {
  service: 'lecture2pdf',
  run: async (stage) => {
    stage.progress(NAME, 0, 'making the sample');
    const source = await lectureVideo(stage.samples, 120);
    const started = performance.now();
    const upload = await stage.client.upload<{ video_id: string; job_id: string }>('/upload', source);
    const job = await stage.client.follow(upload.job_id, ({ progress }) =>
      stage.progress(NAME, progress.percent, progress.stage),
    );
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    expectPromise(
      job.status === 'completed',
      `the lecture is converted (${job.error?.message ?? job.status})`,
    );

    const pdf = await fetchOutput(upload.video_id, '', 'lecture.pdf', stage);
    const srt = await fetchOutput(upload.video_id, '?type=srt', 'lecture.srt', stage);
    const manifestFile = await fetchOutput(upload.video_id, '?type=manifest', 'lecture.json', stage);
    const manifest = lectureManifest.parse(JSON.parse(manifestFile.text));
    check(manifest, pdf.text, srt.text);

    const size = formatBytes((await stat(source)).size);
    const files = [pdf, srt, manifestFile].map(({ path, bytes, type }) => ({
      ...emptyRow,
      output: type,
      size: formatBytes(bytes),
      file: relative(process.cwd(), path),
    }));
    const outline = manifest.slides.map(({ n, title, page, ranges }) => ({
      ...emptyRow,
      output: `slide ${n}, page ${page}`,
      dimensions: ranges.map(({ start, end }) => `${start.toFixed(0)}–${end.toFixed(0)} s`).join(', '),
      file: title,
    }));
    const [first = emptyRow, ...others] = [...files, ...outline];
    return [{ ...first, input: `${NAME} (${size})`, seconds }, ...others];
  },
};

const emptyRow: ReportRow = {
  input: '',
  output: '',
  size: '',
  dimensions: '',
  codec: '',
  seconds: '',
  file: '',
};

interface Output {
  type: string;
  path: string;
  bytes: number;
  text: string;
}

/** Asks where an output lies, and fetches it from there without the token, as a browser would. */
async function fetchOutput(id: string, query: string, name: string, stage: DemoStage): Promise<Output> {
  const { download_url: url } = await stage.client.json<{ download_url: string }>(`/download/${id}${query}`);
  const response = await fetch(new URL(url, stage.client.baseUrl));
  expectPromise(response.ok && response.body !== null, `${name} can be fetched (${response.status})`);
  const path = join(stage.outputs, name);
  if (response.body) await pipeline(Readable.fromWeb(response.body), createWriteStream(path));
  const bytes = await readFile(path);
  return { type: extname(name).slice(1), path, bytes: bytes.length, text: bytes.toString('latin1') };
}

function check(manifest: LectureManifest, pdf: string, srt: string): void {
  expectPromise(pdf.startsWith('%PDF-'), 'the PDF is one');
  expectPromise(manifest.transcript.source === 'embedded', 'the words come from the text track in the video');
  const titles = manifest.slides.map(({ title }) => title);
  const expected = lectureSlides.map(({ title }) => title);
  expectPromise(
    JSON.stringify(titles) === JSON.stringify(expected),
    `the slides are ${expected.join(', ')} (found: ${titles.join(', ')})`,
  );
  for (const { title, points } of lectureSlides) {
    const slide = manifest.slides.find((one) => one.title === title);
    for (const point of points) {
      expectPromise(
        slide?.transcript.includes(point) === true,
        `"${point}" was said on the slide "${title}"`,
      );
      expectPromise(srt.includes(point), `the subtitles hold "${point}"`);
    }
  }
}
