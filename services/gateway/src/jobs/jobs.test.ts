import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobPage, jobView } from '@mediaworks/contracts';
import {
  addJob,
  bearer,
  moveJob,
  openGateway,
  OPERATOR_TOKEN,
  tokenFor,
  userIdOf,
} from '../testing/open-gateway.ts';
import { eventsOf } from '../testing/job-events.ts';

let gateway: Awaited<ReturnType<typeof openGateway>>;
let alice: { headers: Record<string, string>; id: number };
let bob: { headers: Record<string, string>; id: number };
const operator = bearer(OPERATOR_TOKEN);

beforeAll(async () => {
  gateway = await openGateway();
  const enter = async (uid: string) => {
    const headers = bearer(await tokenFor(uid));
    await fetch(`${gateway.url}/api/jobs`, { headers });
    return { headers, id: await userIdOf(gateway, uid) };
  };
  alice = await enter('alice');
  bob = await enter('bob');
});
afterAll(() => gateway.close());

const ask = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
  fetch(new URL(path, gateway.url), {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

describe('isolation', () => {
  it.each([
    ['GET', ''],
    ['GET', '/events'],
    ['POST', '/cancel'],
    ['POST', '/retry'],
  ])("%s %s of another's job is 404, as of one that does not exist", async (method, suffix) => {
    const id = await addJob(gateway, alice.id, 'failed');
    const theirs = await ask(method, `/api/jobs/${id}${suffix}`, bob.headers);
    const nobodys = await ask(method, `/api/jobs/00000000-0000-4000-8000-000000000000${suffix}`, bob.headers);
    const impossible = await ask(method, `/api/jobs/nonsense${suffix}`, bob.headers);
    const without = async (answer: Response) => ({ ...((await answer.json()) as object), request_id: '' });
    expect([theirs.status, nobodys.status, impossible.status]).toEqual([404, 404, 404]);
    expect(await without(theirs)).toEqual(await without(nobodys));
    expect(jobView.parse(await (await ask('GET', `/api/jobs/${id}`, operator)).json()).run).toBe(1);
  });

  it('shows the owner its own, input included, and an admin all', async () => {
    const id = await addJob(gateway, alice.id);
    const own = jobView.parse(await (await ask('GET', `/api/jobs/${id}/`, alice.headers)).json());
    expect(own).toMatchObject({ id, status: 'queued', input: { keys: [expect.stringMatching(/^secret-/)] } });
    const ids = async (headers: Record<string, string>) =>
      jobPage
        .parse(await (await ask('GET', '/api/jobs?limit=200', headers)).json())
        .jobs.map((job) => job.id);
    expect(await ids(operator)).toContain(id);
    expect(await ids(alice.headers)).toContain(id);
    expect(await ids(bob.headers)).not.toContain(id);
  });
});

describe('the list', () => {
  it('pages by keyset without a gap or a repeat, and filters', async () => {
    const carol = bearer(await tokenFor('carol'));
    await ask('GET', '/api/jobs', carol);
    const carolId = await userIdOf(gateway, 'carol');
    const made = await Promise.all(Array.from({ length: 7 }, () => addJob(gateway, carolId)));
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = jobPage.parse(await (await ask('GET', `/api/jobs?limit=3${query}`, carol)).json());
      seen.push(...page.jobs.map((job) => job.id));
      cursor = page.next_cursor;
    }
    expect(seen.length).toBe(7);
    expect(new Set(seen)).toEqual(new Set(made));
    const none = jobPage.parse(await (await ask('GET', '/api/jobs?status=failed', carol)).json());
    expect(none.jobs).toEqual([]);
  });

  it.each(['limit=0', 'limit=201', 'status=odd', 'cursor=!!', 'cursor=YWJj'])(
    'refuses ?%s',
    async (query) => {
      expect((await ask('GET', `/api/jobs?${query}`, operator)).status).toBe(400);
    },
  );
});

describe('cancel and retry', () => {
  it('cancels once, and notes who did', async () => {
    const id = await addJob(gateway, alice.id);
    const first = await ask('POST', `/api/jobs/${id}/cancel`, alice.headers, { reason: 'enough' });
    expect(first.status).toBe(200);
    expect(jobView.parse(await first.json())).toMatchObject({
      status: 'cancelled',
      error: { message: 'enough' },
    });
    expect((await ask('POST', `/api/jobs/${id}/cancel`, alice.headers)).status).toBe(409);
    const noted = await gateway.deps.db
      .selectFrom('audit_log')
      .selectAll()
      .where('subject', '=', id)
      .execute();
    expect(noted).toMatchObject([
      { actor_id: alice.id, action: 'job.cancel', details: { reason: 'enough' } },
    ]);
  });

  it('runs a failed job again, once, and notes who asked', async () => {
    const id = await addJob(gateway, alice.id, 'failed');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        ask('POST', `/api/jobs/${id}/retry`, { ...alice.headers, 'x-request-id': 'r-1' }),
      ),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409, 409, 409, 409]);
    const accepted = answers.find((answer) => answer.status === 202);
    expect(accepted?.headers.get('location')).toBe(`${gateway.url}/api/jobs/${id}`);
    expect(await accepted?.json()).toMatchObject({ job_id: id, status: 'queued' });
    expect(jobView.parse(await (await ask('GET', `/api/jobs/${id}`, alice.headers)).json()).run).toBe(2);
    const noted = await gateway.deps.db
      .selectFrom('audit_log')
      .selectAll()
      .where('subject', '=', id)
      .execute();
    expect(noted).toMatchObject([
      { actor_id: alice.id, action: 'job.retry', request_id: 'r-1', details: { run: 2 } },
    ]);
  });

  it('does not run what is not over', async () => {
    const id = await addJob(gateway, alice.id);
    const answer = await ask('POST', `/api/jobs/${id}/retry`, alice.headers);
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ code: 'not_retryable' });
  });

  it("tells a stranger nothing even in the batch that serves the owner's wish", async () => {
    const id = await addJob(gateway, alice.id, 'failed');
    const [own, strange] = await Promise.all([
      ask('POST', `/api/jobs/${id}/retry`, alice.headers),
      ask('POST', `/api/jobs/${id}/retry`, bob.headers),
    ]);
    expect([own.status, strange.status]).toEqual([202, 404]);
  });
});

describe('events', () => {
  it('tells status, progress and one end, and then ends', async () => {
    const id = await addJob(gateway, alice.id);
    const response = await ask('GET', `/api/jobs/${id}/events`, alice.headers);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const names: string[] = [];
    const ids: number[] = [];
    for await (const event of eventsOf(response)) {
      names.push(event.name);
      ids.push(event.id);
      if (event.data.status === 'queued') await moveJob(gateway, id, 'processing', 10);
      else if (event.data.progress.percent === 10) await moveJob(gateway, id, 'processing', 60);
      else if (event.data.progress.percent === 60) await moveJob(gateway, id, 'completed', 100);
    }
    expect(names).toEqual(['status', 'status', 'progress', 'completed']);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });

  it('resumes after what was seen, and tells a browser to stay away after the end', async () => {
    const id = await addJob(gateway, alice.id, 'processing');
    const first = await eventsOf(await ask('GET', `/api/jobs/${id}/events`, alice.headers)).next();
    if (first.done === true) throw new Error('no event');
    const seen = String(first.value.id);
    const resumed = await ask('GET', `/api/jobs/${id}/events`, { ...alice.headers, 'last-event-id': seen });
    await moveJob(gateway, id, 'failed');
    const rest = [];
    for await (const event of eventsOf(resumed)) rest.push(event);
    expect(rest.map((event) => event.name)).toEqual(['failed']);
    const last = String(rest[0]?.id);
    const again = await ask('GET', `/api/jobs/${id}/events`, { ...alice.headers, 'last-event-id': last });
    expect(again.status).toBe(204);
  });

  it('opens by its signed address alone, for that job alone, as long as it is good', async () => {
    const id = await addJob(gateway, alice.id, 'completed');
    const other = await addJob(gateway, alice.id, 'completed');
    const { links } = jobView.parse(await (await ask('GET', `/api/jobs/${id}`, alice.headers)).json());
    const signed = await ask('GET', links.events, {});
    expect(signed.status).toBe(200);
    const events = [];
    for await (const event of eventsOf(signed)) events.push(event.name);
    expect(events).toEqual(['completed']);
    const query = new URL(links.events).search;
    const later = new URLSearchParams(query);
    later.set('expires', String(Number(later.get('expires')) + 60));
    const past = new URLSearchParams(query);
    past.set('expires', '1000');
    for (const path of [
      `${other}/events${query}`,
      `${id}/events?${later.toString()}`,
      `${id}/events?${past.toString()}`,
      `${id}${query}`,
    ]) {
      expect((await ask('GET', `/api/jobs/${path}`, {})).status).toBe(401);
    }
  });

  it('ends when the gateway does', async () => {
    const second = await gateway.house.start();
    const id = await addJob(gateway, alice.id);
    const stream = eventsOf(await fetch(`${second.url}/api/jobs/${id}/events`, { headers: alice.headers }));
    await stream.next();
    const [next] = await Promise.all([stream.next(), second.stop(5_000)]);
    expect(next.done).toBe(true);
  });
});
