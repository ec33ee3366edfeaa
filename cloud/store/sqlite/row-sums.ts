// Sums of single rows (S-12). SQLite checks no value it reads, so what balances are told and decided by is kept with a sum of it: a state is compared
// whenever it is read, and so are the programs, identities, leases and holds beside it. Whose a row is goes into its sum, so that a row that turns up
// under another key does not fit either. Hot: a state is saved for nearly every fact (`bench sync`; its CRC-32 takes 0.5 us for one of 300 bytes).
import { crc32 } from 'node:zlib'
import type { Database } from 'better-sqlite3'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { Raw } from './rows.ts'
import type { preparer } from './statements.ts'
import { WORD, sumOfColumns, sumOfValues } from '../../../protocol/value-sums.ts'

/** Of a state that nothing is due for. */
const NEVER = -1

/** Both halves of a whole number in 32 bits: one bit that flips in either shows. */
const halves = (value: number): number => value ^ (value / WORD)

function sumOfBytes(bytes: Uint8Array, a: number, b: number, c: number, d: number): number {
  return crc32(bytes, (halves(a) ^ halves(b) ^ halves(c) ^ halves(d)) >>> 0)
}

export function stateSum({ member, tenant, due, change, state }: Omit<StoredState, 'sum'>): number {
  return sumOfBytes(state, member, tenant, due ?? NEVER, change)
}

export function checkpointSum({ member, at, id, state }: Omit<StoredCheckpoint, 'sum'>): number {
  return sumOfBytes(state, member, at, id, 0)
}

export function isSoundState(raw: Raw): boolean {
  const stored = raw as unknown as StoredState
  // What a flipped bit makes of a value may be of another type.
  return stored.state instanceof Uint8Array && stateSum(stored) === stored.sum
}

export function isSoundCheckpoint(raw: Raw): boolean {
  const stored = raw as unknown as StoredCheckpoint
  return stored.state instanceof Uint8Array && checkpointSum(stored) === stored.sum
}

// As this store wrote them.
type StoredState = {
  member: number
  tenant: number
  due: number | null
  change: number
  state: Uint8Array
  sum: number
}
type StoredCheckpoint = { member: number; at: number; id: number; state: Uint8Array; sum: number }

/** Tables of rows that nothing else proves, and what of them is in their sum; what a row is found by comes first. */
const SUMMED = {
  programs: { key: 2, columns: ['tenant', 'version', 'effective_from', 'document'] },
  identities: { key: 5, columns: ['tenant', 'kind', 'value', 'at', 'member'] },
  holds: {
    key: 1,
    columns: ['id', 'tenant', 'store', 'key', 'member', 'perk', 'voucher', 'points', 'expires', 'settled'],
  },
  leases: {
    key: 1,
    columns:
      'lease tenant origin store subject member item code granted spent returned written_off cap expires'.split(
        ' ',
      ),
  },
  meta: { key: 1, columns: ['name', 'value'] },
  stores: { key: 1, columns: ['id', 'tenant', 'name', 'zone'] },
  edges: {
    key: 1,
    columns: ['id', 'tenant', 'store', 'public_key', 'enrolled_at', 'state', 'copy_of', 'attestation'],
  },
  origins: {
    key: 1,
    columns: ['origin', 'tenant', 'store', 'edge', 'epoch', 'seq', 'head', 'state', 'ended', 'ended_at'],
  },
  contacts: { key: 1, columns: ['origin', 'said_seq', 'contact_at', 'software', 'program'] },
  members: { key: 1, columns: ['id', 'tenant', 'name', 'store', 'enrolled_at', 'key', 'root'] },
  aliases: { key: 1, columns: ['member', 'root'] },
  links: { key: 1, columns: ['id', 'tenant', 'at', 'survivor', 'merged'] },
  redemptions: { key: 1, columns: ['id', 'tenant', 'perk', 'store'] },
  uses: { key: 3, columns: ['tenant', 'perk', 'store', 'count'] },
  tallies: { key: 3, columns: ['kind', 'tenant', 'owner', 'count'] },
  tenants: { key: 1, columns: ['id', 'name', 'hq_hash', 'dialects', 'modified'] },
  // A password that flipped lets nobody in.
  persons: { key: 1, columns: ['id', 'first_name', 'last_name', 'birthday', 'created', 'modified'] },
  person_emails: { key: 1, columns: ['folded', 'person', 'value', 'main'] },
  person_phones: { key: 1, columns: ['folded', 'person', 'value', 'main'] },
  staff: {
    key: 2,
    columns: ['tenant', 'person', 'role', 'locations', 'description', 'bill_payer', 'created', 'modified'],
  },
  invitations: { key: 1, columns: ['hash', 'tenant', 'email', 'role', 'locations', 'expires'] },
  proofs: { key: 1, columns: ['hash', 'purpose', 'person', 'email', 'expires'] },
  clients: {
    key: 1,
    columns:
      'id key name dialect secret_hash redirect_uris scopes grants disabled created modified tenants'.split(
        ' ',
      ),
  },
  families: { key: 1, columns: ['id', 'client', 'person', 'scopes', 'grant', 'created', 'ended'] },
  issued: {
    key: 1,
    columns: ['hash', 'family', 'kind', 'scopes', 'expires', 'used', 'redirect_uri', 'challenge'],
  },
  sessions: { key: 1, columns: ['hash', 'person', 'expires'] },
  consents: { key: 2, columns: ['person', 'client', 'scopes', 'at'] },
  identifications: {
    key: 1,
    columns: ['hash', 'kind', 'family', 'tenant', 'person', 'redirect_uri', 'state', 'expires'],
  },
} as const satisfies Record<string, { readonly key: number; readonly columns: readonly string[] }>

export type SummedTable = keyof typeof SUMMED

export function columnsInSum(table: SummedTable): readonly string[] {
  return SUMMED[table].columns
}

export function sumOfRow(table: SummedTable, row: Raw): number {
  return sumOfColumns(SUMMED[table].columns, row)
}

/** The row as it is; throws where it is not what was written: a caller gets an error, never a wrong value. */
export function sound(table: SummedTable, raw: Raw): Raw {
  if (sumOfRow(table, raw) !== raw.sum) throw new UnsoundRow(`a row of ${table} is not what was written`)
  return raw
}

/** The same where SQL looks at a row of `table` under the name `as`: what is not what was written is not there. */
export function soundSql(table: SummedTable, as: string): string {
  return `${as}.sum = ${sumSql(table, as)}`
}

export function sumSql(table: SummedTable, as: string = table): string {
  return `row_sum(${SUMMED[table].columns.map((column) => `${as}.${column}`).join(', ')})`
}

/** A statement that puts a row with its sum, and what to run it with. */
export function insertSummed(sql: ReturnType<typeof preparer>, table: SummedTable, row: Raw): void {
  const { columns } = SUMMED[table]
  sql(
    `INSERT INTO ${table} (${columns.join(', ')}, sum) VALUES (${columns.map(() => '?').join(', ')}, ?)`,
  ).run(...columns.map((column) => row[column] ?? null), sumOfRow(table, row))
}

/** The same of a table that numbers its rows itself; gives the number. */
export function insertNumbered(sql: ReturnType<typeof preparer>, table: SummedTable, row: Raw): number {
  const names = Object.keys(row).filter((column) => column !== 'id')
  const { lastInsertRowid } = sql(
    `INSERT INTO ${table} (${names.join(', ')}, sum) VALUES (${names.map(() => '?').join(', ')}, 0)`,
  ).run(...names.map((column) => row[column] ?? null))
  const id = Number(lastInsertRowid)
  sql(`UPDATE ${table} SET sum = ? WHERE id = ?`).run(sumOfRow(table, { ...row, id }), id)
  return id
}

/** By the values of its key; throws where it is not what was written. */
export function findSummed(
  sql: ReturnType<typeof preparer>,
  table: SummedTable,
  ...key: readonly unknown[]
): Raw | undefined {
  const raw = sql(`SELECT * FROM ${table} WHERE ${keyOf(table)}`).get(...key)
  return raw && sound(table, raw)
}

/** Changes a row, where there is one: only what was written may be built upon. */
export function changeSummed(
  sql: ReturnType<typeof preparer>,
  table: SummedTable,
  key: readonly unknown[],
  changes: Raw,
): void {
  const before = findSummed(sql, table, ...key)
  if (before === undefined) return
  const columns = Object.keys(changes)
  sql(
    `UPDATE ${table} SET ${columns.map((column) => `${column} = ?, `).join('')}sum = ? WHERE ${keyOf(table)}`,
  ).run(
    ...columns.map((column) => changes[column] ?? null),
    sumOfRow(table, { ...before, ...changes }),
    ...key,
  )
}

export function putSummed(sql: ReturnType<typeof preparer>, table: SummedTable, row: Raw): void {
  const { columns, key } = SUMMED[table]
  const values = columns.map((column) => row[column] ?? null)
  if (findSummed(sql, table, ...values.slice(0, key)) === undefined) insertSummed(sql, table, row)
  else changeSummed(sql, table, values.slice(0, key), row)
}

function keyOf(table: SummedTable): string {
  const { columns, key } = SUMMED[table]
  return columns
    .slice(0, key)
    .map((column) => `${column} = ?`)
    .join(' AND ')
}

/** What of the rows that cannot be made again is not what was written (S-5). */
export function rowFaults(
  sql: ReturnType<typeof preparer>,
  tables: readonly SummedTable[] = Object.keys(SUMMED) as SummedTable[],
): string[] {
  return tables.flatMap((table) => {
    let unsound = 0
    for (const raw of sql(`SELECT * FROM ${table}`).iterate())
      if (sumOfRow(table, raw) !== raw.sum) unsound += 1
    return unsound === 0 ? [] : [`${unsound} rows of ${table} are not what was written`]
  })
}

/** `row_sum(...)` for the step that gives the rows that are there their sums, and for SQL that looks at them: of values, or of numbers and the bytes behind them. */
export function sumFunctions(database: Database): void {
  database.function('row_sum', { varargs: true, deterministic: true }, (...values) => sumOfValues(values))
  database.function('bytes_sum', { varargs: true, deterministic: true }, (a, b, c, d, bytes) =>
    sumOfBytes(bytes as Uint8Array, Number(a), Number(b), c === null ? NEVER : Number(c), Number(d)),
  )
}

const ADDED = 'ADD COLUMN sum INTEGER NOT NULL DEFAULT 0'

/** Of tables that an earlier version made. */
const OLDER =
  'programs identities holds meta stores edges origins contacts members aliases links redemptions uses tenants'.split(
    ' ',
  ) as SummedTable[]

/** The columns, and the sums of the rows that are there. */
export const SUMS = `
ALTER TABLE states ${ADDED};
ALTER TABLE checkpoints ${ADDED};
ALTER TABLE members ADD COLUMN root INTEGER;
UPDATE members SET root = (SELECT root FROM aliases WHERE member = members.id);
UPDATE states SET sum = bytes_sum(member, tenant, due, change, state);
UPDATE checkpoints SET sum = bytes_sum(member, at, id, 0, state);
${OLDER.map((table) => `ALTER TABLE ${table} ${ADDED};`).join('\n')}
${OLDER.map((table) => `UPDATE ${table} SET sum = ${sumSql(table)};`).join('\n')}
`
