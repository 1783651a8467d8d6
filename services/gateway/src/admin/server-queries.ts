import type { Executor } from '@mediaworks/jobs';
import { sql } from 'kysely';

export interface ServerRow {
  id: string;
  name: string;
  url: string;
  type: string;
  description: string;
  status: 'active' | 'inactive';
  created_at: Date;
  updated_at: Date;
  healthy: boolean | null;
  response_ms: number | null;
  health_error: string | null;
  checked_at: Date | null;
}

export type GivenServer = Pick<ServerRow, 'name' | 'url' | 'type' | 'description' | 'status'>;
/** What is undefined stays. */
export type ServerChanges = { [K in keyof GivenServer]?: GivenServer[K] | undefined };

/** Everything that was registered by hand, the oldest first. */
export async function listServers(db: Executor): Promise<ServerRow[]> {
  const { rows } = await sql<ServerRow>`select * from admin_servers order by created_at, id`.execute(db);
  return rows;
}

export async function insertServer(tx: Executor, server: GivenServer): Promise<ServerRow | undefined> {
  const { rows } = await sql<ServerRow>`
    insert into admin_servers (name, url, type, description, status)
    values (${server.name}, ${server.url}, ${server.type}, ${server.description}, ${server.status})
    returning *`.execute(tx);
  return rows[0];
}

/** Under a new address it is another server, of whose health nothing is known. */
export async function changeServer(
  tx: Executor,
  id: string,
  { name, url, type, description, status }: ServerChanges,
): Promise<ServerRow | undefined> {
  const moved = sql`${url ?? null}::text is not null and ${url ?? null}::text <> url`;
  const { rows } = await sql<ServerRow>`
    update admin_servers set name = coalesce(${name ?? null}, name), url = coalesce(${url ?? null}, url),
      type = coalesce(${type ?? null}, type), description = coalesce(${description ?? null}, description),
      status = coalesce(${status ?? null}, status), updated_at = now(),
      healthy = case when ${moved} then null else healthy end,
      response_ms = case when ${moved} then null else response_ms end,
      health_error = case when ${moved} then null else health_error end,
      checked_at = case when ${moved} then null else checked_at end
    where id = ${id} returning *`.execute(tx);
  return rows[0];
}

export async function removeServer(tx: Executor, id: string): Promise<ServerRow | undefined> {
  const { rows } = await sql<ServerRow>`delete from admin_servers where id = ${id} returning *`.execute(tx);
  return rows[0];
}

export interface Health {
  healthy: boolean;
  response_ms: number;
  health_error: string | null;
}

/** Writes what a look at a server found, unless it has another address by now. */
export async function noteHealth(db: Executor, { id, url }: ServerRow, health: Health): Promise<void> {
  await sql`
    update admin_servers set healthy = ${health.healthy}, response_ms = ${health.response_ms},
      health_error = ${health.health_error}, checked_at = now()
    where id = ${id} and url = ${url}`.execute(db);
}
