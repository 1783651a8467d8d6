import { asError } from '@mediaworks/runtime';
import { StorageError } from '@mediaworks/storage';
import type { Request, Response } from 'express';
import multer from 'multer';
import type { Readable } from 'node:stream';
import { ApiError } from '../api-error.ts';
import { limitBody } from './limit-body.ts';

/** A file of a form, as it comes. */
export interface FilePart {
  /** Of the form's field. */
  name: string;
  /** As the client calls it: not to be trusted. */
  filename: string;
  body: Readable;
}

export interface FormPlan<Taken> {
  /** The fields that may be files, each once; without the first there is nothing to do. */
  fileParts: readonly [string, ...string[]];
  /** How often the first of them may come; once by default. */
  most?: number;
  /** What is said when it is missing, or comes too often. */
  words?: { missing: string; tooMany: string };
  /** Most bytes of all files together. */
  maxBytes: number;
  /** Reads a file to its end. When it throws, it has left nothing behind. */
  take: (part: FilePart) => Promise<Taken>;
  /** Undoes it, when the form is refused as a whole. */
  giveBack: (taken: Taken) => Promise<void>;
}

export interface ReceivedForm<Taken> {
  /** By part; the first is there. Of a part that comes again and again, the last. */
  files: ReadonlyMap<string, Taken>;
  /** All of them, in the order in which they came. */
  inOrder: readonly Taken[];
  /** The other parts of the form, not checked yet. */
  fields: Record<string, unknown>;
}

/** What a form may weigh beside its files. */
const FORM_BYTES = 2 ** 20;
/** With less than this, every chunk of the socket waits for the one before it to be on the disk. */
const FILE_BUFFER_BYTES = 512 * 1024;

/**
 * Streams the files of a form to where they go, in bounded memory. When this rejects, nothing of them is left.
 * @throws ApiError 400 | 413, what `take` throws
 */
export async function receiveForm<Taken>(
  req: Request,
  res: Response,
  plan: FormPlan<Taken>,
): Promise<ReceivedForm<Taken>> {
  limitBody(req, plan.maxBytes + FORM_BYTES);
  const [required, ...others] = plan.fileParts;
  const most = plan.most ?? 1;
  const engine = new TakingEngine(plan);
  const count = most + others.length;
  const receive = multer({
    storage: engine,
    defParamCharset: 'utf8',
    fileHwm: FILE_BUFFER_BYTES,
    limits: {
      ...{ files: count, fields: 20, parts: 20 + count },
      ...{ fieldNameSize: 100, fieldSize: 4_096, headerPairs: 50 },
    },
  } as multer.Options).fields([
    { name: required, maxCount: most },
    ...others.map((name) => ({ name, maxCount: 1 })),
  ]);

  await new Promise<void>((resolve, reject) => {
    // Multer reads a refused body to its end before it says so; whoever waits should hear as soon as nothing is left.
    engine.onRefused = reject;
    receive(req, res, (error: unknown) => {
      if (error === undefined || error === null) resolve();
      // Whoever takes the files knows better than multer why a stream broke off: what it says comes first.
      else void Promise.allSettled(engine.taking).then(() => engine.refuse(asRefusal(error, plan)));
    });
  });
  const inOrder = [...engine.taken].sort(([a], [b]) => a - b).map(([, file]) => file);
  const files = new Map(inOrder.map(({ name, taken }) => [name, taken]));
  if (!files.has(required)) {
    await Promise.all(inOrder.map(({ taken }) => plan.giveBack(taken)));
    throw missingFile(plan);
  }
  return {
    files,
    inOrder: inOrder.map(({ taken }) => taken),
    fields: { ...(req.body as Record<string, unknown>) },
  };
}

/** Multer's port to where files go. One for each request. */
class TakingEngine<Taken> implements multer.StorageEngine {
  /** By the number of the file in the form. */
  readonly taken = new Map<number, { name: string; taken: Taken }>();
  #files = 0;
  /** Settles when nothing is being written any more. */
  readonly taking: Promise<void>[] = [];
  readonly #coming = new Set<Readable>();
  #refusal: Error | undefined;
  /** Told of the first refusal, once nothing of the form is left. */
  onRefused: (error: Error) => void = () => undefined;

  constructor(private readonly plan: FormPlan<Taken>) {}

  _handleFile(
    _req: Request,
    file: Express.Multer.File,
    done: (error?: unknown, info?: Partial<Express.Multer.File>) => void,
  ): void {
    if (this.#refusal) {
      done(this.#refusal);
      return;
    }
    const n = this.#files++;
    this.#coming.add(file.stream);
    const part = { name: file.fieldname, filename: file.originalname, body: file.stream };
    const taking = this.plan
      .take(part)
      .finally(() => this.#coming.delete(file.stream))
      .then(
        (taken) => {
          this.taken.set(n, { name: file.fieldname, taken });
          // Multer hands a copy of what it knows to _removeFile: the number is how we know it again.
          done(null, { size: n });
        },
        (error: unknown) => {
          const refusal = asRefusal(error, this.plan);
          this.refuse(refusal);
          // What is left of the part must go somewhere, or the rest of the form never comes.
          file.stream.resume();
          done(refusal);
        },
      );
    this.taking.push(taking);
  }

  /** Breaks off what is still coming and gives back what was taken. Only the first refusal counts. */
  refuse(refusal: Error): void {
    if (this.#refusal) return;
    this.#refusal = refusal;
    for (const stream of this.#coming) stream.destroy(refusal);
    void this.#giveBackAll().then(() => this.onRefused(refusal), this.onRefused);
  }

  async #giveBackAll(): Promise<void> {
    await Promise.allSettled(this.taking);
    const taken = [...this.taken.values()];
    this.taken.clear();
    await Promise.all(taken.map((file) => this.plan.giveBack(file.taken)));
  }

  _removeFile(_req: Request, file: Express.Multer.File, done: (error: Error | null) => void): void {
    const found = this.taken.get(file.size);
    this.taken.delete(file.size);
    if (found === undefined) {
      done(null);
      return;
    }
    this.plan.giveBack(found.taken).then(
      () => done(null),
      (error: unknown) => done(asError(error)),
    );
  }
}

function missingFile({
  fileParts: [required],
  words,
}: Pick<FormPlan<unknown>, 'fileParts' | 'words'>): ApiError {
  const message = words?.missing ?? `No file was submitted: expected a part named ${required}`;
  return new ApiError(400, 'missing_file', message);
}

/** What multer, busboy and the store say, as an answer. What nobody foresaw stays what it is. */
function asRefusal(error: unknown, plan: Pick<FormPlan<unknown>, 'fileParts' | 'most' | 'words'>): Error {
  const [required] = plan.fileParts;
  if (error instanceof ApiError || error instanceof StorageError) return error;
  if (error instanceof multer.MulterError) {
    switch (error.code) {
      case 'LIMIT_FIELD_VALUE':
      case 'LIMIT_FILE_SIZE':
        return new ApiError(413, 'too_large', `${error.message}: ${error.field ?? ''}`, { cause: error });
      case 'LIMIT_UNEXPECTED_FILE':
      case 'LIMIT_FILE_COUNT':
        if (plan.words) {
          const unknown = error.field !== undefined && !plan.fileParts.includes(error.field);
          return unknown ? missingFile(plan) : new ApiError(400, 'too_many_files', plan.words.tooMany);
        }
        return new ApiError(400, 'unexpected_file', `Expected one file, in a part named ${required}`, {
          cause: error,
        });
      default:
        return new ApiError(400, 'malformed_form', error.message, { cause: error });
    }
  }
  const { message } = asError(error);
  return BROKEN_FORM.test(message)
    ? new ApiError(400, 'malformed_form', message, { cause: error })
    : asError(error);
}

/** busboy has messages alone, no codes. */
const BROKEN_FORM =
  /^(Unexpected end of (form|file)|Malformed |Multipart: |Request (aborted|closed|error)|The upload was cut off|Unsupported content type|Missing Content-Type|aborted)/;
