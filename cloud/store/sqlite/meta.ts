// What the node notes by name: counters, keys, marks. Numbers that were given once are not given again, so these rows have sums too (S-12).
import { findSummed, putSummed } from './row-sums.ts'
import type { preparer } from './statements.ts'

type Sql = ReturnType<typeof preparer>

export function metaOf(sql: Sql, name: string): string | undefined {
  return findSummed(sql, 'meta', name)?.value as string | undefined
}

export function saveMeta(sql: Sql, name: string, value: string): void {
  putSummed(sql, 'meta', { name, value })
}

/** The counter after `by` more. */
export function countOn(sql: Sql, name: string, by: number): number {
  const value = Number(metaOf(sql, name) ?? 0) + by
  saveMeta(sql, name, String(value))
  return value
}
