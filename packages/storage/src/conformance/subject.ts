import type { ObjectStore, StorageErrorCode } from '../object-store.ts';

/** What the suite needs of jest, which whoever runs it hands in. */
export type TestApi = Pick<
  typeof import('@jest/globals'),
  'describe' | 'it' | 'expect' | 'beforeAll' | 'afterAll'
>;

/** What somebody gets who opens an address. */
export interface Opened {
  status: number;
  body: Buffer;
  /** Content-Disposition. */
  disposition: string;
}

/** A store of the adapter, empty, and what can only be told from outside of it. */
export interface Subject {
  store: ObjectStore;
  /** Opens a signed address as a client does, at a time in Unix ms. */
  openUrl(url: string, now: number): Promise<Opened>;
  /** Everything that is kept beside the objects and waits for something: temporary files and keys, parts of uploads. */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * What an adapter leaves to its server, and the server of a test may lack:
 * - `whole_objects`: an object appears in one step, and readers keep the one they opened;
 * - `signatures`: signed addresses are checked;
 * - `ending_uploads`: parts of an upload can be discarded;
 * - `key_order`: keys are listed in byte order.
 */
export type ServerPromise = 'whole_objects' | 'signatures' | 'ending_uploads' | 'key_order';

export interface ConformanceOptions {
  open(): Promise<Subject>;
  /** The promises that the test's server does not keep, each with how; they are then not expected of the adapter. */
  serverLacks?: Partial<Record<ServerPromise, string>>;
}

/** What each part of the suite works with. */
export interface Bench extends TestApi {
  store(): ObjectStore;
  subject(): Subject;
  /** Why the server does not keep this promise, if so. */
  lacks(promise: ServerPromise): string | undefined;
  expectCode(work: Promise<unknown>, code: StorageErrorCode): Promise<void>;
}
