import type { Database } from '@mediaworks/database';
import { type Kysely, sql } from 'kysely';

/** Empties every table but the users' and the migrations'. */
export async function wipe(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ tables: string }>`
    select string_agg(quote_ident(tablename), ', ') as tables from pg_tables
    where schemaname = current_schema() and tablename not in ('users', 'schema_migrations')`.execute(db);
  await sql`truncate ${sql.raw(rows[0]?.tables ?? '')}`.execute(db);
}
