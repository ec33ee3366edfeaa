// Reads what can be proven out of a damaged file (L-16): the facts from the first on, as far as each fits the hash of the one before, is a fact, at its
// own place, under its own key and with its own receipt; who this edge is; its terminals. The damaged file is only read.
import Sqlite from 'better-sqlite3'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../protocol/chain.ts'
import { decodeFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { seqOf } from '../../protocol/ids.ts'
import { stepUp } from '../../protocol/schema-steps.ts'
import type { Database } from './database.ts'
import { isStorageFull, steppedFile } from './database.ts'
import { Members } from './members.ts'
import { SCHEMA_STEPS } from './schema.ts'

export interface Salvaged {
  /** Taken over: the facts 1 to here. */
  readonly facts: number
  /** As far as the damaged file, or the cloud by its word in it, went; null when even that could not be read. */
  readonly claimed: number | null
}

interface FactRow {
  seq: number
  key: string
  member: number
  previous: number
  bytes: Uint8Array
  hash: Uint8Array
  request_hash: Uint8Array
  status: number
  answer: Uint8Array
}

/**
 * Not taken over as they are: facts and the standing have their own way; threads and figures are reckoned anew; the rest is the cloud's word, or tells
 * of what happened and is gone.
 */
const LEFT: ReadonlySet<string> = new Set([
  'facts',
  'standing',
  'threads',
  'hours',
  'hours_counted',
  'members',
  'identities',
  'programs',
  'corrections',
  'frames',
])

/** Makes the file at `fresh` out of the one at `path`. */
export function salvage(path: string, fresh: string): Salvaged {
  const to = new Sqlite(fresh)
  try {
    to.pragma('synchronous = FULL')
    stepUp(steppedFile(to), SCHEMA_STEPS)
    const from = attempt(() => new Sqlite(path, { readonly: true, fileMustExist: true }))
    if (from === undefined) return { facts: 0, claimed: null }
    try {
      return to.transaction(() => takeOver(from, to))()
    } finally {
      from.close()
    }
  } finally {
    to.close()
  }
}

function takeOver(from: Database, to: Database): Salvaged {
  const facts = takeFacts(from, to)
  const tables = to
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .pluck()
    .all()
  for (const table of tables) if (!LEFT.has(table)) attempt(() => takeTable(from, to, table))
  const last = attempt(() => from.prepare<[], number>('SELECT max(seq) FROM facts').pluck().get() ?? 0)
  const standing = attempt(() =>
    from
      .prepare<[], { synced: number; cloud_epoch: number }>('SELECT synced, cloud_epoch FROM standing')
      .get(),
  )
  to.prepare('UPDATE standing SET synced = ?, cloud_epoch = ?').run(
    Math.min(facts, standing?.synced ?? 0),
    standing?.cloud_epoch ?? 0,
  )
  return {
    facts,
    claimed: last === undefined || standing === undefined ? null : Math.max(last, standing.synced),
  }
}

/** How many facts were proven. */
function takeFacts(from: Database, to: Database): number {
  const insert = to.prepare('INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const members = new Members(to)
  const threads = new Map<number, number>()
  let previous = CHAIN_GENESIS
  let taken = 0
  let at = 0
  attempt(() => {
    const rows = from.prepare<[], FactRow>('SELECT * FROM facts ORDER BY seq')
    for (const row of rows.iterate()) {
      const fact = proven(row, taken + 1, previous)
      if (fact === undefined) return
      const { seq, key, member, bytes, hash, request_hash: requestHash, status, answer } = row
      const before = member > 0 ? (threads.get(member) ?? 0) : 0
      insert.run(seq, key, member, before, bytes, hash, requestHash, status, answer)
      if (member > 0) threads.set(member, seq)
      // A member is its enrolment's fact (P-ID-2).
      if (fact.kind === 'enrolment') members.enrol(fact.id as number as MemberId, fact.name, fact.identities)
      previous = hash
      taken = seq
      at = fact.at
    }
  })
  if (taken > 0) to.prepare('UPDATE standing SET clock = ?').run(at)
  return taken
}

function proven(row: FactRow, seq: number, previous: Uint8Array): Fact | undefined {
  if (row.seq !== seq || !sameHash(chainHash(previous, row.bytes), row.hash)) return undefined
  const decoded = decodeFact(row.bytes)
  if (!decoded.ok || seqOf(decoded.value.id) !== seq || decoded.value.key !== row.key) return undefined
  return isReceiptOf(row.answer, row.hash, decoded.value) ? decoded.value : undefined
}

/** The balance in it is known to nobody else; all that is, is compared. */
function isReceiptOf(answer: Uint8Array, hash: Uint8Array, { promised, kind }: Fact): boolean {
  const told = attempt(() => JSON.parse(Buffer.from(answer).toString()) as Record<string, unknown>)
  if (told === undefined) return false
  const { receipt } = told as { receipt?: { hash?: unknown } }
  return receipt?.hash === Buffer.from(hash).toString('hex') && told.kind === kind && told.points === promised
}

function takeTable(from: Database, to: Database, table: string): void {
  const columnsOf = (database: Database): string[] =>
    database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
  const there = new Set(columnsOf(from))
  const columns = columnsOf(to).filter((column) => there.has(column))
  if (columns.length === 0) return
  const rows = from
    .prepare<[], unknown[]>(`SELECT ${columns.join(', ')} FROM ${table}`)
    .raw()
    .all()
  const places = columns.map(() => '?').join(', ')
  const insert = to.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
  for (const row of rows) insert.run(...row)
}

/** A damaged page is no reason to leave the others: what it throws ends this part only. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (cause) {
    if (isStorageFull(cause)) throw cause
    return undefined
  }
}
