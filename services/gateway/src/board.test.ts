import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { addJob, bearer, openGateway, OPERATOR_TOKEN, tokenFor, userIdOf } from './testing/open-gateway.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());

const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
});
const board = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${gateway.url}/queues${path}`, { headers, method });

it('opens to admins, by Bearer or by the browser’s own form', async () => {
  expect((await board('/', bearer(OPERATOR_TOKEN))).status).toBe(200);
  const page = await board('/', basic(OPERATOR_TOKEN));
  expect(page.status).toBe(200);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(await page.text()).toContain('Mediaworks');
});

it('has the browser ask who is there', async () => {
  for (const headers of [{}, basic('wrong'), basic('')]) {
    const answer = await board('/api/queues', headers);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic/);
  }
  expect((await board('/api/queues', basic(await tokenFor('alice')))).status).toBe(403);
});

it('shows which job and run a delivery is, and never its input', async () => {
  await fetch(`${gateway.url}/api/jobs`, { headers: bearer(OPERATOR_TOKEN) });
  const queue = [...gateway.deps.dispatcher.queues.values()][0];
  if (!queue) throw new Error('no queue');
  const id = await addJob(gateway, await userIdOf(gateway, 'static-token'));
  const look = async () =>
    (await board(`/api/queues?activeQueue=${queue.name}`, bearer(OPERATOR_TOKEN))).text();
  let text = '';
  while (!text.includes(id)) text = await look();
  expect(text).not.toContain('secret-');
  const { queues } = JSON.parse(text) as { queues: { readOnlyMode: boolean; jobs: { data: unknown }[] }[] };
  expect(queues.every((shown) => shown.readOnlyMode)).toBe(true);
  expect(queues.flatMap((shown) => shown.jobs.map((job) => job.data))).toContainEqual({ id, run: 1 });
});

it('takes nothing that would change a job behind the ledger’s back', async () => {
  const queue = [...gateway.deps.dispatcher.queues.keys()][0] ?? '';
  for (const path of [
    `/api/queues/${queue}/pause`,
    `/api/queues/${queue}/obliterate`,
    `/api/queues/${queue}/add`,
  ]) {
    for (const method of ['PUT', 'POST', 'DELETE']) {
      expect((await board(path, bearer(OPERATOR_TOKEN), method)).status).toBe(405);
    }
  }
  expect(await [...gateway.deps.dispatcher.queues.values()][0]?.isPaused()).toBe(false);
});
