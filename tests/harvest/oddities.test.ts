import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { HarvestResults } from '@mediaworks/contracts';
import { BUCKET, type HarvestProject, openProject, userIn } from './project.ts';

jest.setTimeout(90_000);

let project: HarvestProject;
let results: HarvestResults;
let tree: string[];
const bytes = (text: string) => Buffer.from(`the bytes of ${text}`);
const LONG = `${'x'.repeat(300)}.jpeg`;

beforeAll(async () => {
  project = await openProject();
  await seed();
  await project.startHarvester();
  ({ results } = await project.harvest());
  tree = await project.tree();
}, 90_000);
afterAll(() => project.close(), 60_000);

/** One user an oddity. */
async function seed(): Promise<void> {
  const { storage } = project;
  const paths: Record<string, unknown> = {
    photo1: 'photos/1/photo1.jpg',
    photo2: 'photos/1/photo2.png',
    same1: 'a/same.jpg',
    same2: 'b/same.jpg',
    same3: 'c/SAME.jpg',
    up: '../../../etc/passwd',
    dots: 'x/..',
    backslash: 'x/..\\..\\evil.exe',
    hidden: 'x/.htaccess',
    turned: 'x/\u202egpj.exe',
    slash: '/leading/slash.jpg',
    colon: 'x/a:b*c?.jpg',
    long: `x/${LONG}`,
    bare: 'x/no-extension',
    folder: 'x/folder/',
    umlaut: 'x/U\u0308bung \u{1f600}.jpg',
    empty: '',
    number: 7,
    gone: 'x/gone.jpg',
    foreign: 'gs://somebody-elses-bucket/secret.jpg',
    gs: `gs://${BUCKET}/x/gs.jpg`,
    address: `https://firebasestorage.googleapis.com/v0/b/${BUCKET}/o/x%2Faddress.jpg?alt=media&token=t`,
    packed: 'x/packed.txt',
    composed: 'x/composed.jpg',
    nothing: 'x/nothing.jpg',
    line: 'x/a\nb.jpg',
  };
  const absent = new Set(['empty', 'number', 'gone', 'foreign', 'line']);
  for (const [id, path] of Object.entries(paths)) {
    if (absent.has(id) || typeof path !== 'string') continue;
    const name = id === 'gs' ? 'x/gs.jpg' : id === 'address' ? 'x/address.jpg' : path.replace(/^\//, '');
    storage.put(BUCKET, name, { bytes: bytes(id), contentType: 'image/jpeg' });
  }
  storage.put(BUCKET, 'x/packed.txt', { bytes: gzipSync(bytes('packed')), gzip: true });
  storage.put(BUCKET, 'x/composed.jpg', { bytes: bytes('composed'), composite: true });
  storage.put(BUCKET, 'x/nothing.jpg', { bytes: Buffer.alloc(0) });
  await project.addMedia('images', paths);
  await project.write([['images', 'pathless', { other: true }]]);
  await project.addFile('voices', 'voice1', 'v/recording1.mp3', bytes('voice1'));
  await project.addUsers([
    { id: 'u01', email: 'user@example.com', imageIds: ['photo1', 'photo2'], voiceIds: ['voice1'] },
    { id: 'u02', email: 'a.b@x.com', imageIds: ['photo1'] },
    { id: 'u03', email: 'a_b@x.com', imageIds: ['photo2'] },
    { id: 'u04', email: 'A.B@x.com', imageIds: ['photo2'] },
    { id: 'u05', email: 'same@x.com', imageIds: ['same1', 'same2', 'same3'] },
    {
      id: 'u06',
      email: 'names@x.com',
      imageIds: [
        'up',
        'dots',
        'backslash',
        'hidden',
        'turned',
        'slash',
        'colon',
        'long',
        'bare',
        'folder',
        'umlaut',
      ],
    },
    {
      id: 'u07',
      email: 'paths@x.com',
      imageIds: ['empty', 'number', 'pathless', 'foreign', 'line', 'gs', 'address'],
    },
    { id: 'u08', email: 'missing@x.com', imageIds: ['gone', 'no-such-document', 'photo1'] },
    { id: 'u09', email: 'lists@x.com', imageIds: 'photo1', voiceIds: { 0: 'voice1' } },
    {
      id: 'u10',
      email: 'ids@x.com',
      imageIds: ['photo1', 'photo1', '', 7, null, 'a/b', '..', '__x__', { photo: 2 }],
    },
    { id: 'u11', email: 'none@x.com' },
    { id: 'u12', email: 'null@x.com', imageIds: null, voiceIds: [] },
    { id: 'by-id@x.com', imageIds: ['photo1'] },
    { id: 'u14', email: 42, imageIds: ['photo1'] },
    { id: 'u15', email: '../../root@x.com', imageIds: ['photo1'] },
    { id: 'u16', email: `${'l'.repeat(300)}@x.com`, imageIds: ['photo1'] },
    { id: 'u17', email: 'kinds@x.com', imageIds: ['packed', 'composed', 'nothing'] },
  ]);
}

const filesOf = (folder: string) => tree.filter((key) => key.startsWith(`downloads/${folder}/`));

it('a run with every oddity is completed, and counts who could not be served whole', () => {
  expect(results).toMatchObject({
    status: 'completed',
    total_users_processed: 17,
    failed_users: 4,
    successful_users: 13,
    global_errors: [],
  });
});

it('files land as the seed’s tree, byte for byte', async () => {
  expect(filesOf('user_example_com')).toEqual([
    'downloads/user_example_com/images/photo1.jpg',
    'downloads/user_example_com/images/photo2.png',
    'downloads/user_example_com/voices/recording1.mp3',
  ]);
  expect(await project.read('downloads/user_example_com/voices/recording1.mp3')).toEqual(bytes('voice1'));
  expect(userIn(results, 'user@example.com')).toMatchObject({
    images_count: 2,
    voices_count: 1,
    total_files_downloaded: 3,
    total_size_bytes: bytes('photo1').length + bytes('photo2').length + bytes('voice1').length,
    skipped_unchanged: 0,
    errors: [],
    warnings: [],
  });
});

it('addresses that become the same folder have one each, whatever their case', async () => {
  const folders = ['a.b@x.com', 'a_b@x.com', 'A.B@x.com'].map(
    (email) => userIn(results, email)?.folder ?? '',
  );
  expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(3);
  expect(folders).toContainEqual(expect.stringMatching(/^a_b_x_com$/i));
  expect(await project.read(`downloads/${folders[0]}/images/photo1.jpg`)).toEqual(bytes('photo1'));
  expect(await project.read(`downloads/${folders[1]}/images/photo2.png`)).toEqual(bytes('photo2'));
});

it('files of the same name lie beside each other', async () => {
  const files = filesOf('same_x_com');
  expect(files).toHaveLength(3);
  expect(files).toContain('downloads/same_x_com/images/same.jpg');
  const contents = await Promise.all(files.map((key) => project.read(key)));
  expect(contents.map(String).sort()).toEqual(['same1', 'same2', 'same3'].map((id) => String(bytes(id))));
  expect(userIn(results, 'same@x.com')?.warnings).toHaveLength(2);
});

describe('a name', () => {
  it.each([
    ['leads nowhere', 'passwd'],
    ['of dots alone is replaced by the id', 'dots'],
    ['with backslashes is one name', '_.._evil.exe'],
    ['of a hidden file shows', 'htaccess'],
    ['that turns the text around does not', '_gpj.exe'],
    ['after a leading slash is the name', 'slash.jpg'],
    ['with what some disk refuses has it replaced', 'a_b_c_.jpg'],
    ['of 300 characters is cut and keeps its extension', `${'x'.repeat(175)}.jpeg`],
    ['without an extension stays without', 'no-extension'],
    ['of a folder is replaced by the id', 'folder'],
    ['of any script and picture stays, composed', '\u00dcbung \u{1f600}.jpg'],
  ])('%s: %s', (_what, name) => {
    expect(filesOf('names_x_com')).toContain(`downloads/names_x_com/images/${name}`);
  });

  it('never leads out of the tree', () => {
    expect(filesOf('names_x_com')).toHaveLength(11);
    for (const key of tree) expect(key).toMatch(/^downloads\/[^/]+\/(images|voices)\/[^/]+$/);
    expect(userIn(results, '../../root@x.com')?.folder).toBe('______root_x_com');
    expect(userIn(results, `${'l'.repeat(300)}@x.com`)?.folder).toBe('l'.repeat(120));
  });
});

it('a storage path may be an address in the bucket, and leads into no other', () => {
  expect(filesOf('paths_x_com')).toEqual(
    ['address.jpg', 'gs.jpg'].map((name) => `downloads/paths_x_com/images/${name}`),
  );
  expect(userIn(results, 'paths@x.com')).toMatchObject({ failed_files: 5, images_count: 2 });
  expect(userIn(results, 'paths@x.com')?.errors.join('\n')).toMatch(
    /no storagePath[^]*not a text[^]*no storagePath[^]*not ours[^]*no file is called so/,
  );
});

it('what does not exist is reported, and the rest is fetched', () => {
  expect(userIn(results, 'missing@x.com')).toMatchObject({
    status: 'completed',
    images_count: 1,
    failed_files: 2,
    errors: ['images gone: File not found in storage', 'images no-such-document: Missing image metadata'],
  });
  // Nothing of it may pass, so nothing of it was tried twice.
  expect(project.fetched()['x/gone.jpg']).toBe(1);
});

it('lists that are none are reported, those that are missing are empty', () => {
  expect(userIn(results, 'lists@x.com')?.errors).toEqual([
    'images: imageIds is not a list',
    'voices: voiceIds is not a list',
  ]);
  for (const email of ['none@x.com', 'null@x.com']) {
    expect(userIn(results, email)).toMatchObject({ images_count: 0, errors: [], warnings: [] });
  }
});

it('an id that is there twice is fetched once, one that can be none is reported', () => {
  expect(userIn(results, 'ids@x.com')).toMatchObject({
    images_count: 1,
    total_files_downloaded: 1,
    failed_files: 7,
    warnings: ['images photo1: The id is in the list already'],
  });
});

it('a user without an address goes by the document', () => {
  expect(userIn(results, 'by-id@x.com')).toMatchObject({ folder: 'by-id_x_com', images_count: 1 });
  expect(userIn(results, 'u14')).toMatchObject({ folder: 'u14', images_count: 1 });
});

it('compressed files are unpacked, composed and empty ones verified', async () => {
  expect(await project.read('downloads/kinds_x_com/images/packed.txt')).toEqual(bytes('packed'));
  expect(await project.read('downloads/kinds_x_com/images/composed.jpg')).toEqual(bytes('composed'));
  expect(await project.read('downloads/kinds_x_com/images/nothing.jpg')).toHaveLength(0);
});

it('the manifest says of each entry what became of it', async () => {
  const { client } = project.scene;
  const jsonl = await (await client.request('/batch-process-results?format=jsonl')).text();
  const lines = jsonl
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toContainEqual(
    expect.objectContaining({
      user_email: 'user@example.com',
      kind: 'images',
      position: 1,
      id: 'photo2',
      outcome: 'downloaded',
      path: 'downloads/user_example_com/images/photo2.png',
      size: bytes('photo2').length,
    }),
  );
  const ofIds = lines.filter(({ user_email }) => user_email === 'ids@x.com').map(({ outcome }) => outcome);
  expect(ofIds).toEqual(['downloaded', 'duplicate', ...Array<string>(7).fill('failed')]);
  // By hand, since text() takes the mark at the beginning away.
  const csv = Buffer.from(
    await (await client.request('/batch-process-results?format=csv')).arrayBuffer(),
  ).toString();
  expect(csv.startsWith('\ufeffuser_email,kind,position,id,')).toBe(true);
  expect(csv.trimEnd().split('\r\n')).toHaveLength(lines.length + 1);
  const own = await project.read('downloads/ids_x_com/manifest.jsonl');
  expect(own.toString().trimEnd().split('\n')).toHaveLength(9);
});

it('a second run finds everything unchanged and fetches nothing', async () => {
  const before = project.fetched();
  const again = await project.harvest();
  expect(again.results).toMatchObject({ status: 'completed', total_files_downloaded: 0, failed_users: 4 });
  expect(again.results.skipped_unchanged).toBe(results.total_files_downloaded);
  const { 'x/gone.jpg': _gone, ...after } = project.fetched();
  const { 'x/gone.jpg': _then, ...then } = before;
  expect(after).toEqual(then);
  expect(await project.tree()).toEqual(tree);
});
