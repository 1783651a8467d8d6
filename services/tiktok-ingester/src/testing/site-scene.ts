import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bringYtdlp,
  type Ingredients,
  startTiktokDouble,
  type YtdlpSource,
} from '@mediaworks/local-stack/tiktok';
import { makeVideo, orientedPhoto } from '@mediaworks/media/fixtures';
import type { YtdlpSettings } from '../env.ts';
import { locateYtdlp, type YtdlpProgram } from '../ytdlp/index.ts';

/** A small upright video with sound, and a picture. */
async function makeIngredients(folder: string): Promise<Ingredients> {
  const path = await makeVideo(join(folder, 'sample.mp4'), { width: 144, height: 256, seconds: 2 });
  return { video: await readFile(path), thumbnail: await orientedPhoto(1, 144, 256) };
}

/** The sources that this machine has a yt-dlp from. @throws Error when there is none */
export async function availableYtdlp(): Promise<YtdlpSource[]> {
  const sources: YtdlpSource[] = ['debian', 'pinned'];
  const brought = await Promise.allSettled(sources.map((source) => bringYtdlp(source, () => undefined)));
  const available = sources.filter((_source, index) => brought[index]?.status === 'fulfilled');
  if (available.length === 0) throw new Error('There is no yt-dlp to test with');
  return available;
}

/** The site's double, settings that lead to it, and folders for what is fetched. */
export async function openSite(given?: YtdlpSource) {
  const [source = 'debian'] = given === undefined ? await availableYtdlp() : [given];
  const root = await mkdtemp(join(tmpdir(), 'tiktok-test-'));
  const path = await bringYtdlp(source, () => undefined);
  const program: YtdlpProgram = await locateYtdlp(path)();
  const site = await startTiktokDouble();
  const settings: YtdlpSettings = {
    proxy: site.proxyUrl,
    caFile: site.caFile,
    cookiesFile: undefined,
    impersonate: undefined,
    format: 'best[ext=mp4]/best',
    maxVideoBytes: 50 * 2 ** 20,
    timeoutMs: 60_000,
    socketTimeoutMs: 5_000,
    rateLimitPauseMs: 300_000,
  };
  return {
    ...site,
    site,
    root,
    path,
    program,
    settings,
    ingredients: await makeIngredients(root),
    newFolder: () => mkdtemp(join(root, 'run-')),
    close: async () => {
      await site.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export type Site = Awaited<ReturnType<typeof openSite>>;
