import { type HarvestKind, harvestKind, PermanentError } from '@mediaworks/contracts';
import { asking, type Project } from './open-project.ts';
import { isDocumentId } from './read-users.ts';

/** An entry of one of a user's lists. */
export interface Listed {
  kind: HarvestKind;
  /** From 0; −1 is the list itself. */
  position: number;
  /** What the list says, as far as it can be told; null for the list itself. */
  id: string | null;
  /** What the media document says; undefined where there is none to look at. */
  storagePath?: unknown;
  /** Why there is nothing to fetch. */
  problem?: { code: string; message: string };
}

const FIELDS: Record<HarvestKind, { list: string; singular: string }> = {
  images: { list: 'imageIds', singular: 'image' },
  voices: { list: 'voiceIds', singular: 'voice' },
};
/** Documents that are asked for at once. */
const LOOK_UP = 100;
const MAX_TOLD = 200;

/**
 * What a user's document lists, and what the media documents say of it.
 * @throws PermanentError `user_missing`; what `asking` throws
 */
export async function readMedia(project: Project, docId: string, signal: AbortSignal): Promise<Listed[]> {
  const user = await asking(
    async () => (await project.firestore()).collection(project.collections.users).doc(docId).get(),
    signal,
  );
  if (!user.exists) throw new PermanentError('user_missing', 'The user is not in the collection any more');
  const listed = harvestKind.options.flatMap((kind) => entriesOf(kind, user.get(FIELDS[kind].list)));
  for (const kind of harvestKind.options) {
    const wanted = listed.filter((entry) => entry.kind === kind && entry.problem === undefined);
    for (let start = 0; start < wanted.length; start += LOOK_UP) {
      await lookUp(project, kind, wanted.slice(start, start + LOOK_UP), signal);
    }
  }
  return listed;
}

function entriesOf(kind: HarvestKind, value: unknown): Listed[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    const message = `${FIELDS[kind].list} is not a list`;
    return [{ kind, position: -1, id: null, problem: { code: 'not_a_list', message } }];
  }
  const seen = new Set<string>();
  return value.map((id: unknown, position): Listed => {
    if (!isDocumentId(id)) {
      const problem = { code: 'invalid_id', message: 'This is no id of a document' };
      return { kind, position, id: told(id), problem };
    }
    if (seen.has(id)) {
      return { kind, position, id, problem: { code: 'duplicate', message: 'The id is in the list already' } };
    }
    seen.add(id);
    return { kind, position, id };
  });
}

async function lookUp(
  project: Project,
  kind: HarvestKind,
  entries: readonly Listed[],
  signal: AbortSignal,
): Promise<void> {
  const documents = await asking(async () => {
    const firestore = await project.firestore();
    const media = firestore.collection(project.collections[kind]);
    const references = entries.map(({ id }) => media.doc(id ?? ''));
    return firestore.getAll(...references, { fieldMask: ['storagePath'] });
  }, signal);
  // By the id: they come in whatever order.
  const byId = new Map(documents.map((document) => [document.id, document]));
  for (const entry of entries) {
    const document = byId.get(entry.id ?? '');
    if (document?.exists === true) entry.storagePath = document.get('storagePath');
    else {
      const message = `Missing ${FIELDS[kind].singular} metadata`;
      entry.problem = { code: 'metadata_missing', message };
    }
  }
}

function told(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return (typeof value === 'string' ? value : `(${typeof value})`).slice(0, MAX_TOLD);
}
