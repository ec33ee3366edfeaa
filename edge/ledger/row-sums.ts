// Sums of single rows (L-22). SQLite checks no value it reads, so what balances, answers and offline rights are told and decided by is kept with a sum
// of it, compared whenever it is read. What a row is found by is in its sum, so that a row that turns up under another key does not fit either.
// Hot: a fact's sum is made for each sale (0.6 us, most of it two CRCs, of its bytes and of its answer; see bench/sales.ts).
import { crc32 } from 'node:zlib'
import { UnsoundRow } from '../../cloud/storage/unsound.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { step, sumOfColumns, sumOfValues, word } from '../../protocol/value-sums.ts'
import type { Database } from './database.ts'

/** Of each table its columns in the order of its sum, which is that of a new ledger's table. */
const SUMMED = {
  members: ['member', 'name', 'identities', 'state', 'covers'],
  identities: ['kind', 'value', 'member'],
  threads: ['member', 'fact'],
  leases: 'lease subject member item code granted spent returned cap expires recall answered'.split(' '),
  lease_cursor: ['cursor'],
  issued: ['code', 'seq', 'member'],
  corrections: ['fact', 'revision', 'points', 'goodwill', 'cause'],
  programs: ['version', 'effective_from', 'document'],
  standing:
    'clock time word synced cloud_epoch last_word_at members_cursor corrections_cursor threads_saved'.split(
      ' ',
    ),
} as const satisfies Record<string, readonly string[]>

export type SummedTable = keyof typeof SUMMED
export const SUMMED_TABLES = Object.keys(SUMMED) as SummedTable[]

type Row = Readonly<Record<string, unknown>>

export function sumOfRow(table: SummedTable, row: object): number {
  return sumOfColumns(SUMMED[table], row as Row)
}

export function isSoundRow(table: SummedTable, row: object): boolean {
  return sumOfRow(table, row) === (row as Row).sum
}

/** The row as it is; throws where it is not what was written: a caller gets an error, never a wrong value. */
export function soundRow<R extends object>(table: SummedTable, row: R): R {
  if (!isSoundRow(table, row)) throw new UnsoundRow(`a row of ${table} is not what was written`)
  return row
}

/** Of values in the order of the table's sum. */
export function sumOf(_: SummedTable, ...values: readonly unknown[]): number {
  return sumOfValues(values)
}

/** As `soundRow`, of values in that order and what was found beside them. */
export function compareSum(table: SummedTable, found: number, ...values: readonly unknown[]): void {
  if (sumOfValues(values) !== found) throw new UnsoundRow(`a row of ${table} is not what was written`)
}

/** Of what the first tree does not have: throws where the second has it (L-23). */
export function proveAbsent(what: string, again: unknown): void {
  if (again !== undefined) throw new UnsoundRow(`the row of a ${what} is not where it was written`)
}

/** A list by two trees of the file, neither of which lost anything (L-23): what flips is in one of them. */
export function twice<R>(list: string, found: R[], again: readonly R[]): R[] {
  if (JSON.stringify(found) !== JSON.stringify(again))
    throw new UnsoundRow(`the list of ${list} is not what was written`)
  return found
}

/** A row of the table of facts. */
export interface StoredFact {
  readonly id: FactId
  readonly key: string
  readonly member: MemberId
  /** Id of the same member's fact before it, 0 without. */
  readonly previous: FactId
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly request_hash: Uint8Array
  readonly status: number
  readonly answer: Uint8Array
  readonly sum: number
}

/** Of none at all, as SQLite gives them, the machine's CRC would forget what was before. */
const bytesSum = (sum: number, bytes: Uint8Array): number => (bytes.length === 0 ? sum : crc32(bytes, sum))

/** Of hashes a loop over words is faster than the machine's CRC. */
function hashStep(sum: number, bytes: Uint8Array): number {
  let next = step(sum, bytes.length)
  for (let at = 0; at < bytes.length; at += 4)
    next = step(
      next,
      (bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24),
    )
  return next
}

export function factSum(
  id: FactId,
  key: string,
  member: MemberId,
  previous: FactId,
  bytes: Uint8Array,
  hash: Uint8Array,
  requestHash: Uint8Array,
  status: number,
  answer: Uint8Array,
): number {
  let sum = step(step(step(status, word(id)), word(member)), word(previous))
  for (let at = 0; at < key.length; at++) sum = step(sum, key.charCodeAt(at))
  sum = hashStep(hashStep(sum, hash), requestHash)
  return bytesSum(bytesSum(sum >>> 0, bytes), answer)
}

const BLOBS = ['bytes', 'hash', 'request_hash', 'answer'] as const

export function isSoundFact(row: StoredFact): boolean {
  // What a flipped bit makes of a value may be of another type.
  const raw = row as Readonly<Record<keyof StoredFact, unknown>>
  if (typeof raw.key !== 'string' || !BLOBS.every((column) => raw[column] instanceof Uint8Array)) return false
  const { id, key, member, previous, bytes, hash, request_hash: requestHash, status, answer, sum } = row
  return factSum(id, key, member, previous, bytes, hash, requestHash, status, answer) === sum
}

export function soundFact(row: StoredFact): StoredFact {
  if (!isSoundFact(row)) throw new UnsoundRow('a row of facts is not what was written')
  return row
}

/** What of the rows is not what was written, in words (L-14). */
export function rowFaults(database: Database): string[] {
  return SUMMED_TABLES.flatMap((table) => {
    let unsound = 0
    for (const row of database.prepare<[], object>(`SELECT * FROM ${table}`).iterate())
      if (!isSoundRow(table, row)) unsound += 1
    return unsound === 0 ? [] : [`${unsound} rows of ${table} are not what was written`]
  })
}

/** For the step that gives the rows that are there their sums. */
export function sumFunctions(database: Database): void {
  database.function('row_sum', { varargs: true, deterministic: true }, (...values) => sumOfValues(values))
  database.function('fact_sum', { varargs: true, deterministic: true }, (...values) =>
    factSum(...(values as Parameters<typeof factSum>)),
  )
}

const ADDED = 'ADD COLUMN sum INTEGER NOT NULL DEFAULT 0'

/** For a step of the tables that changes such rows. */
export function sumAgain(table: SummedTable): string {
  return `UPDATE ${table} SET sum = row_sum(${SUMMED[table].join(', ')});`
}

/** The columns, the sums of the rows that are there, and the second trees of lists (L-23). */
export const SUMS = `
ALTER TABLE facts ${ADDED};
UPDATE facts SET sum = fact_sum(id, key, member, previous, bytes, hash, request_hash, status, answer);
${SUMMED_TABLES.map((table) => `ALTER TABLE ${table} ${ADDED};`).join('\n')}
${SUMMED_TABLES.map(sumAgain).join('\n')}
CREATE UNIQUE INDEX facts_key_second ON facts (key);
CREATE INDEX members_second ON members (member);
CREATE INDEX identities_second ON identities (value, kind);
CREATE INDEX corrections_second ON corrections (fact);
CREATE INDEX threads_second ON threads (member);
CREATE INDEX leases_second ON leases (member, item, subject);
CREATE INDEX risks_second ON risks (day, open, member, points);
CREATE INDEX mentions_second ON mentions (fact, by);
CREATE INDEX reservations_second ON reservations (due);
`
