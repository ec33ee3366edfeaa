// The lists that a ledger keeps beside its facts, taken over from a damaged file (L-16). Each is in two trees of it (L-23): where they agree, it is as it was
// written. Where they do not, what both have is taken over, and the rest is read out of the facts again, so that it errs on the safe side: nothing is given
// back twice, and nothing is spent that was spent.
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, Origin } from '../../protocol/ids.ts'
import { NO_FACT, NO_MEMBER, originOf } from '../../protocol/ids.ts'
import { RESERVATION_MS_MAX } from '../../protocol/limits.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { Database } from './database.ts'
import { Leases } from './leases.ts'
import type { KeptLease } from './leases.ts'
import { attempt } from './attempt.ts'
import { addRightsUsed } from './rights-used.ts'
import { isSoundRow } from './row-sums.ts'
import { Sequels } from './sequels.ts'

type Facts = () => Iterable<Fact>

/** The columns of a list that both trees have; the second is the tree beside the table. */
const LISTS = {
  mentions: {
    columns: ['fact', 'by'],
    first: 'INDEXED BY sqlite_autoindex_mentions_1',
    second: 'mentions_second',
  },
  reservations: { columns: ['fact', 'due'], first: 'NOT INDEXED', second: 'reservations_second' },
  risks: {
    columns: ['fact', 'member', 'points', 'day', 'open'],
    first: 'NOT INDEXED',
    second: 'risks_second',
  },
  leases: { columns: ['lease', 'member', 'item', 'subject'], first: 'NOT INDEXED', second: 'leases_second' },
} as const

type List = keyof typeof LISTS

/** Names of the tables that are taken over here. */
export const LISTED: readonly string[] = Object.keys(LISTS)

/** `facts` gives those that were taken over, of all lives, in their order; `origin` is the open life. */
export function takeLists(from: Database, to: Database, origin: Origin, facts: Facts): void {
  const sequels = new Sequels(to)
  const leases = new Leases(to)
  if (!take(from, to, 'mentions'))
    for (const fact of facts()) for (const named of namedBy(fact)) sequels.mention(named, fact.id)
  if (!take(from, to, 'reservations'))
    for (const [fact, due] of openReservations(facts())) sequels.reserve(fact, due)
  if (!take(from, to, 'risks'))
    for (const fact of facts())
      if (isRisk(fact))
        leases.risk(fact.id, fact.member, fact.risk ?? 0, localDay(millisOf(fact.at), fact.offset))
  if (!takeLeases(from, leases)) spentOf(facts(), origin, leases)
}

/** True where it was taken over whole. */
function take(from: Database, to: Database, list: List): boolean {
  const { columns } = LISTS[list]
  const first = rowsOf(from, list, 'first')
  const second = rowsOf(from, list, 'second')
  const insert = to.prepare(
    `INSERT OR IGNORE INTO ${list} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  )
  for (const [text, row] of first ?? []) if (second?.has(text) === true) insert.run(...row)
  return agree(first, second)
}

function agree(
  first: ReadonlyMap<string, unknown> | undefined,
  second: ReadonlyMap<string, unknown> | undefined,
): boolean {
  return (
    first?.size === second?.size && [...(first?.keys() ?? [])].every((text) => second?.has(text) === true)
  )
}

/** Undefined where it cannot be read. */
function rowsOf(from: Database, list: List, tree: 'first' | 'second'): Map<string, unknown[]> | undefined {
  const { columns, first, second } = LISTS[list]
  const by = tree === 'first' ? first : `INDEXED BY ${second}`
  const sql = `SELECT ${columns.join(', ')} FROM ${list} ${by}`
  const rows = attempt(() => from.prepare<[], unknown[]>(sql).raw().all())
  return rows && new Map(rows.map((row) => [JSON.stringify(row), row]))
}

/** Each that is sound. */
function takeLeases(from: Database, leases: Leases): boolean {
  const rows = attempt(() => from.prepare<[], KeptLease>('SELECT * FROM leases NOT INDEXED').all())
  const sound = rows?.filter((row) => isSoundRow('leases', row)) ?? []
  for (const row of sound) leases.keep(row)
  return (
    sound.length === rows?.length && agree(rowsOf(from, 'leases', 'first'), rowsOf(from, 'leases', 'second'))
  )
}

function* namedBy(fact: Fact): Generator<FactId> {
  if (fact.kind === 'void') yield fact.fact
  if (fact.kind === 'redemption' && fact.of !== NO_FACT) yield fact.of
  if (fact.kind === 'return') for (const { sale } of fact.lines) if (sale !== NO_FACT) yield sale
}

function openReservations(facts: Iterable<Fact>): Map<FactId, number> {
  const open = new Map<FactId, number>()
  for (const fact of facts) {
    if (fact.kind === 'redemption' && fact.stage === 'reserved')
      open.set(fact.id, millisOf(fact.at) + RESERVATION_MS_MAX)
    for (const named of namedBy(fact)) open.delete(named)
  }
  return open
}

type Spending = Extract<Fact, { readonly kind: 'redemption' | 'voucher_use' }>

/** As if no outage had ended since: they are forgotten when the next one does. */
function isRisk(fact: Fact): fact is Spending {
  return (
    (fact.kind === 'voucher_use' || (fact.kind === 'redemption' && fact.of === NO_FACT)) && fact.risk !== null
  )
}

/** Of leases whose row is lost what was spent of them, without the cloud's word, which it says again. */
function spentOf(facts: Iterable<Fact>, origin: Origin, leases: Leases): void {
  const used = new Map<number, number>()
  for (const fact of facts) if (originOf(fact.id) === origin) addRightsUsed(used, fact)
  for (const [lease, spent] of used) {
    if (spent <= 0 || leases.one(lease) !== undefined) continue
    const unsaid = { subject: 'points', member: NO_MEMBER, item: 0, code: null } as const
    const none = { granted: 0, returned: 0, cap: 0, expires: 0, recall: 0, answered: 0 }
    leases.keep({ lease, ...unsaid, ...none, spent } as KeptLease)
  }
}
