import type pg from 'pg';
import { type Reply, restError } from './reply.ts';

type Row = Record<string, unknown>;

const NAME = /^[a-z_][a-z0-9_]*$/;
const RESERVED = new Set(['select', 'order', 'offset', 'limit', 'on_conflict', 'columns']);

/** @throws Error for what is no name */
function name(text: string): string {
  if (!NAME.test(text)) throw new Error(`not a name: ${text}`);
  return `"${text}"`;
}

/** What PostgREST does with a request for `/rest/v1/{table}`, as far as the keeper goes, over the real Postgres. */
export async function answerRest(
  client: pg.ClientBase,
  request: { method: string; table: string; query: URLSearchParams; prefer: string; body: unknown },
): Promise<Reply> {
  try {
    if (request.method === 'GET') return { status: 200, body: await select(client, request) };
    if (request.method !== 'POST') return restError(405, 'PGRST117', 'Unsupported HTTP method');
    const rows = await upsert(client, request);
    return request.prefer.includes('return=representation') ? { status: 201, body: rows } : { status: 201 };
  } catch (error) {
    return inRestWords(error, request.table);
  }
}

async function select(
  client: pg.ClientBase,
  { table, query }: { table: string; query: URLSearchParams },
): Promise<Row[]> {
  const values: unknown[] = [];
  const conditions = [...query]
    .filter(([key]) => !RESERVED.has(key))
    .map(([key, given]) => {
      const [, operator, operand = ''] = /^(eq|in)\.(.*)$/s.exec(given) ?? [];
      if (operator === undefined) throw new Error(`unknown filter ${given}`);
      values.push(operator === 'eq' ? operand : listOf(operand));
      return operator === 'eq' ? `${name(key)} = $${values.length}` : `${name(key)} = any($${values.length})`;
    });
  const order = (query.get('order') ?? '').split(',').filter(Boolean).map(orderOf);
  const { rows } = await client.query<Row>(
    `select ${columnsOf(query)} from public.${name(table)}` +
      (conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`) +
      (order.length === 0 ? '' : ` order by ${order.join(', ')}`) +
      ` limit ${Math.min(Number(query.get('limit') ?? 1_000), 1_000)} offset ${Number(query.get('offset') ?? 0)}`,
    values,
  );
  return rows;
}

async function upsert(
  client: pg.ClientBase,
  request: { table: string; query: URLSearchParams; body: unknown },
): Promise<Row[]> {
  const given = [request.body].flat() as Row[];
  const table = `public.${name(request.table)}`;
  const columns = Object.keys(given[0] ?? {}).map(name);
  const conflict = request.query.get('on_conflict');
  const merge =
    conflict === null
      ? ''
      : ` on conflict (${name(conflict)}) do update set ${columns.map((one) => `${one} = excluded.${one}`).join(', ')}`;
  const { rows } = await client.query<Row>(
    `insert into ${table} (${columns.join(', ')})
     select ${columns.join(', ')} from json_populate_recordset(null::${table}, $1)${merge}
     returning ${columnsOf(request.query)}`,
    [JSON.stringify(given)],
  );
  return rows;
}

/** Without a word about it, all; bigints come as numbers, as in PostgREST. */
function columnsOf(query: URLSearchParams): string {
  const wanted = (query.get('select') ?? '*').split(',').filter(Boolean);
  return wanted.map((one) => (one === '*' ? '*' : name(one))).join(', ');
}

function listOf(text: string): string[] {
  return text
    .replace(/^\(|\)$/g, '')
    .split(',')
    .map((item) => item.replace(/^"|"$/g, ''));
}

function orderOf(text: string): string {
  const [column = '', ...words] = text.split('.');
  const known = words.map(
    (word) => ({ asc: 'asc', desc: 'desc', nullslast: 'nulls last', nullsfirst: 'nulls first' })[word],
  );
  return [name(column), ...known].join(' ');
}

function inRestWords(thrown: unknown, table: string): Reply {
  const { code = '', message } = thrown as { code?: string; message: string };
  if (code === '42501') return restError(403, code, message);
  if (code === '42P01') {
    return restError(404, 'PGRST205', `Could not find the table 'public.${table}' in the schema cache`);
  }
  return restError(400, code, message);
}
