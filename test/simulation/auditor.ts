// Compares what was acknowledged with what the nodes hold. Shares no code with the workload: it reads the terminals' log as an outsider would.
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { FactId } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { FactRow } from '../../cloud/store/port.ts'
import type { CloudCore } from '../support/cloud-core.ts'
import { leaseProblems } from '../../cloud/domain/leases/lease-replay.ts'
import { riskProblem } from '../../cloud/domain/leases/risk-replay.ts'
import { claimsFault, claimsOf } from '../../cloud/domain/leases/member-books.ts'
import { decodeState, spendable } from '../../cloud/evaluation/state.ts'
import type { StoreNode } from './store-node.ts'
import type { World } from './world.ts'

export interface Findings {
  /** Acknowledged operations missing in the cloud, counted more than once, facts nobody asked for, members whose balance is not the fold, edges that disagree. */
  lost: string[]
  duplicated: string[]
  phantoms: string[]
  balances: string[]
  /** Points spent beyond what was granted and what the faults account for (O). */
  overspent: string[]
  edges: string[]
  /** Calls never answered, stores that never agreed. */
  stuck: string[]
}

/** Everything that was found, as sentences. */
export function foundIn(findings: Findings): string[] {
  return Object.entries<string[]>({ ...findings }).flatMap(([what, found]) =>
    found.map((one) => `${what}: ${one}`),
  )
}

/** Of questions over a line on which one in four is answered too late. */
const ASKED_MAX = 10

/** Facts about leases are the nodes' own (P-LEASE-1), and HQ's word about a device is one (G-9). */
const OWN_KEY = /^(edge:lease:|lease-|edge-)/

/**
 * P-LEASE-1, P-LEASE-3 at the end, as `verify` asks it of the tables: what is spent, leased and available is the balance, for every member, and leases are what
 * their facts come to. After each commit the same is added up without the product (lease-watch.ts); what ingest found is a conflict that no honest store can cause.
 */
async function auditLeases({ cloud, time, fates }: World, findings: Findings): Promise<void> {
  const { read } = cloud.store
  const program = (await cloud.shelf.of(cloud.tenant)).program(hybridTime(time.now()))
  let beyond = 0
  const all = { after: 0, limit: 100_000 }
  const enrolled = (await read.members(cloud.tenant, all)).map(({ id, state }) => ({ member: id, state }))
  for (const { member, state: saved } of [...enrolled, ...(await read.orphans(cloud.tenant, all))]) {
    const state = saved === null ? undefined : decodeState(saved)
    if (state === undefined) continue
    const claims = await claimsOf(read, cloud.tenant, member, time.now() as Millis)
    const fault = claimsFault(program, state, claims)
    if (fault !== undefined) findings.balances.push(`member ${member}: ${fault}`)
  }
  findings.balances.push(...(await leaseProblems(read, cloud.tenant)))
  findings.balances.push(...[await riskProblem(read, cloud.tenant)].filter((one) => one !== undefined))
  for (const { kind, text, fact } of await read.conflicts(cloud.tenant, false, { after: 0, limit: 10_000 })) {
    if (kind === 'books_do_not_add_up') findings.balances.push(text)
    if (kind === 'spent_beyond_lease') beyond += await pointsUnderLease(cloud, fact)
  }
  if (beyond > fates.overspentAtMost)
    findings.overspent.push(
      `${beyond} points beyond what was granted, of ${fates.overspentAtMost} that may be`,
    )
}

/** What is at the merchant's risk is under no lease; what was beyond may be a use, or of a budget. */
async function pointsUnderLease({ store }: CloudCore, id: FactId): Promise<number> {
  const row = await store.read.fact(id)
  const fact = row === undefined ? undefined : decodeStoredFact(row.bytes)
  return fact?.kind === 'redemption' ? fact.points - (fact.risk ?? 0) : 0
}

export async function audit(world: World): Promise<Findings> {
  const findings: Findings = {
    lost: [],
    duplicated: [],
    phantoms: [],
    balances: [],
    overspent: [],
    edges: [],
    stuck: [],
  }
  const { cloud } = world
  const facts = await cloud.store.read.facts(cloud.tenant, {}, { after: 0, limit: 1_000_000 })
  const counted = new Map<string, number>()
  for (const { key, status } of facts) {
    const name = key.replace(/[#~].*$/, '')
    if (status !== 'duplicate') counted.set(name, (counted.get(name) ?? 0) + 1)
  }
  const asked = new Set<string>()
  const spentByCard = new Map<string, number>()
  for (const { operations } of world.terminals) {
    for (const { key, acked, refused, uncertain, card, amount } of operations) {
      asked.add(key)
      const times = counted.get(key) ?? 0
      if (acked !== null && times === 0) findings.lost.push(key)
      if (times > 1) findings.duplicated.push(`${key} × ${times}`)
      if (refused !== null && !uncertain && times > 0) findings.phantoms.push(`${key} was refused`)
      if (card !== null && times > 0) spentByCard.set(card, (spentByCard.get(card) ?? 0) + amount)
    }
  }
  for (const key of counted.keys()) if (!asked.has(key) && !OWN_KEY.test(key)) findings.phantoms.push(key)
  try {
    await cloud.outcomes()
  } catch (cause) {
    findings.balances.push(String(cause))
  }
  await auditSpending(world, facts, spentByCard, findings)
  await auditLeases(world, findings)
  for (const node of world.stores) await auditEdge(world, node, findings)
  for (const fault of [...world.cloudFaults, ...world.stores.flatMap((node) => node.faults)])
    findings.balances.push(
      `fault: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}`,
    )
  return findings
}

/**
 * Money by card, added up from the operations, is the money of the facts that belong to the members ever enrolled with that card (offline stores
 * may enrol one card twice; the members stay two). An enrolment that nobody holds any more, on no disk, was handed in again under another id, or the card
 * was taken by then: what stores sold meanwhile names the first, and is HQ's to merge (I-13); it is still the card's money.
 */
async function auditSpending(
  world: World,
  facts: readonly FactRow[],
  spentByCard: ReadonlyMap<string, number>,
  findings: Findings,
): Promise<void> {
  const { formerCards } = world
  const enrolled = cardsIn(facts)
  const cards = new Map([...formerCards, ...enrolled])
  const held = new Set(enrolled.values())
  const sold = new Map<string, number>()
  const orphans = new Set<number>()
  for (const row of facts) {
    if (row.kind !== 'sale' || row.status === 'duplicate') continue
    const { card, member } = namedBy(row, cards)
    if (card === undefined) continue
    const isKnown = member === undefined ? held.has(card) : enrolled.has(member)
    // Somebody has what it waits for, so it should wait no longer.
    if (row.status === 'unclaimed' && isKnown) continue
    if (member !== undefined && !isKnown) orphans.add(member)
    const fact = decodeStoredFact(row.bytes)
    if (fact.kind === 'sale') sold.set(card, (sold.get(card) ?? 0) + fact.amount)
  }
  for (const card of new Set([...spentByCard.keys(), ...sold.keys()])) {
    const [spent, has] = [spentByCard.get(card) ?? 0, sold.get(card) ?? 0]
    if (spent !== has) findings.balances.push(`card ${card}: sold for ${spent}, the cloud has ${has}`)
  }
  await auditOrphans(world, orphans, findings)
}

/** Whose a sale is, or what it waits for when it is nobody's yet: who has the card, or the enrolment of a member (I-7, I-13). */
function namedBy(
  { status, member, claim }: FactRow,
  cards: ReadonlyMap<number, string>,
): { readonly card: string | undefined; readonly member?: number } {
  const [kind, value = ''] = (status === 'unclaimed' ? claim : null)?.split(':') ?? []
  if (kind === 'card') return { card: value }
  const named = kind === 'fact' ? Number(value) : member
  return { card: cards.get(named), member: named }
}

/** Members whose enrolment the cloud does not have: it is on no disk, or was recorded again under another id; and HQ is told. */
async function auditOrphans(
  { cloud, stores }: World,
  orphans: ReadonlySet<number>,
  findings: Findings,
): Promise<void> {
  const conflicts = await cloud.store.read.conflicts(cloud.tenant, true, { after: 0, limit: 10_000 })
  const told = new Set(conflicts.filter(({ kind }) => kind === 'orphan_member').map(({ subject }) => subject))
  for (const member of orphans) {
    const id = member as FactId
    const holder = stores.find(
      ({ ledger }) => ledger?.ofId(id) !== undefined && ledger.lives.again(id) === undefined,
    )
    if (holder !== undefined)
      findings.lost.push(`member ${member}, whose enrolment store ${holder.store} has`)
    if (!told.has(String(member)))
      findings.balances.push(`HQ is not told that nobody has the enrolment of member ${member}`)
  }
}

/** Cards by the members that are enrolled with them. */
export function cardsIn(facts: readonly Pick<FactRow, 'id' | 'kind' | 'bytes'>[]): Map<number, string> {
  const cards = new Map<number, string>()
  for (const { kind, bytes, id } of facts) {
    if (kind !== 'enrolment') continue
    const fact = decodeStoredFact(bytes)
    if (fact.kind === 'enrolment') for (const { value } of fact.identities) cards.set(id, value)
  }
  return cards
}

async function auditEdge(world: World, node: StoreNode, findings: Findings): Promise<void> {
  const { cloud } = world
  const { ledger, till } = node
  if (ledger === null || till === null) return void findings.edges.push(`store ${node.store} is down`)
  for (const fault of ledger.verify().faults) findings.edges.push(`store ${node.store}: ${fault}`)
  const head = await cloud.head(node.origin)
  if (ledger.seq !== head)
    findings.edges.push(`store ${node.store}: ${ledger.seq} facts in its open life, the cloud has ${head}`)
  const met = await cloud.store.read.changedMembers(node.origin, node.store, 0, 100_000)
  for (const row of met.rows) {
    const state = row.state === null ? undefined : decodeState(row.state)
    // An id of a life that was put back may name two: the edge means its own, and is asked by the card.
    const [identity] = row.identities
    const ambiguous = ledger.lives.again(row.id as number as FactId) !== undefined
    if (ambiguous && identity === undefined) continue
    const view = await answerOf(world, () =>
      ambiguous && identity !== undefined ? till.findMember(identity) : till.member(row.id),
    )
    if (!view.ok)
      findings.edges.push(`store ${node.store} does not know member ${row.id}: ${view.refusal.code}`)
    else if (state !== undefined && view.value.balance !== spendable(state))
      findings.edges.push(
        `store ${node.store}, member ${row.id}: ${view.value.balance}, the cloud says ${spendable(state)}`,
      )
  }
}

/** A line may be slower than a till waits for the cloud: who was met and asked about over a line that broke is asked about again. */
async function answerOf(
  world: World,
  ask: () => Promise<Result<{ readonly balance: number }>>,
): ReturnType<typeof ask> {
  for (let asked = 1; ; asked++) {
    const view = await world.answerTo(ask())
    if (view.ok || view.refusal.code !== 'member_unreachable' || asked === ASKED_MAX) return view
  }
}
