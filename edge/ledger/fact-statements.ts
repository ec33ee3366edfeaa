// Rows of the table of facts, and the statements that read and write them, prepared once per connection.
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { Database, Statement } from './database.ts'

/** The key's earlier fact: its request and its answer. */
export interface KeptAnswer {
  readonly id: FactId
  readonly requestHash: Uint8Array
  readonly status: number
  readonly answer: Uint8Array
}

export interface FactRow {
  readonly id: FactId
  readonly member: MemberId
  /** Id of the same member's fact before it, 0 without. */
  readonly previous: FactId
  readonly bytes: Uint8Array
  readonly answer: Uint8Array
}

export interface ChainRow {
  id: FactId
  key: string
  bytes: Uint8Array
  hash: Uint8Array
  answer: Uint8Array
}

export type FactStatements = ReturnType<typeof factStatements>

export function factStatements(database: Database) {
  const pluck = <P extends unknown[], R>(sql: string): Statement<P, R> => database.prepare<P, R>(sql).pluck()
  assert(database.open, 'the database is open')
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    insert: database.prepare<
      [FactId, string, MemberId, FactId, Uint8Array, Uint8Array, Uint8Array, number, Uint8Array]
    >('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    idOfKey: pluck<[string], FactId>('SELECT id FROM facts WHERE key = ?'),
    kept: database.prepare<[FactId], KeptAnswer>(
      'SELECT id, request_hash AS requestHash, status, answer FROM facts WHERE id = ?',
    ),
    whole: database.prepare<[FactId], KeptAnswer & { readonly key: string }>(
      'SELECT key, request_hash AS requestHash, status, answer FROM facts WHERE id = ?',
    ),
    rekey: database.prepare<[string, FactId]>('UPDATE facts SET key = ? WHERE id = ?'),
    ofId: database.prepare<[FactId], FactRow>(
      'SELECT id, member, previous, bytes, answer FROM facts WHERE id = ?',
    ),
    before: database.prepare<[FactId, number], FactRow>(
      'SELECT id, member, previous, bytes, answer FROM facts WHERE id < ? ORDER BY id DESC LIMIT ?',
    ),
    after: database.prepare<[FactId], Pick<FactRow, 'id' | 'bytes'>>(
      'SELECT id, bytes FROM facts WHERE id > ? ORDER BY id',
    ),
    hash: pluck<[FactId], Uint8Array>('SELECT hash FROM facts WHERE id = ?'),
    last: database.prepare<[FactId, FactId], { id: FactId; hash: Uint8Array }>(
      'SELECT id, hash FROM facts WHERE id > ? AND id < ? ORDER BY id DESC LIMIT 1',
    ),
    chain: database.prepare<[FactId], ChainRow>(
      'SELECT id, key, bytes, hash, answer FROM facts WHERE id > ? ORDER BY id',
    ),
    count: pluck<[], number>('SELECT count(*) FROM facts'),
  }
}
