import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type BatchAnswer, batchLog, type Person, unknownGroups } from '@mediaworks/contracts';
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
/** Enrolled by nobody, until the faces of a batch are given the name. */
const stranger: DrawnPerson = 'Aldo';

/** face-recognizer: people are drawn and enrolled, batches of photos go in, who is on them comes out. */
export const faces: DemoPart = {
  service: 'face-recognizer',
  run: async (stage) => {
    const known = drawnPeople.filter((person) => person !== stranger);
    for (const person of known) await enrol(person, stage);
    const photos: Photo[] = [];
    for (const person of known) photos.push(await portrait(person, 2));
    for (const variant of [0, 1]) photos.push(await portrait(stranger, variant));
    photos.push({ filename: 'group.jpg', bytes: (await drawnGroup(drawnPeople)).jpeg });
    photos.push({ filename: 'nobody.jpg', bytes: await orientedPhoto(6) });
    photos.push({ filename: 'text.jpg', bytes: Buffer.from('This is no photo, whatever its name says.') });

    const batch = await recognise('faces.csv', stage, photos);
    const portraits = batch.entries.slice(0, known.length + 2);
    expectNames(
      portraits.map(({ primary_result }) => primary_result.person),
      [...known, 'Unknown', 'Unknown'],
    );
    const [group, , text] = batch.entries.slice(portraits.length);
    const seen = group?.faces.map(({ person }) => person) ?? [];
    expectNames(seen.sort(), [...known, 'Unknown'].sort());
    expectPromise(text?.error?.code === 'unsupported_media', 'what is no photo is told as such');

    await nameStranger(batch.id, stage);
    const again = await recognise('stranger.csv', stage, [await portrait(stranger, 2)]);
    expectNames(
      again.entries.map(({ primary_result }) => primary_result.person),
      [stranger],
    );
    return [...batch.rows, ...again.rows];
  },
};

async function portrait(person: DrawnPerson, variant: number): Promise<Photo> {
  const filename = `${person.toLowerCase()}-${variant + 1}.jpg`;
  return { filename, bytes: await drawnFace(person, { variant, tilt: [0, -4, 5][variant] ?? 0 }) };
}

function expectNames(found: readonly string[], names: readonly string[]): void {
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

/** Says who the stranger is, on all photos at once. */
async function nameStranger(batch: string, { client }: DemoStage): Promise<void> {
  const { groups } = unknownGroups.parse(await client.json(`${LOGS}/${batch}/unknowns`));
  const [group] = groups;
  expectPromise(
    groups.length === 1 && group?.count === 3,
    `the stranger’s three faces are one group (${groups.map(({ count }) => count).join(' + ')})`,
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
