import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';
import type { AdminChanges } from './schemas.ts';

export interface AdminRow {
  id: string;
  email: string;
  role: 'admin' | 'super_admin';
  status: 'active' | 'inactive';
  description: string;
  added_by: string;
  created_at: Date;
  updated_at: Date;
  last_login: Date | null;
  login_count: number;
}

const columns = sql.raw(
  'id, email, role, status, description, added_by, created_at, updated_at, last_login, login_count',
);

/** Changes come one after another, so that two can't each count on what the other takes away. */
export async function lockAdmins(tx: Executor): Promise<void> {
  await sql`lock table admin_users in share row exclusive mode`.execute(tx);
}

/** The oldest first. */
export async function listAdmins(db: Executor): Promise<AdminRow[]> {
  const { rows } = await sql<AdminRow>`
    select ${columns} from admin_users where removed_at is null order by created_at, id`.execute(db);
  return rows;
}

export async function countRemovedAdmins(db: Executor): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from admin_users where removed_at is not null`.execute(db);
  return rows[0]?.count ?? 0;
}

/** @returns undefined when the address has a row already */
export async function insertAdmin(
  tx: Executor,
  admin: Pick<AdminRow, 'email' | 'role' | 'description' | 'added_by'>,
): Promise<AdminRow | undefined> {
  const { rows } = await sql<AdminRow>`
    insert into admin_users (email, role, description, added_by)
    values (${admin.email}, ${admin.role}, ${admin.description}, ${admin.added_by})
    on conflict (email) where removed_at is null do nothing
    returning ${columns}`.execute(tx);
  return rows[0];
}

export async function changeAdmin(
  tx: Executor,
  id: string,
  changes: AdminChanges,
): Promise<AdminRow | undefined> {
  const { rows } = await sql<AdminRow>`
    update admin_users set role = coalesce(${changes.role ?? null}, role),
      status = coalesce(${changes.status ?? null}, status),
      description = coalesce(${changes.description ?? null}, description), updated_at = now()
    where id = ${id} and removed_at is null returning ${columns}`.execute(tx);
  return rows[0];
}

export async function removeAdmin(tx: Executor, id: string): Promise<AdminRow | undefined> {
  const { rows } = await sql<AdminRow>`
    update admin_users set removed_at = now(), updated_at = now()
    where id = ${id} and removed_at is null returning ${columns}`.execute(tx);
  return rows[0];
}
