// Rows of the table of facts, and the statements that read and write them, prepared once per connection.
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { Database, Statement } from './database.ts'
import { UnsoundRow } from '../../cloud/storage/unsound.ts'
import { factSum, soundFact } from './row-sums.ts'
import type { StoredFact } from './row-sums.ts'

/** The key's earlier fact: its request and its answer. */
export interface KeptAnswer {
  readonly id: FactId
  readonly requestHash: Uint8Array
  readonly status: number
  /** Empty where it could not be proven (L-16). */
  readonly answer: Uint8Array
}

export type FactRow = Pick<StoredFact, 'id' | 'member' | 'previous' | 'bytes' | 'answer' | 'hash'>

/** Begins the key of a stray; no caller's key has a blank in it. */
export const STRAY_KEY = 'stray '

export type FactStatements = ReturnType<typeof factStatements>

export function factStatements(database: Database) {
  const pluck = <P extends unknown[], R>(sql: string): Statement<P, R> => database.prepare<P, R>(sql).pluck()
  assert(database.open, 'the database is open')
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    insert: database.prepare<
      [FactId, string, MemberId, FactId, Uint8Array, Uint8Array, Uint8Array, number, Uint8Array, number]
    >('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    idOfKey: pluck<[string], FactId>(
      'SELECT id FROM facts INDEXED BY sqlite_autoindex_facts_1 WHERE key = ?',
    ),
    rekey: database.prepare<[string, number, FactId]>('UPDATE facts SET key = ?, sum = ? WHERE id = ?'),
    ofId: database.prepare<[FactId], StoredFact>('SELECT * FROM facts WHERE id = ?'),
    before: database.prepare<[FactId, number], StoredFact>(
      'SELECT * FROM facts WHERE id < ? ORDER BY id DESC LIMIT ?',
    ),
    after: database.prepare<[FactId], Pick<FactRow, 'id' | 'bytes'>>(
      'SELECT id, bytes FROM facts WHERE id > ? ORDER BY id',
    ),
    hash: pluck<[FactId], Uint8Array>('SELECT hash FROM facts WHERE id = ?'),
    last: database.prepare<[FactId, FactId], { id: FactId; hash: Uint8Array }>(
      'SELECT id, hash FROM facts WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1',
    ),
    chain: database.prepare<[FactId], StoredFact>('SELECT * FROM facts WHERE id > ? ORDER BY id'),
    count: pluck<[], number>('SELECT count(*) FROM facts'),
  }
}

/** Hot: of each sale. Its key is new by the first tree; the second one, which is unique too, has to say the same (L-23). */
export function insertFact({ insert, idOfKey }: FactStatements, ...row: Parameters<typeof factSum>): void {
  try {
    insert.run(...row, factSum(...row))
  } catch (cause) {
    const taken = cause instanceof Error && 'code' in cause && cause.code === 'SQLITE_CONSTRAINT_UNIQUE'
    if (taken && idOfKey.get(row[1]) === undefined) throw new UnsoundRow('a key of a fact is lost', { cause })
    throw cause
  }
}

export function factAt({ ofId }: FactStatements, id: FactId): StoredFact | undefined {
  const row = ofId.get(id)
  return row && soundFact(row)
}

/** Most keys are new: the index alone says so. */
export function keptAnswer(statements: FactStatements, key: string): KeptAnswer | undefined {
  const id = statements.idOfKey.get(key)
  if (id === undefined) return undefined
  const row = factAt(statements, id)
  // The index may lead to another's.
  if (row?.key !== key) throw new UnsoundRow('a key does not lead to its fact')
  return { id, requestHash: row.request_hash, status: row.status, answer: row.answer }
}

/** Its key is free for the fact that it counts as from now on (P-LIFE-5). */
export function giveKeyUp(statements: FactStatements, id: FactId): KeptAnswer & { readonly key: string } {
  const row = factAt(statements, id)
  assert(row !== undefined, 'only facts of this ledger are recorded again')
  const { key, member, previous, bytes, hash, request_hash: requestHash, status, answer } = row
  const strayKey = `${STRAY_KEY}${id}`
  const sum = factSum(id, strayKey, member, previous, bytes, hash, requestHash, status, answer)
  statements.rekey.run(strayKey, sum, id)
  return { id, key, requestHash, status, answer }
}
