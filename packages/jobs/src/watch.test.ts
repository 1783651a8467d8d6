import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type KyselyPlugin, sql } from 'kysely';
import { insertJobs, newJob } from './enqueue.ts';
import type { Signals } from './signals.ts';
import { silentLog as log } from './testing/silent-log.ts';
import { openStage, type Stage } from './testing/stage.ts';
import type { JobRow } from './views.ts';
import { startWatch } from './watch.ts';

jest.setTimeout(15_000);

describe('a watched job', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ sweepIntervalMs: 60_000 });
  });
  afterAll(() => stage.close());

  /** A job with so many children, none of which runs. */
  const parentOf = async (count: number): Promise<string> => {
    const make = () => newJob('media.purge', { keys: [], prefixes: [] }, { ownerId: stage.owner });
    const [parent, ...children] = Array.from({ length: count + 1 }, make);
    if (!parent) throw new Error('there is no parent');
    await insertJobs(stage.db, [parent, ...children]);
    const ids = children.map(({ id }) => id);
    await sql`update jobs set parent_id = ${parent.id} where id = any(${ids}::uuid[])`.execute(stage.db);
    await sql`update jobs set has_children = true, status = 'completed', finished_at = now()
      where id = ${parent.id}`.execute(stage.db);
    return parent.id;
  };
  const change = (parent: string) =>
    sql`update jobs set version = version + 1
      where id = (select id from jobs where parent_id = ${parent} limit 1)`.execute(stage.db);

  /** A watch that counts how often it reads whole jobs. */
  const openWatch = () => {
    const heard = new EventEmitter();
    let reads = 0;
    const counting: KyselyPlugin = {
      transformQuery: ({ node }) => {
        if (JSON.stringify(node).includes('json_build_object')) reads++;
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    };
    const signals: Signals = {
      ...stage.signals,
      listen: (listener) => {
        heard.on('signal', listener);
        return () => heard.off('signal', listener);
      },
    };
    const watch = startWatch({ db: stage.db.withPlugin(counting), signals, log });
    return {
      ...watch,
      reads: () => reads,
      changed: (id: string) => heard.emit('signal', { changed: [id] }),
    };
  };

  it('of very many children is read as often as it is told, and not at each change', async () => {
    const id = await parentOf(120);
    const watch = openWatch();
    const told = new EventEmitter();
    const next = async () => ((await once(told, 'job')) as [JobRow])[0];
    const unwatch = watch.watch(id, 0, (job) => told.emit('job', job));

    const first = await next();
    expect(first).toMatchObject({ status: 'processing', children: { queued: 120 } });
    for (let n = 1; n <= 3; n++) {
      const telling = next();
      await change(id);
      watch.changed(id);
      expect((await telling).version).toBe(first.version + n);
      expect(watch.reads()).toBe(n + 1);
    }
    unwatch();
    watch.stop();
  });

  const end = (parent: string) =>
    sql`update jobs set status = 'completed', finished_at = now() where parent_id = ${parent}`.execute(
      stage.db,
    );
  const endOf = (watch: ReturnType<typeof openWatch>, id: string) =>
    new Promise<JobRow>((resolve) => watch.whenEnded(id, resolve));

  it('is told once it has ended, and read once, to whoever waits for that alone', async () => {
    const id = await parentOf(30);
    const watch = openWatch();
    let told = 0;
    const waiting = [endOf(watch, id), endOf(watch, id)];
    watch.whenEnded(id, () => told++);
    const leave = watch.whenEnded(id, () => (told += 100));
    for (let n = 0; n < 3; n++) {
      await change(id);
      watch.changed(id);
    }
    expect([told, watch.reads()]).toEqual([0, 0]);

    leave();
    await end(id);
    watch.changed(id);
    const [first, second] = await Promise.all(waiting);
    expect(first).toMatchObject({ status: 'completed', children: { completed: 30, queued: 0 } });
    expect(second).toBe(first);
    expect([told, watch.reads()]).toEqual([1, 1]);
    watch.stop();
  });

  it('is told of at once to whoever comes when it has ended, and late where the signal was missed', async () => {
    const id = await parentOf(1);
    const watch = openWatch();
    const waiting = endOf(watch, id);
    await end(id);
    expect((await waiting).status).toBe('completed');
    expect((await endOf(watch, id)).status).toBe('completed');
    watch.stop();
  });
});
