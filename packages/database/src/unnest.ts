import { type RawBuilder, sql } from 'kysely';

/** The values of a column, and their type. */
export type ArrayColumn = readonly [
  values: readonly unknown[],
  type: 'bytea' | 'int' | 'jsonb' | 'real' | 'text' | 'uuid',
];

/**
 * `unnest` of arrays that are parameters: rows for a `from`. They are given as subselects, so that Postgres can't count
 * them when it plans. Where it can, a plan for so many rows looks cheaper to it than one for any number, and it makes
 * one at each call, which takes longer than to carry out what is planned.
 */
export function unnest(...columns: readonly ArrayColumn[]): RawBuilder<unknown> {
  const arrays = columns.map(([values, type]) => sql`(select ${values}::${sql.raw(type)}[])`);
  return sql`unnest(${sql.join(arrays)})`;
}
