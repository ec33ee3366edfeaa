// What the chains say of facts: of all origins in one moment of the file (S-5), and of one that is about to be folded again (S-12). A changed byte of a fact
// breaks no rule that SQLite knows.
import type { Database } from 'better-sqlite3'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../../protocol/chain.ts'
import type { FactId, MemberId, Origin, Seq } from '../../../protocol/ids.ts'
import { SEQ_SPAN, idText, seqOf } from '../../../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../../../protocol/limits.ts'
import { UnsoundRow } from '../../storage/unsound.ts'
import type { ChainRow, FactPlace, FactRow, QuarantineRow } from '../port.ts'
import { factRow, proveBytes } from './rows.ts'
import type { Raw } from './rows.ts'
import { preparer } from './statements.ts'

export function chainOf(
  sql: ReturnType<typeof preparer>,
  origin: Origin,
  afterSeq: Seq,
  limit: number,
): ChainRow[] {
  const [from, end] = [origin * SEQ_SPAN + afterSeq, (origin + 1) * SEQ_SPAN]
  const rows = sql(
    `SELECT id, bytes, hash FROM facts f WHERE id > ? AND id < ? AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.id = f.id)
     UNION ALL SELECT id, bytes, hash FROM quarantine WHERE id > ? AND id < ? ORDER BY id LIMIT ?`,
  ).all(from, end, from, end, limit)
  for (const raw of rows) proveBytes(raw)
  return rows as unknown as ChainRow[]
}

/** The first thing that does not fit; undefined when all does. */
export function chainFault(database: Database): string | undefined {
  const sql = preparer(database)
  const origins = sql('SELECT origin, seq, head FROM origins ORDER BY origin').all() as unknown as {
    origin: Origin
    seq: Seq
    head: Uint8Array
  }[]
  for (const { origin, seq, head } of origins) {
    let [at, last] = [0 as Seq, CHAIN_GENESIS]
    for (;;) {
      const rows = chainOf(sql, origin, at, PAGE_SIZE_MAX)
      for (const { id, bytes, hash } of rows) {
        if (seqOf(id) !== at + 1 || !sameHash(chainHash(last, bytes), hash))
          return `record ${at + 1} of ledger ${origin} is missing or was changed`
        ;[at, last] = [seqOf(id), hash]
      }
      if (rows.length < PAGE_SIZE_MAX) break
    }
    if (at !== seq || !sameHash(last, head)) return `ledger ${origin} ends at record ${at}, not at ${seq}`
  }
  return undefined
}

/** Facts with the hash of the record before each. */
export const CHAINED_FACTS =
  'SELECT f.*, p.hash AS previous FROM facts f LEFT JOIN facts p ON p.id = f.id - 1'

/** The row of a fact, whose bytes are those of its place in the chain; throws where they are not. */
export function chainedFact(sql: ReturnType<typeof preparer>, raw: Raw): FactRow {
  const { previous, ...rest } = raw
  const row = factRow(rest)
  const before = (previous as Uint8Array | null) ?? hashSetAside(sql, (row.id - 1) as FactId) ?? CHAIN_GENESIS
  if (!sameHash(chainHash(before, row.bytes), row.hash) && hashSetAside(sql, row.id) === undefined)
    throw new UnsoundRow(`fact ${idText(row.id)} is not what its chain says`)
  return row
}

/** The same of a fact that was not found by its member, of which the index of members has to say the same (S-14). */
export function foundFact(sql: ReturnType<typeof preparer>, raw: Raw): FactRow {
  const row = chainedFact(sql, raw)
  const { id, member, at } = row
  const listed =
    'SELECT 1 FROM facts INDEXED BY facts_member WHERE member = ? AND member > 0 AND at = ? AND id = ?'
  if (member > 0 && sql(listed).get(member, at, id) === undefined)
    throw new UnsoundRow(`whose fact ${idText(id)} is, is lost`)
  return row
}

/** A record that was set aside, with the bytes of its place in the chain: HQ may let it count. */
export function chainedAside(sql: ReturnType<typeof preparer>, row: QuarantineRow): QuarantineRow {
  const previous = sql('SELECT hash FROM facts WHERE id = ?').get(row.id - 1)?.hash as Uint8Array | undefined
  const before = previous ?? hashSetAside(sql, (row.id - 1) as FactId) ?? CHAIN_GENESIS
  if (!sameHash(chainHash(before, row.bytes), row.hash))
    throw new UnsoundRow(`record ${idText(row.id)} is not what its chain says`)
  return row
}

/** Of a record that was set aside. HQ may let it count in other words: then those are not the bytes of the chain. */
function hashSetAside(sql: ReturnType<typeof preparer>, id: FactId): Uint8Array | undefined {
  return sql('SELECT hash FROM quarantine WHERE id = ?').get(id)?.hash as Uint8Array | undefined
}

/** Each proven by its chain, and the member's by its own word. */
export function factsOf(
  sql: ReturnType<typeof preparer>,
  member: MemberId,
  after: FactPlace | null,
): FactRow[] {
  const of = `${CHAINED_FACTS} WHERE f.member = ? AND f.member > 0 AND f.status = 'counted'`
  const rows =
    after === null
      ? sql(`${of} ORDER BY f.at, f.id`).all(member)
      : sql(`${of} AND (f.at, f.id) > (?, ?) ORDER BY f.at, f.id`).all(member, after.at, after.id)
  return rows.map((raw) => {
    if (raw.member !== member) throw new UnsoundRow(`whose fact ${String(raw.id)} is, is lost`)
    return chainedFact(sql, raw)
  })
}
