import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { lectureStages } from '@mediaworks/contracts';
import type { JobContext } from '@mediaworks/jobs';
import { z } from 'zod';

const finishedStages = z.object({ finished: z.array(z.string()) });

/** What a conversion has done so far, kept where any worker finds it. */
export interface Stages {
  /**
   * What `work` makes, or what it made in an earlier try. A stage that is finished is not done again.
   * @param result must survive JSON
   */
  once<T>(name: string, result: z.ZodType<T>, work: () => Promise<T>): Promise<T>;
  /** Keeps a file that a stage made in the job's folder. */
  keep(name: string, contentType: string): Promise<void>;
  /** The path of a kept file in the job's folder, where it is brought if an earlier try made it. */
  file(name: string): Promise<string>;
  /** Forgets all of it. */
  clear(): Promise<void>;
}

/**
 * The checkpoint names the stages that are finished, the store holds their results: a hundred slides and their words are
 * more than a row should carry. A result is stored before its name is written.
 */
export function openStages(lectureId: string, ctx: JobContext): Stages {
  const { store, signal } = ctx;
  const finished = new Set(finishedStages.safeParse(ctx.job.checkpoint).data?.finished);
  const keyOf = (name: string) => `${lectureStages(lectureId)}${name}`;
  const resultKey = (name: string) => keyOf(`${name}.json`);
  const local = (name: string) => join(ctx.tmp, name);

  return {
    once: async (name, result, work) => {
      const key = resultKey(name);
      // It is finished and not there after a try that died while it cleared up.
      if (finished.has(name) && (await store.head(key))) {
        return result.parse(JSON.parse(await text(await store.get(key, { signal }))));
      }
      const made = await work();
      await store.put(key, Buffer.from(JSON.stringify(made)), { contentType: 'application/json', signal });
      finished.add(name);
      await ctx.checkpoint({ finished: [...finished] });
      return made;
    },
    keep: async (name, contentType) => {
      await store.putFile(keyOf(name), local(name), { contentType, signal });
    },
    file: async (name) => {
      const path = local(name);
      if (!existsSync(path)) {
        await pipeline(await store.get(keyOf(name), { signal }), createWriteStream(path), { signal });
      }
      return path;
    },
    clear: async () => {
      // First what says that a stage is finished, so that none is without the files that belong to it.
      for (const name of finished) await store.remove(resultKey(name));
      for await (const { key } of store.list(lectureStages(lectureId))) await store.remove(key);
    },
  };
}
