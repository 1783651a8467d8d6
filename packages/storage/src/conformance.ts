import { describeGets } from './conformance/gets.ts';
import { describeKeys } from './conformance/keys.ts';
import { describeMemory } from './conformance/memory.ts';
import { describePuts } from './conformance/puts.ts';
import { describeRaces } from './conformance/races.ts';
import { describeSignedUrls } from './conformance/signed-urls.ts';
import type { Bench, ConformanceOptions, Subject, TestApi } from './conformance/subject.ts';

export type { ConformanceOptions, Opened, ServerPromise, Subject, TestApi } from './conformance/subject.ts';

/**
 * Declares the tests that every adapter of `ObjectStore` passes.
 * @param api jest's globals, from `@jest/globals`
 * @param name of the adapter, for the titles
 */
export function describeObjectStore(api: TestApi, name: string, options: ConformanceOptions): void {
  const { describe, expect, beforeAll, afterAll } = api;
  describe(`${name} is an object store`, () => {
    let subject: Subject | undefined;
    beforeAll(async () => {
      subject = await options.open();
    });
    afterAll(async () => {
      await subject?.close();
    });
    const opened = (): Subject => {
      if (!subject) throw new Error('The store was not opened');
      return subject;
    };
    const bench: Bench = {
      ...api,
      store: () => opened().store,
      subject: opened,
      lacks: (promise) => options.serverLacks?.[promise],
      expectCode: async (work, code) => {
        await expect(work).rejects.toMatchObject({ name: 'StorageError', code });
      },
    };
    describePuts(bench);
    describeGets(bench);
    describeKeys(bench);
    describeRaces(bench);
    describeSignedUrls(bench);
    describeMemory(bench);
  });
}
