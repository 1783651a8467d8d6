import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  type BatchAnswer,
  type BatchEntry,
  batchLog,
  type Person,
  unknownGroups,
} from '@mediaworks/contracts';
import {
  type DrawnPerson,
  drawnFace,
  drawnGroup,
  drawnPeople,
  orientedPhoto,
} from '@mediaworks/media/fixtures';
import { type DemoPart, type DemoStage, expectPromise } from './part.ts';
import { formatBytes, type ReportRow } from './report.ts';

interface Photo {
  filename: string;
  bytes: Buffer;
}

const LOGS = '/api/batch-photos/logs';
/** Unlike enough to the first of all to be a stranger; the others resemble each other as drawings do. */
const [first, stranger] = ['Dora', 'Bruno'] as const;

/** face-recognizer: people are drawn and enrolled, batches of photos go in, who is on them comes out. */
export const faces: DemoPart = {
  service: 'face-recognizer',
  run: async (stage) => {
    await enrol(first, stage);
    const strangers = await recognise('a stranger.csv', stage, [
      { filename: 'dora.jpg', bytes: await drawnFace(first, { variant: 2, tilt: 5 }) },
      { filename: 'stranger-1.jpg', bytes: await drawnFace(stranger) },
      { filename: 'stranger-2.jpg', bytes: await drawnFace(stranger, { variant: 1, tilt: -4 }) },
      { filename: 'nobody.jpg', bytes: await orientedPhoto(6) },
      { filename: 'text.jpg', bytes: Buffer.from('This is no photo, whatever its name says.') },
    ]);
    expectNames(strangers.entries, [first, 'Unknown', 'Unknown', 'Unknown', 'Unknown']);
    expectPromise(
      strangers.entries.at(-1)?.error?.code === 'unsupported_media',
      'what is no photo is told as such',
    );
    await nameStranger(strangers.id, stage);

    for (const person of drawnPeople) {
      if (person !== first && person !== stranger) await enrol(person, stage);
    }
    const group = await drawnGroup(drawnPeople);
    const photos: Photo[] = [];
    for (const person of drawnPeople) {
      const bytes = await drawnFace(person, { variant: 2, tilt: 5 });
      photos.push({ filename: `${person.toLowerCase()}.jpg`, bytes });
    }
    photos.push({ filename: 'group.jpg', bytes: group.jpeg });
    const everybody = await recognise('everybody.csv', stage, photos);
    expectNames(everybody.entries.slice(0, -1), [...drawnPeople]);
    const seen = everybody.entries.at(-1)?.faces.map(({ person }) => person);
    expectPromise(
      JSON.stringify(seen?.sort()) === JSON.stringify([...drawnPeople].sort()),
      `everybody is found in the group (${seen?.join(', ')})`,
    );
    return [...strangers.rows, ...everybody.rows];
  },
};

function expectNames(entries: readonly BatchEntry[], names: readonly string[]): void {
  const found = entries.map(({ primary_result }) => primary_result.person);
  expectPromise(
    JSON.stringify(found) === JSON.stringify(names),
    `the photos show ${names.join(', ')} (found: ${found.join(', ')})`,
  );
}

async function enrol(name: DrawnPerson, { client }: DemoStage): Promise<void> {
  const { id } = await client.json<Person>('/api/persons', asJson({ name }));
  for (const variant of [0, 1]) {
    const form = new FormData();
    form.set('photo', blobOf(await drawnFace(name, { variant })), 'portrait.jpg');
    await client.json(`/api/persons/${id}/photos`, { method: 'POST', body: form });
  }
}

/** Says who the stranger is, from the faces that belong together. */
async function nameStranger(batch: string, { client }: DemoStage): Promise<void> {
  const { groups } = unknownGroups.parse(await client.json(`${LOGS}/${batch}/unknowns`));
  const [group] = groups;
  expectPromise(
    groups.length === 1 && group?.count === 2,
    `the stranger’s two faces are one group (${groups.map(({ count }) => count).join(' + ')})`,
  );
  await client.json(`${LOGS}/${batch}/unknowns/${group?.id}/name`, asJson({ name: stranger }));
}

/** Sends a batch, follows it, and keeps its CSV to look at. */
async function recognise(csv: string, stage: DemoStage, photos: readonly Photo[]) {
  const { client } = stage;
  const form = new FormData();
  for (const { filename, bytes } of photos) {
    form.append('photos[]', blobOf(bytes), filename);
    await writeFile(join(stage.samples, filename), bytes);
  }
  const name = `${photos.length} photos`;
  const started = performance.now();
  const { batch_id: id, job_id: jobId } = await client.json<BatchAnswer>('/api/batch-photos/recognize', {
    method: 'POST',
    headers: { prefer: 'respond-async' },
    body: form,
  });
  if (jobId !== null)
    await client.follow(jobId, ({ progress }) => stage.progress(name, progress.percent, progress.stage));
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const { entries, summary } = batchLog.parse(await client.json(`${LOGS}/${id}`));
  const path = join(stage.outputs, csv);
  await writeFile(path, await (await client.request(`${LOGS}/${id}/export`)).text());
  const rows = entries.map(({ filename, metadata, error, faces }, n): ReportRow => {
    const told = faces.map(({ person, confidence }) => `${person} ${confidence ?? ''}`.trim()).join(', ');
    return {
      input: `${filename} (${formatBytes(photos[n]?.bytes.length ?? 0)})`,
      output: error?.code ?? (told === '' ? 'no face' : told),
      size: `${metadata.processing_time_ms} ms`,
      dimensions: faces.map(({ box }) => `${Math.round(box.w)}×${Math.round(box.h)}`).join(' '),
      codec: '',
      seconds: n === 0 ? seconds : '',
      file: n === 0 ? `${relative(process.cwd(), path)}: ${summary.persons_list.join(', ')}` : '',
    };
  });
  return { id, entries, rows };
}

const asJson = (body: object) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

const blobOf = (bytes: Buffer) => new Blob([new Uint8Array(bytes)]);
