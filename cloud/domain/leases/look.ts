// One look at a member, or at a perk's budget, in the transaction that then records what comes of it (U-6): what to give, what to ask back, and which stores
// would get something were they in reach. What is decided is pure (policy.ts, excess.ts); here is what it is decided by, and how it becomes facts.
import type { LeaseFact } from '../../../protocol/facts.ts'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId, Origin, RuleId, StoreId } from '../../../protocol/ids.ts'
import { localDay, zoneOffset } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { Program, RedeemPerk } from '../../evaluation/compile.ts'
import { decodeState } from '../../evaluation/state.ts'
import { stateAt } from '../../evaluation/time/time.ts'
import type { Awaiting, LeaseRow } from '../../store/lease-port.ts'
import type { StoreRow, TenantId, Writes } from '../../store/port.ts'
import { redeemedOf } from '../budgets.ts'
import type { OwnFacts } from '../ingest/own-facts.ts'
import { budgetExcess, excessOf } from './excess.ts'
import type { Reach } from './excess.ts'
import { appendLeaseFacts } from './lease-facts.ts'
import { budgetLeasesFor, leasesFor } from './policy.ts'
import type { MemberCase, Place, Wish } from './policy.ts'

export interface Look {
  readonly tx: Writes
  readonly tenant: TenantId
  readonly program: Program
  readonly now: Millis
  readonly reach: Reach
  readonly stores: readonly StoreRow[]
}

/** What comes of a look. */
export interface Found {
  readonly wishes: Wish[]
  readonly excess: LeaseRow[]
  readonly awaiting: Awaiting[]
}

export async function rootsOf(tx: Writes, members: readonly MemberId[]): Promise<Map<MemberId, MemberId>> {
  const roots = new Map(members.map((member) => [member, member]))
  for (const { member, root } of await tx.aliases(members)) roots.set(member, root)
  return roots
}

export async function lookAt(look: Look, member: MemberId, found: Found): Promise<void> {
  const { tx, tenant, program, now, reach, stores } = look
  const [row] = await tx.states([member])
  const stored = row === undefined || row.tenant !== tenant ? undefined : decodeState(row.state)
  if (stored === undefined) return
  const places = await placesOf(look, member, stored.more?.profile.homeStore ?? 0)
  const zone = stores.find(({ id }) => id === places[0]?.store)?.zone
  const offset = zone === undefined ? 0 : zoneOffset(zone, now)
  const claims = {
    leases: await tx.leasesOfMembers([member]),
    holds: await tx.openHolds(tenant, member, now),
    books: await tx.books([member]),
  }
  const state = stateAt(program, stored, member, now, offset)
  const one = { program, member, state, claims, places, now, day: localDay(now, offset) }
  found.wishes.push(...leasesFor(one))
  found.excess.push(...excessOf(one, reach))
  found.awaiting.push(...awaitingOf(one))
}

/** Places out of reach that would get something. */
function awaitingOf(one: MemberCase): Awaiting[] {
  const { places, member } = one
  if (places.every(({ origin }) => origin !== null)) return []
  const wished = leasesFor({
    ...one,
    places: places.map(({ store, origin }) => ({ store, origin: origin ?? UNKNOWN_ORIGIN })),
  })
  const stores = new Set(wished.filter(({ origin }) => origin === UNKNOWN_ORIGIN).map(({ store }) => store))
  return [...stores].map((store) => ({ store, member }))
}

const UNKNOWN_ORIGIN = 0 as Origin

/** The home store, then those visited lately, the last first. */
async function placesOf({ tx, program, now, reach }: Look, member: MemberId, home: number): Promise<Place[]> {
  const recent = (await tx.visits([member])).filter(({ at }) => now - at <= program.offline.recentMs)
  const likely = [...new Set([...(home > 0 ? [home as StoreId] : []), ...recent.map(({ store }) => store)])]
  return likely
    .slice(0, program.offline.storesMax)
    .map((store) => ({ store, origin: reach.get(store) ?? null }))
}

export async function lookAtBudget(
  { tx, tenant, program, now, reach }: Look,
  perk: RedeemPerk,
  found: Found,
): Promise<void> {
  const used = await redeemedOf(tx, tenant, perk.id, now)
  const leases = await tx.leasesOfBudget(tenant, perk.id)
  const reached = [...reach].map(([store, origin]) => ({ store, origin }))
  const one = { program, perk, used, leases, reached, now }
  found.wishes.push(...budgetLeasesFor(one))
  found.excess.push(...budgetExcess(one, reach))
}

/** A live lease is topped up under its number; otherwise it gets the next. What is asked back is not topped up. */
export async function record(
  { tx, tenant, now }: Look,
  own: OwnFacts,
  version: LeaseFact['program'],
  { wishes: all, excess }: Found,
): Promise<void> {
  await appendLeaseFacts(own, version, 'recalled', excess)
  const wishes = all.filter((wish) => !excess.some((lease) => isOf(lease, wish)))
  if (wishes.length === 0) return
  let last = await tx.lastLease()
  const members = [...new Set(wishes.map(({ member }) => member))].filter((member) => member > 0)
  const known = await tx.leasesOfMembers(members)
  for (const perk of new Set(wishes.filter(({ subject }) => subject === 'budget').map(({ item }) => item)))
    known.push(...(await tx.leasesOfBudget(tenant, perk as RuleId)))
  const lines = wishes.map((wish) => {
    const live = known.find((lease) => isOf(lease, wish) && lease.expires > now)
    return { ...wish, lease: live?.lease ?? ++last }
  })
  await appendLeaseFacts(own, version, 'granted', lines)
  await introduce(tx, wishes)
}

/** What is lent of a member serves nobody where the member is not known: a store that has not met it meets it, and is sent its state (D-1). */
async function introduce(tx: Writes, wishes: readonly Wish[]): Promise<void> {
  const met = await tx.meet(wishes.filter(({ member }) => member !== NO_MEMBER))
  if (met.length > 0) await tx.saveStates(await tx.states([...new Set(met.map(({ member }) => member))]))
}

function isOf(lease: LeaseRow, { origin, subject, member, item, code }: Wish): boolean {
  return (
    lease.origin === origin &&
    lease.subject === subject &&
    lease.member === member &&
    lease.item === item &&
    lease.code === code
  )
}
