// Gives leases ahead of need (U-6): to whom a commit brought into a store or gave something to spend, to whom a store asked about, and again before they expire. Everything is
// recorded as facts of the cloud's own, in one commit with the look at the books that allows it, so that nothing is granted twice. What a store that was never
// heard of again had left comes back as a fact too. All work is bounded: LEASES_COMMIT_MAX members a commit, LEASES_PENDING_MAX that wait, LEASES_SWEEP_MAX a look.
import { setImmediate as turn } from 'node:timers/promises'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId, Origin, StoreId } from '../../../protocol/ids.ts'
import {
  LEASES_COMMIT_MAX,
  LEASES_PAUSE_MS,
  LEASES_PENDING_MAX,
  LEASES_POSTPONED_MAX,
  LEASES_SWEEP_MAX,
  LEASES_SWEEP_MS,
  LEASES_UNSEEN_MAX,
} from '../../../protocol/limits.ts'
import { hybridTime, millisOf } from '../../../protocol/time.ts'
import type { Clock, Millis } from '../../../protocol/time.ts'
import type { LeaseRow, VisitRow } from '../../store/lease-port.ts'
import type { CloudStore, TenantId } from '../../store/port.ts'
import type { Committed, Ingest } from '../ingest/ingest.ts'
import type { ProgramShelf } from '../programs.ts'
import type { LeaseChange } from './lease-accounts.ts'
import { appendLeaseFacts } from './lease-facts.ts'
import { lookAt, lookAtBudget, record, rootsOf } from './look.ts'
import type { Found } from './look.ts'
import { LeaseRounds } from './rounds.ts'

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

/** Members to look at. */
interface Waiting {
  readonly tenant: TenantId
  /** Where they were seen. */
  readonly visits: VisitRow[]
  /** Stores that they waited for, and that came into reach. */
  readonly awaited: StoreId[]
}

export class Grants {
  readonly #parts: GrantParts
  readonly #pending = new Map<MemberId, Waiting>()
  /** Stores that came into reach, and when they were heard of before. */
  readonly #arrived = new Map<StoreId, { readonly tenant: TenantId; readonly away: Millis | null }>()
  /** Leases that were asked back for being too much: when they are back, others are given. */
  readonly #shrinking = new Set<number>()
  readonly #rounds = new LeaseRounds()
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

  /** A store came into reach: who waited for it gets what could not be lent there. `away`: when its ledger was heard of before, null for a new one. */
  inReach(tenant: TenantId, store: StoreId, away: Millis | null): void {
    if (!this.#started || this.#stopped) return
    this.#arrived.set(store, { tenant, away })
    this.#pause(0)
  }

  #committed({ activities, leases }: Committed): void {
    for (const lease of leases) this.#returned(lease)
    for (const { tenant, store, kind, member, at, effects } of activities) {
      if (member === NO_MEMBER) continue
      if (store > 0 && VISITS.has(kind)) this.#note(tenant, member, { member, store, at: millisOf(at) })
      else if (effects.length > 0 || PLACES.has(kind)) this.#note(tenant, member, null)
    }
  }

  #returned({ lease, tenant, member, recalled, expired }: LeaseChange): void {
    const shrunk = !recalled && this.#shrinking.delete(lease)
    if ((shrunk || expired) && member !== NO_MEMBER) this.#note(tenant, member, null)
  }

  #note(tenant: TenantId, member: MemberId, visit: VisitRow | null): void {
    if (!this.#started || this.#stopped) return
    const visits = this.#waiting(
      tenant,
      member,
      visit === null ? LEASES_UNSEEN_MAX : LEASES_PENDING_MAX,
    )?.visits
    if (visit !== null && visits?.every(({ store }) => store !== visit.store) === true) visits.push(visit)
    if (visits !== undefined) this.#pause(0)
  }

  /** Undefined where no more than `most` may wait. */
  #waiting(tenant: TenantId, member: MemberId, most: number): Waiting | undefined {
    const known = this.#pending.get(member)
    if (known !== undefined || this.#pending.size >= most) return known
    const waiting: Waiting = { tenant, visits: [], awaited: [] }
    this.#pending.set(member, waiting)
    return waiting
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
    while (!this.#stopped) {
      await this.#readArrived()
      if (this.#pending.size === 0) return
      const batch = [...this.#pending].slice(0, LEASES_COMMIT_MAX)
      for (const [member] of batch) this.#pending.delete(member)
      for (const [tenant, members] of Map.groupBy(batch, ([, waiting]) => waiting.tenant))
        await this.#look(tenant, members)
      await turn()
    }
  }

  /** As far as one commit can look at; the rest of the stores, and of who waits for one, when that is done. */
  async #readArrived(): Promise<void> {
    const { store: cloud, shelf, clock, reached } = this.#parts
    if (this.#arrived.size === 0) return
    const reach = new Set(reached().values())
    for (const [store, { tenant, away }] of this.#arrived) {
      if (this.#pending.size >= LEASES_COMMIT_MAX) return
      const now = clock.now()
      const offline = (await shelf.of(tenant)).program(hybridTime(now))?.offline
      const lends = offline !== undefined && offline.sharePercent > 0 && reach.has(store)
      const waiting = lends ? await cloud.read.awaiting(store, LEASES_SWEEP_MAX) : []
      for (const member of waiting) {
        const awaited = this.#waiting(tenant, member, LEASES_PENDING_MAX)?.awaited
        if (awaited?.includes(store) === false) awaited.push(store)
      }
      if (waiting.length === LEASES_SWEEP_MAX) return
      this.#arrived.delete(store)
      if (!lends || (away !== null && now - away < offline.leaseMs / 2)) continue
      // Its leases may have ended meanwhile, or belong to another life: who was there lately is likely to come again.
      const since = (now - offline.recentMs) as Millis
      for (const member of await cloud.read.visitors(store, since, LEASES_SWEEP_MAX))
        this.#waiting(tenant, member, LEASES_UNSEEN_MAX)
    }
  }

  async #look(tenant: TenantId, batch: readonly (readonly [MemberId, Waiting])[]): Promise<void> {
    const { shelf, ingest, clock, reached } = this.#parts
    const programs = await shelf.of(tenant)
    const now = clock.now() as Millis
    const program = programs.program(hybridTime(now))
    if (program === null || program.offline.sharePercent === 0) return
    await ingest.record(tenant, async (tx, own) => {
      const roots = await rootsOf(
        tx,
        batch.map(([member]) => member),
      )
      const visits = batch.flatMap(([, waiting]) => waiting.visits)
      await tx.saveVisits(
        visits.map((visit) => ({ ...visit, member: roots.get(visit.member) ?? visit.member })),
      )
      const reach = new Map([...reached()].map(([origin, store]) => [store, origin]))
      const look = { tx, tenant, program, now, reach, stores: await tx.stores(tenant) }
      const found: Found = { wishes: [], excess: [], awaiting: [] }
      for (const member of new Set(roots.values())) await lookAt(look, member, found)
      for (const perk of program.redeemPerks.values())
        if (perk.document.budget !== undefined) await lookAtBudget(look, perk, found)
      await tx.deleteAwaiting(
        batch.flatMap(([member, { awaited }]) => awaited.map((store) => ({ store, member }))),
      )
      await tx.saveAwaiting(found.awaiting)
      await record(look, own, programs.latest, found)
      for (const { lease } of found.excess)
        if (this.#shrinking.size < LEASES_SWEEP_MAX) this.#shrinking.add(lease)
    })
  }

  /** One look at leases that nobody came for. */
  async sweep(): Promise<void> {
    const { store, shelf, clock, reached } = this.#parts
    for (const tenant of await store.read.tenants()) {
      const programs = await shelf.of(tenant)
      const reach = new Map([...reached()].map(([origin, at]) => [at, origin]))
      const room = LEASES_UNSEEN_MAX - this.#pending.size
      const due = await this.#rounds.next(store.read, tenant, programs, clock.now() as Millis, reach, room)
      if (due === undefined) continue
      for (const member of due.members) this.#note(tenant, member, null)
      if (due.budgets) await this.#look(tenant, [])
      if (due.overdue.length > 0) await this.#giveUp(tenant, due.overdue, 'written_off')
      for (const { member } of due.overdue) if (member !== NO_MEMBER) this.#note(tenant, member, null)
      if (due.void.length > 0) await this.#giveUp(tenant, due.void, 'recalled')
    }
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
