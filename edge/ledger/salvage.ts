// Reads what can be proven out of a damaged file (L-16): of each life the facts from the first on, as far as each fits the hash of the one before, is a
// fact, at its own place, under its own key and with its own receipt; who this edge is; its terminals. The damaged file is only read.
import { rmSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../protocol/chain.ts'
import { decodeFact, decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId, Origin, Seq } from '../../protocol/ids.ts'
import { NO_FACT, SEQ_SPAN, factIdOf, originOf, seqOf } from '../../protocol/ids.ts'
import { stepUp } from '../../protocol/schema-steps.ts'
import type { Database } from './database.ts'
import { attempt } from './attempt.ts'
import { steppedFile } from './database.ts'
import { STRAY_KEY, factStatements, insertFact } from './fact-statements.ts'
import { Members } from './members.ts'
import { Meta } from './meta.ts'
import { SUMMED_TABLES, isSoundFact, isSoundRow } from './row-sums.ts'
import type { StoredFact } from './row-sums.ts'
import { LISTED, takeLists } from './salvage-lists.ts'
import { SCHEMA_STEPS } from './schema.ts'

export interface Salvaged {
  /** How many facts were taken over. */
  readonly facts: number
  /** How many the damaged file had, or the cloud by its word in it; null when even that could not be read. */
  readonly claimed: number | null
}

/**
 * Not taken over as they are: facts, lists and the standing have their own ways; threads and figures are reckoned anew; the rest is the cloud's word, or tells
 * of what happened and is gone.
 */
const LEFT: ReadonlySet<string> = new Set([
  'facts',
  'standing',
  'threads',
  'hours',
  'hours_counted',
  'served',
  'members',
  'identities',
  'name_words',
  'programs',
  'corrections',
  'frames',
  ...LISTED,
])

/** What is known of an answer and of a request that are lost. */
const NOTHING = new Uint8Array()
const RECORDED = 201

/** Makes the file at `fresh` out of the one at `path`. */
export function salvage(path: string, fresh: string): Salvaged {
  const version = attempt(() => versionOf(path)) ?? SCHEMA_STEPS.length
  if (version < 1 || version >= SCHEMA_STEPS.length) return salvageCurrent(path, fresh)
  const stepped = `${fresh}.stepped`
  try {
    const whole = stepUpCopy(path, stepped, version)
    const salvaged = salvageCurrent(stepped, fresh)
    return whole ? salvaged : { ...salvaged, claimed: null }
  } finally {
    for (const suffix of ['', '-journal']) rmSync(stepped + suffix, { force: true })
  }
}

function versionOf(path: string): number {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true })
  try {
    return database.pragma('user_version', { simple: true }) as number
  } finally {
    database.close()
  }
}

/** What can be read of an earlier release's file, brought up to date: its columns had other names. Gives whether every row could be read. */
function stepUpCopy(path: string, to: string, version: number): boolean {
  rmSync(to, { force: true })
  const copy = new Sqlite(to)
  const from = new Sqlite(path, { readonly: true, fileMustExist: true })
  try {
    stepUp(steppedFile(copy), SCHEMA_STEPS.slice(0, version))
    let whole = true
    copy.transaction(() => {
      for (const table of tablesOf(copy)) {
        copy.exec(`DELETE FROM ${table}`)
        whole = attempt(() => takeTable(from, copy, table, true)) === true && whole
      }
    })()
    stepUp(steppedFile(copy), SCHEMA_STEPS)
    return whole
  } finally {
    from.close()
    copy.close()
  }
}

function tablesOf(database: Database): string[] {
  return database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .pluck()
    .all()
}

function salvageCurrent(path: string, fresh: string): Salvaged {
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
  for (const table of tablesOf(to)) if (!LEFT.has(table)) attempt(() => takeTable(from, to, table))
  const { origin = 0 as Origin } = to.prepare<[], { origin: Origin }>('SELECT origin FROM edge').get() ?? {}
  const last = lastIn(to, origin)
  takeLists(from, to, origin, () => factsIn(to))
  const standing = attempt(() => {
    const row = from.prepare<[], { synced: Seq; cloud_epoch: number }>('SELECT * FROM standing').get()
    return row !== undefined && isSoundRow('standing', row) ? row : undefined
  })
  stand(to, Math.min(last, standing?.synced ?? 0) as Seq, standing?.cloud_epoch ?? 0)
  readAgain(to)
  const claimed = attempt(() => {
    const ended = endedLives(to).reduce((sum, { origin: life }) => sum + lastIn(from, life), 0)
    return ended + Math.max(lastIn(from, origin), standing?.synced ?? 0)
  })
  return { facts, claimed: claimed === undefined || standing === undefined ? null : claimed }
}

/** Up to which the cloud has the open life, and the time of the last fact of all. */
function stand(to: Database, synced: Seq, cloudEpoch: number): void {
  const meta = new Meta(to)
  meta.setSynced(synced, cloudEpoch)
  const last = to.prepare<[], { bytes: Uint8Array }>('SELECT bytes FROM facts ORDER BY id DESC LIMIT 1').get()
  if (last !== undefined) meta.setFloor(decodeStoredFact(last.bytes).at)
  meta.save()
}

function* factsIn(to: Database): Generator<Fact> {
  const facts = to.prepare<[], { bytes: Uint8Array }>('SELECT bytes FROM facts ORDER BY id')
  for (const { bytes } of facts.all()) yield decodeStoredFact(bytes)
}

function lastIn(database: Database, origin: Origin): Seq {
  const last = database
    .prepare<[number, number], FactId | null>('SELECT max(id) FROM facts WHERE id > ? AND id < ?')
    .pluck()
    .get(origin * SEQ_SPAN, (origin + 1) * SEQ_SPAN)
  return last === undefined || last === null ? (0 as Seq) : seqOf(last)
}

function endedLives(database: Database): { origin: Origin; same: Seq }[] {
  return database
    .prepare<[], { origin: Origin; same: Seq }>("SELECT origin, same FROM lives WHERE state = 'closed'")
    .all()
}

/** What is lost of a life that is over is read from the cloud again (P-LIFE-5), from where this file ends. */
function readAgain(to: Database): void {
  const hashOf = to.prepare<[FactId], Uint8Array>('SELECT hash FROM facts WHERE id = ?').pluck()
  for (const { origin, same } of endedLives(to)) {
    const last = lastIn(to, origin)
    if (last >= same) continue
    const hash = last === 0 ? CHAIN_GENESIS : hashOf.get(factIdOf(origin, last))
    to.prepare('UPDATE lives SET same = ?, read = ?, read_hash = ?, settled = 0 WHERE origin = ?').run(
      last,
      last,
      hash,
      origin,
    )
  }
}

/** How many facts were proven. */
function takeFacts(from: Database, to: Database): number {
  const statements = factStatements(to)
  const members = new Members(to)
  const threads = new Map<MemberId, FactId>()
  const answers = attempt(() => answersElsewhere(from)) ?? new Map<FactId, Uint8Array>()
  let expected = NO_FACT
  let previous = CHAIN_GENESIS
  let taken = 0
  attempt(() => {
    const rows = from.prepare<[], StoredFact>('SELECT * FROM facts ORDER BY id')
    for (const row of rows.iterate()) {
      if (originOf(row.id) !== originOf(expected)) {
        expected = factIdOf(originOf(row.id), 1 as Seq)
        previous = CHAIN_GENESIS
      }
      const fact = proven(row, expected, previous, answers.get(row.id) ?? row.hash)
      // The rest of this life is not.
      if (fact === undefined) continue
      const sound = isSoundFact(row) ? row : mended(row, fact, members)
      const { id, key, member, bytes, hash, request_hash: requestHash, status, answer } = sound
      const before = member > 0 ? (threads.get(member) ?? NO_FACT) : NO_FACT
      insertFact(statements, id, key, member, before, bytes, hash, requestHash, status, answer)
      if (member > 0) threads.set(member, id)
      // A member is its enrolment's fact (P-ID-2), the one that counts.
      if (fact.kind === 'enrolment' && key === fact.key)
        members.enrol(fact.id as number as MemberId, fact.name, fact.identities)
      previous = hash
      expected = (id + 1) as FactId
      taken++
    }
  })
  return taken
}

/** Facts that were recorded again, with the hash that their answer names: the first one's, however often that was done. */
function answersElsewhere(from: Database): Map<FactId, Uint8Array> {
  const hashOf = from.prepare<[FactId], Uint8Array>('SELECT hash FROM facts WHERE id = ?').pluck()
  const strays = from.prepare<[], { id: FactId; again: FactId }>('SELECT id, again FROM strays ORDER BY id')
  const answers = new Map<FactId, Uint8Array>()
  for (const { id, again } of strays.all()) {
    const hash = answers.get(id) ?? hashOf.get(id)
    // In the same life it counts as a fact that the cloud sent back, whose place here is another's.
    if (hash !== undefined && originOf(again) !== originOf(id)) answers.set(again, hash)
  }
  return answers
}

function proven(
  row: StoredFact,
  expected: FactId,
  previous: Uint8Array,
  answered: Uint8Array,
): Fact | undefined {
  if (row.id !== expected || !sameHash(chainHash(previous, row.bytes), row.hash)) return undefined
  const decoded = decodeFact(row.bytes)
  if (!decoded.ok || decoded.value.id !== expected) return undefined
  if (!isSoundFact(row)) return decoded.value
  if (row.key !== decoded.value.key && row.key !== `${STRAY_KEY}${row.id}`) return undefined
  return isReceiptOf(row.answer, answered, decoded.value) ? decoded.value : undefined
}

/** Its chain proves the fact, and nothing else is proven: what it says itself is taken, its answer is made of it when it is asked for, and any request is its own. */
function mended(row: StoredFact, fact: Fact, members: Members): StoredFact {
  const holder = fact.claim === null ? fact.member : (members.holder(fact.claim) ?? fact.member)
  const member = fact.kind === 'enrolment' ? (fact.id as number as MemberId) : holder
  const key = row.key.startsWith(STRAY_KEY) ? `${STRAY_KEY}${row.id}` : fact.key
  return { ...row, key, member, request_hash: NOTHING, status: RECORDED, answer: NOTHING }
}

/** The balance in it is known to nobody else; all that is, is compared. */
function isReceiptOf(answer: Uint8Array, hash: Uint8Array, { promised, kind }: Fact): boolean {
  // Lost with an earlier file.
  if (answer.length === 0) return true
  const told = attempt(() => JSON.parse(Buffer.from(answer).toString()) as Record<string, unknown>)
  if (told === undefined) return false
  const { receipt } = told as { receipt?: { hash?: unknown } }
  return receipt?.hash === Buffer.from(hash).toString('hex') && told.kind === kind && told.points === promised
}

/** All of it or, `asFarAs` it can be read, the rows before the first that cannot. */
function takeTable(from: Database, to: Database, table: string, asFarAs = false): true {
  const columnsOf = (database: Database): string[] =>
    database.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table)
  const there = new Set(columnsOf(from))
  const columns = columnsOf(to).filter((column) => there.has(column))
  if (columns.length === 0) return true
  const rows = from.prepare<[], unknown[]>(`SELECT ${columns.join(', ')} FROM ${table}`).raw()
  const places = columns.map(() => '?').join(', ')
  const insert = to.prepare(`INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
  const sums = SUMMED_TABLES.find((summed) => summed === table)
  for (const row of asFarAs ? rows.iterate() : rows.all())
    if (asFarAs || sums === undefined || isSoundRow(sums, objectOf(columns, row))) insert.run(...row)
  return true
}

const objectOf = (columns: readonly string[], values: readonly unknown[]): object =>
  Object.fromEntries(columns.map((column, index) => [column, values[index]]))
