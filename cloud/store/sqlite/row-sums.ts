// Sums of single rows (S-12). SQLite checks no value it reads, so what balances are told and decided by is kept with a CRC-32 of it: a state is compared
// whenever it is read, and so are the programs, identities, leases and holds beside it. Whose a row is goes into its sum, so that a row that turns up
// under another key does not fit either. Hot: a state is saved for nearly every fact (`bench sync`; 0.5 us for one of 300 bytes).
import { crc32 } from 'node:zlib'
import type { Database } from 'better-sqlite3'
import { UnsoundRow } from '../../storage/faults.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'

const WORD = 2 ** 32
/** Of a state that nothing is due for. */
const NEVER = -1

/** Both halves of a whole number in 32 bits: one bit that flips in either shows. */
const halves = (value: number): number => value ^ (value / WORD)

function sumOfBytes(bytes: Uint8Array, a: number, b: number, c: number): number {
  return crc32(bytes, (halves(a) ^ halves(b) ^ halves(c)) >>> 0)
}

export function stateSum(member: number, tenant: number, due: number | null, state: Uint8Array): number {
  return sumOfBytes(state, member, tenant, due ?? NEVER)
}

export function checkpointSum(member: number, at: number, id: number, state: Uint8Array): number {
  return sumOfBytes(state, member, at, id)
}

/** Of rows that are saved seldom: numbers, texts, nothing. */
export function rowSum(values: readonly unknown[]): number {
  return crc32(JSON.stringify(values))
}

export function isSoundState(raw: Raw): boolean {
  const { member, tenant, due, state, sum } = raw as unknown as StoredState
  // What a flipped bit makes of a value may be of another type.
  return state instanceof Uint8Array && stateSum(member, tenant, due, state) === sum
}

export function isSoundCheckpoint(raw: Raw): boolean {
  const { member, at, id, state, sum } = raw as unknown as StoredCheckpoint
  return state instanceof Uint8Array && checkpointSum(member, at, id, state) === sum
}

// As this store wrote them.
type StoredState = {
  member: number
  tenant: number
  due: number | null
  state: Uint8Array
  sum: number
}
type StoredCheckpoint = { member: number; at: number; id: number; state: Uint8Array; sum: number }

/** Tables of rows that nothing else proves, and what of them is in their sum. */
const SUMMED = {
  programs: ['tenant', 'version', 'effective_from', 'document'],
  identities: ['tenant', 'kind', 'value', 'at', 'member'],
  holds: ['tenant', 'store', 'key', 'member', 'perk', 'voucher', 'points', 'expires'],
  leases:
    'lease tenant origin store subject member item code granted spent returned written_off cap expires'.split(
      ' ',
    ),
} as const satisfies Record<string, readonly string[]>

export type SummedTable = keyof typeof SUMMED

export function sumOfRow(table: SummedTable, row: Raw): number {
  return rowSum(SUMMED[table].map((column) => row[column]))
}

/** The row as it is; throws where it is not what was written: a caller gets an error, never a wrong value. */
export function sound(table: SummedTable, raw: Raw): Raw {
  if (sumOfRow(table, raw) !== raw.sum) throw new UnsoundRow(`a row of ${table} is not what was written`)
  return raw
}

/** What of the rows that cannot be made again is not what was written (S-5). */
export function rowFaults(sql: ReturnType<typeof preparer>): string[] {
  return (Object.keys(SUMMED) as SummedTable[]).flatMap((table) => {
    let unsound = 0
    for (const raw of sql(`SELECT * FROM ${table}`).iterate())
      if (sumOfRow(table, raw) !== raw.sum) unsound += 1
    return unsound === 0 ? [] : [`${unsound} rows of ${table} are not what was written`]
  })
}

/** `row_sum(...)` for the step that gives the rows that are there their sums: of values, or of numbers and the bytes behind them. */
export function sumFunctions(database: Database): void {
  database.function('row_sum', { varargs: true, deterministic: true }, (...values) => rowSum(values))
  database.function('bytes_sum', { deterministic: true }, (a, b, c, bytes) =>
    sumOfBytes(bytes as Uint8Array, Number(a), Number(b), c === null ? NEVER : Number(c)),
  )
}

const ADDED = 'ADD COLUMN sum INTEGER NOT NULL DEFAULT 0'

/** Of tables that an earlier version made. */
const OLDER = ['programs', 'identities', 'holds'] as const

/** The columns, and the sums of the rows that are there. */
export const SUMS = `
ALTER TABLE states ${ADDED};
ALTER TABLE checkpoints ${ADDED};
UPDATE states SET sum = bytes_sum(member, tenant, due, state);
UPDATE checkpoints SET sum = bytes_sum(member, at, id, state);
${OLDER.map((table) => `ALTER TABLE ${table} ${ADDED};`).join('\n')}
${OLDER.map((table) => `UPDATE ${table} SET sum = row_sum(${SUMMED[table].join(', ')});`).join('\n')}
`
