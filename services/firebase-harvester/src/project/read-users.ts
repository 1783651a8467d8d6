import { FieldPath, type QueryDocumentSnapshot } from 'firebase-admin/firestore';
import { asking, type Project } from './open-project.ts';

/** A document of the users' collection. */
export interface UserDocument {
  id: string;
  email: string;
}

export const PAGE = 300;
/** What Firestore takes in one `in`. */
const MOST_IN = 30;

/**
 * A page of the users in the order of their documents' ids, which every kind of Firestore can page by.
 * @param after the last id of the page before; undefined for the first
 */
export async function pageOfUsers(
  project: Project,
  after: string | undefined,
  signal: AbortSignal,
): Promise<UserDocument[]> {
  const { docs } = await asking(async () => {
    const users = (await project.firestore()).collection(project.collections.users);
    const ordered = users.select('email').orderBy(FieldPath.documentId()).limit(PAGE);
    // By a condition: with a cursor that it does not know, an emulator would give the first page for ever.
    return (after === undefined ? ordered : ordered.where(FieldPath.documentId(), '>', after)).get();
  }, signal);
  return docs.map(userOf);
}

/** The users of these e-mail addresses, and the addresses that nobody has. */
export async function usersByEmail(
  project: Project,
  emails: readonly string[],
  signal: AbortSignal,
): Promise<{ users: UserDocument[]; unknown: string[] }> {
  const found = new Map<string, UserDocument>();
  const spellings = [...new Set(emails.flatMap((email) => [email, email.toLowerCase()]))];
  for (let start = 0; start < spellings.length; start += MOST_IN) {
    const batch = spellings.slice(start, start + MOST_IN);
    const documents = await asking(async () => {
      const firestore = await project.firestore();
      const users = firestore.collection(project.collections.users);
      const { docs } = await users.where('email', 'in', batch).select('email').get();
      // Some keep the address as the document's id.
      const named = await firestore.getAll(...batch.filter(isDocumentId).map((id) => users.doc(id)), {
        fieldMask: ['email'],
      });
      return [...docs, ...named.filter((one) => one.exists)];
    }, signal);
    for (const document of documents) found.set(document.id, userOf(document));
  }
  const users = [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const known = new Set(users.flatMap(({ id, email }) => [id, email.toLowerCase(), id.toLowerCase()]));
  const unknown = emails.filter((email) => !known.has(email) && !known.has(email.toLowerCase()));
  return { users, unknown };
}

/** The id, where the document holds no address. */
function userOf(document: Pick<QueryDocumentSnapshot, 'id' | 'get'>): UserDocument {
  const email: unknown = document.get('email');
  return {
    id: document.id,
    email: typeof email === 'string' && email.trim() !== '' ? email.trim() : document.id,
  };
}

/** Whether Firestore takes it as the id of a document. Source: its quotas and limits, "Constraints on document IDs". */
export function isDocumentId(id: unknown): id is string {
  return (
    typeof id === 'string' &&
    id !== '' &&
    id !== '.' &&
    id !== '..' &&
    !id.includes('/') &&
    !/^__.*__$/s.test(id) &&
    Buffer.byteLength(id) <= 1_500 &&
    Buffer.from(id).toString() === id
  );
}
