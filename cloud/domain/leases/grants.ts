// Gives leases ahead of need (U-6): to whom a commit brought into a store or gave something to spend, to whom a store asked about, and again before they expire. Everything is
// recorded as facts of the cloud's own, in one commit with the look at the books that allows it, so that nothing is granted twice. What a store that was never
// heard of again had left comes back as a fact too. All work is bounded: LEASES_COMMIT_MAX members a commit, LEASES_PENDING_MAX that wait, LEASES_SWEEP_MAX a look.
import { setImmediate as turn } from 'node:timers/promises'
import type { LeaseFact } from '../../../protocol/facts.ts'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId, Origin, RuleId, StoreId } from '../../../protocol/ids.ts'
import { outstandingOf } from '../../../protocol/leases.ts'
import {
  LEASES_COMMIT_MAX,
  LEASES_PAUSE_MS,
  LEASES_PENDING_MAX,
  LEASES_POSTPONED_MAX,
  LEASES_SWEEP_MAX,
  LEASES_SWEEP_MS,
  LEASES_UNSEEN_MAX,
} from '../../../protocol/limits.ts'
import { hybridTime, localDay, millisOf, zoneOffset } from '../../../protocol/time.ts'
import type { Clock, Millis } from '../../../protocol/time.ts'
import type { Program, RedeemPerk } from '../../evaluation/compile.ts'
import { decodeState } from '../../evaluation/state.ts'
import { stateAt } from '../../evaluation/time/time.ts'
import type { LeaseRow, VisitRow } from '../../store/lease-port.ts'
import type { CloudStore, StoreRow, TenantId, Writes } from '../../store/port.ts'
import type { Committed, Ingest } from '../ingest/ingest.ts'
import type { OwnFacts } from '../ingest/own-facts.ts'
import type { ProgramShelf } from '../programs.ts'
import { appendLeaseFacts } from './lease-facts.ts'
import { redeemedOf } from '../budgets.ts'
import { budgetLeasesFor, leasesFor } from './policy.ts'
import type { Place, Wish } from './policy.ts'

export interface GrantParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly shelf: ProgramShelf
  readonly clock: Clock
  /** Ledgers in reach, with their stores. */
  readonly reached: () => ReadonlyMap<Origin, StoreId>
  /** Some of them bring a backlog. */
  readonly drains: () => boolean
  readonly after: (ms: number, call: () => void) => () => void
  readonly onFault: (cause: unknown) => void
}

/** Kinds of facts that show a member in a store. */
const VISITS: ReadonlySet<string> = new Set([
  'sale',
  'checkin',
  'enrolment',
  'return',
  'redemption',
  'voucher_use',
])
/** Kinds of facts that change where a member is likely, whatever else they do. */
const PLACES: ReadonlySet<string> = new Set(['profile', 'merge'])

export class Grants {
  readonly #parts: GrantParts
  /** Members to look at, and where they were seen. */
  readonly #pending = new Map<MemberId, { tenant: TenantId; visits: VisitRow[] }>()
  /** Leases that were too large, and whose they are: when they are back, smaller ones are given. */
  readonly #shrinking = new Map<number, { tenant: TenantId; member: MemberId }>()
  #working: Promise<void> = Promise.resolve()
  #cancelPause: (() => void) | undefined
  #cancelSweep: () => void = () => undefined
  #started = false
  #stopped = false

  constructor(parts: GrantParts) {
    this.#parts = parts
    parts.ingest.onCommitted((committed) => this.#committed(committed))
  }

  /** From now on who comes gets leases, and they are looked after every LEASES_SWEEP_MS. */
  start(): void {
    this.#started = true
    this.#enqueue(() => this.sweep())
    this.#cancelSweep = this.#parts.after(LEASES_SWEEP_MS, () => {
      if (!this.#stopped) this.start()
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelPause?.()
    this.#cancelSweep()
    await this.#working
  }

  /** A store asked about a member: it is there. */
  seen(tenant: TenantId, store: StoreId, member: MemberId): void {
    this.#note(tenant, member, { member, store, at: this.#parts.clock.now() as Millis })
  }

  /** A store came into reach: who was there lately is likely to come again. */
  inReach(tenant: TenantId, store: StoreId): void {
    this.#enqueue(async () => {
      const { shelf, clock, store: cloud } = this.#parts
      const now = clock.now()
      const program = (await shelf.of(tenant)).program(hybridTime(now))
      if (program === null || program.offline.sharePercent === 0) return
      const since = (now - program.offline.recentMs) as Millis
      const likely = await cloud.read.visitors(store, since, LEASES_SWEEP_MAX)
      for (const member of likely) this.#note(tenant, member, null)
    })
  }

  #committed({ activities, leases }: Committed): void {
    for (const { lease, recalled } of leases) this.#returned(lease, recalled)
    for (const { tenant, store, kind, member, at, effects } of activities) {
      if (member === NO_MEMBER) continue
      if (store > 0 && VISITS.has(kind)) this.#note(tenant, member, { member, store, at: millisOf(at) })
      else if (effects.length > 0 || PLACES.has(kind)) this.#note(tenant, member, null)
    }
  }

  #returned(lease: number, recalled: boolean): void {
    const shrunk = this.#shrinking.get(lease)
    if (shrunk === undefined || recalled) return
    this.#shrinking.delete(lease)
    this.#note(shrunk.tenant, shrunk.member, null)
  }

  #note(tenant: TenantId, member: MemberId, visit: VisitRow | null): void {
    if (!this.#started || this.#stopped) return
    const known = this.#pending.get(member)
    const most = visit === null ? LEASES_UNSEEN_MAX : LEASES_PENDING_MAX
    if (known === undefined && this.#pending.size >= most) return
    if (known === undefined) this.#pending.set(member, { tenant, visits: visit === null ? [] : [visit] })
    else if (visit !== null && !known.visits.some(({ store }) => store === visit.store))
      known.visits.push(visit)
    this.#pause(0)
  }

  /** Looks soon, and later while backlogs come in. */
  #pause(postponed: number): void {
    this.#cancelPause ??= this.#parts.after(LEASES_PAUSE_MS, () => {
      this.#cancelPause = undefined
      if (this.#parts.drains() && postponed < LEASES_POSTPONED_MAX) this.#pause(postponed + 1)
      else this.#enqueue(() => this.flush())
    })
  }

  #enqueue(work: () => Promise<unknown>): void {
    if (!this.#started) return
    this.#working = this.#working
      .then(() => (this.#stopped ? undefined : work()))
      .then(() => undefined)
      .catch(this.#parts.onFault)
  }

  /** Looks at everybody who waits. */
  async flush(): Promise<void> {
    while (this.#pending.size > 0 && !this.#stopped) {
      const batch = [...this.#pending].slice(0, LEASES_COMMIT_MAX)
      for (const [member] of batch) this.#pending.delete(member)
      const byTenant = Map.groupBy(batch, ([, { tenant }]) => tenant)
      for (const [tenant, members] of byTenant)
        await this.#grant(
          tenant,
          members.map(([member]) => member),
          members.flatMap(([, { visits }]) => visits),
        )
      await turn()
    }
  }

  async #grant(tenant: TenantId, members: readonly MemberId[], visits: readonly VisitRow[]): Promise<void> {
    const { shelf, ingest, clock, reached } = this.#parts
    const programs = await shelf.of(tenant)
    const now = clock.now() as Millis
    const program = programs.program(hybridTime(now))
    if (program === null || program.offline.sharePercent === 0) return
    await ingest.record(tenant, async (tx, own) => {
      const roots = await rootsOf(tx, members)
      await tx.saveVisits(
        visits.map((visit) => ({ ...visit, member: roots.get(visit.member) ?? visit.member })),
      )
      const reach = new Map([...reached()].map(([origin, store]) => [store, origin]))
      const look = { tx, tenant, program, now, reach, stores: await tx.stores(tenant) }
      const wishes: Wish[] = []
      for (const member of new Set(roots.values())) wishes.push(...(await wishesOf(look, member)))
      for (const perk of program.redeemPerks.values())
        if (perk.document.budget !== undefined) wishes.push(...(await budgetWishes(look, perk)))
      await record(look, own, programs.latest, wishes)
    })
  }

  /** One look: members whose leases end soon get new ones, and what is long over is written off. */
  async sweep(): Promise<void> {
    const { store, shelf, clock } = this.#parts
    const now = clock.now()
    for (const tenant of await store.read.tenants()) {
      const program = (await shelf.of(tenant)).program(hybridTime(now))
      if (program === null) continue
      const { leaseMs, writeOffMs, sharePercent, totalMax } = program.offline
      const ending = await store.read.leasesEnding(tenant, (now + leaseMs / 2) as Millis, LEASES_SWEEP_MAX)
      for (const { member, expires } of ending) if (expires > now) this.#note(tenant, member, null)
      const overdue = ending.filter(({ expires }) => expires + writeOffMs < now)
      if (overdue.length > 0) await this.#giveUp(tenant, overdue, 'written_off')
      const most = sharePercent === 0 ? 0 : totalMax
      await this.#recallAbove(tenant, most)
    }
  }

  /** A program that came into force asks for smaller leases than were given: they are asked back, and given anew. */
  async #recallAbove(tenant: TenantId, most: number): Promise<void> {
    const { store, reached } = this.#parts
    const reach = reached()
    const open = await store.read.leasesEnding(tenant, Number.MAX_SAFE_INTEGER as Millis, LEASES_SWEEP_MAX)
    const above = open.filter(
      (lease) =>
        (most === 0 || (lease.subject === 'points' && outstandingOf(lease) > most)) &&
        lease.recall === lease.answered &&
        reach.has(lease.origin),
    )
    if (above.length === 0) return
    await this.#giveUp(tenant, above, 'recalled')
    for (const { lease, member } of above)
      if (most > 0 && this.#shrinking.size < LEASES_SWEEP_MAX) this.#shrinking.set(lease, { tenant, member })
  }

  async #giveUp(
    tenant: TenantId,
    rows: readonly LeaseRow[],
    stage: 'written_off' | 'recalled',
  ): Promise<void> {
    const programs = await this.#parts.shelf.of(tenant)
    await this.#parts.ingest.record(tenant, async (tx, own) => {
      const now = await tx.leases(rows.map(({ lease }) => lease))
      await appendLeaseFacts(own, programs.latest, stage, now)
    })
  }
}

interface Look {
  readonly tx: Writes
  readonly tenant: TenantId
  readonly program: Program
  readonly now: Millis
  readonly reach: ReadonlyMap<StoreId, Origin>
  readonly stores: readonly StoreRow[]
}

async function rootsOf(tx: Writes, members: readonly MemberId[]): Promise<Map<MemberId, MemberId>> {
  const roots = new Map(members.map((member) => [member, member]))
  for (const { member, root } of await tx.aliases(members)) roots.set(member, root)
  return roots
}

async function wishesOf(look: Look, member: MemberId): Promise<Wish[]> {
  const { tx, tenant, program, now, stores } = look
  const [row] = await tx.states([member])
  const stored = row === undefined || row.tenant !== tenant ? undefined : decodeState(row.state)
  if (stored === undefined) return []
  const places = await placesOf(look, member, stored.more?.profile.homeStore ?? 0)
  if (places.length === 0) return []
  const zone = stores.find(({ id }) => id === places[0]?.store)?.zone
  const offset = zone === undefined ? 0 : zoneOffset(zone, now)
  const claims = {
    leases: await tx.leasesOfMembers([member]),
    holds: await tx.openHolds(tenant, member, now),
    books: await tx.books([member]),
  }
  const state = stateAt(program, stored, member, now, offset)
  return leasesFor({ program, member, state, claims, places, now, day: localDay(now, offset) })
}

/** The home store, then those visited lately, the last first. */
async function placesOf({ tx, program, now, reach }: Look, member: MemberId, home: number): Promise<Place[]> {
  const recent = (await tx.visits([member])).filter(({ at }) => now - at <= program.offline.recentMs)
  const likely = [...new Set([...(home > 0 ? [home as StoreId] : []), ...recent.map(({ store }) => store)])]
  return likely
    .slice(0, program.offline.storesMax)
    .map((store) => ({ store, origin: reach.get(store) ?? null }))
}

async function budgetWishes({ tx, tenant, program, now, reach }: Look, perk: RedeemPerk): Promise<Wish[]> {
  const used = await redeemedOf(tx, tenant, perk.id, now)
  const leases = await tx.leasesOfBudget(tenant, perk.id)
  const reached = [...reach].map(([store, origin]) => ({ store, origin }))
  return budgetLeasesFor({ program, perk, used, leases, reached, now })
}

/** A live lease is topped up under its number; otherwise it gets the next. */
async function record(
  { tx, tenant, now }: Look,
  own: OwnFacts,
  version: LeaseFact['program'],
  wishes: readonly Wish[],
): Promise<void> {
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
