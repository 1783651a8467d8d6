import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';
import { BoundedCache } from '../bounded-cache.ts';

export interface UserRow {
  id: number;
  username: string;
}

/** The row of `users` for a uid, made when there is none; remembered, so that a caller who is known costs no query. */
export function createUserDirectory(db: Executor) {
  const known = new BoundedCache<UserRow>(10_000);
  return async (given: { uid: string; username: string; email: string | null }): Promise<UserRow> => {
    const cached = known.get(given.uid);
    if (cached) return cached;
    const user = await findOrInsert(db, given);
    known.set(given.uid, user, Number.POSITIVE_INFINITY);
    return user;
  };
}

export type UserDirectory = ReturnType<typeof createUserDirectory>;

async function findOrInsert(
  db: Executor,
  { uid, username, email }: { uid: string; username: string; email: string | null },
): Promise<UserRow> {
  const find = async () => {
    const { rows } = await sql<UserRow>`select id, username from users where uid = ${uid}`.execute(db);
    return rows[0];
  };
  const found = await find();
  if (found) return found;
  await sql`insert into users (uid, username, email) values (${uid}, ${username}, ${email})
            on conflict (uid) do nothing`.execute(db);
  const made = await find();
  if (!made) throw new Error('the user was removed while it was made');
  return made;
}

/** Follows an address that changed where its owner signs in. */
export async function noteEmail(db: Executor, userId: number, email: string): Promise<void> {
  await sql`update users set email = ${email} where id = ${userId} and email is distinct from ${email}`.execute(
    db,
  );
}
