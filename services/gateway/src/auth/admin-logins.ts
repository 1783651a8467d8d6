import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';
import type { Person } from './roles.ts';

/** Notes that an admin signed in; does nothing for anybody else. */
export async function noteLogin(db: Executor, { email, emailVerified }: Person): Promise<void> {
  if (!emailVerified || email === null) return;
  await sql`
    update admin_users set last_login = now(), login_count = login_count + 1
    where email = ${email.toLowerCase()} and removed_at is null`.execute(db);
}
