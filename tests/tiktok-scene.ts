import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findYtdlp, type Ingredients, startTiktokDouble } from '@mediaworks/local-stack/tiktok';
import { makeVideo, orientedPhoto } from '@mediaworks/media/fixtures';
import { openScene } from './scene.ts';

/** A scene with the double of TikTok, and ingesters that reach nothing else. */
export async function openTiktokScene(settings: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'tiktok-scene-'));
  const [site, ytdlp, video, thumbnail] = await Promise.all([
    startTiktokDouble(),
    findYtdlp(process.env, () => undefined),
    makeVideo(join(folder, 'sample.mp4'), { width: 144, height: 256, seconds: 2 }),
    orientedPhoto(1, 144, 256),
  ]);
  const scene = await openScene(settings);
  const ingredients: Ingredients = { video: await readFile(video), thumbnail };
  const environment = {
    YTDLP_PATH: ytdlp,
    TIKTOK_PROXY: site.proxyUrl,
    TIKTOK_CA_FILE: site.caFile,
    TIKTOK_PAUSE: '50ms',
    TIKTOK_PAUSE_JITTER: '0',
  };
  const put = (student: string, username: string) =>
    scene.client.request(`/tiktok/student/${student}/username`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username }),
    });
  return {
    ...scene,
    scene,
    site,
    ingredients,
    link: put,
    startIngester: (more: NodeJS.ProcessEnv = {}) =>
      scene.startWorker({ ...environment, ...settings, ...more }, 'tiktok-ingester'),
    /** Asks for a download; answers at once. */
    download: <T>(student: string, query = '', prefer = 'respond-async') =>
      scene.client.json<T>(`/tiktok/student/${student}/download${query}`, {
        method: 'POST',
        headers: { prefer },
      }),
    close: async () => {
      await scene.close();
      await site.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type TiktokScene = Awaited<ReturnType<typeof openTiktokScene>>;
