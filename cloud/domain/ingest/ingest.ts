// Taking facts into the cloud. Whatever batches wait when a transaction ends go into the next one together (I-2), whichever edges they come from;
// facts, effects, states and cursors are one commit, and an ack is only given after it.
import { setImmediate as loopTurn } from 'node:timers/promises'
import type { Batch } from '../../../protocol/frames/batch.ts'
import { NO_FACT, NO_MEMBER } from '../../../protocol/ids.ts'
import type { MemberId, Origin } from '../../../protocol/ids.ts'
import { INGEST_QUEUE_BATCHES_MAX } from '../../../protocol/limits.ts'
import { assert } from '../../../protocol/result.ts'
import { HybridClock, TIME_MIN, hybridTime } from '../../../protocol/time.ts'
import type { Clock, Millis } from '../../../protocol/time.ts'
import type { MemberState } from '../../evaluation/state.ts'
import { nextDue } from '../../evaluation/time/time.ts'
import type { ActivityRow, CloudStore, OriginRow, StoreRow, TenantId, Writes } from '../../store/port.ts'
import { Projector } from '../accounts/projection/projector.ts'
import { savedState } from '../accounts/projections.ts'
import { raiseConflicts } from '../conflicts.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { NextDue } from '../due.ts'
import type { ProgramShelf } from '../programs.ts'
import type { LeaseChange } from '../leases/lease-accounts.ts'
import { acceptBatch } from './accept.ts'
import type {
  Accepted,
  Arrival,
  ArrivedFact,
  BatchAnswer,
  Cursor,
  HashedBatch,
  TenantsKnown,
} from './accept.ts'
import { settleConflicts } from './conflicts.ts'
import { consequentAmong } from './consequences.ts'
import { doubtNotices } from './doubts.ts'
import { settleEarlyUses } from './early-uses.ts'
import { Lanes } from './lanes.ts'
import { Meetings } from './meetings.ts'
import { MemberStates } from './member-states.ts'
import { OwnFacts } from './own-facts.ts'
import { reactionsTo } from './reactions.ts'
import { activityOf } from './refold.ts'
import { booksConflicts } from './books-check.ts'
import { countRedemptions, lossesOf, redemptionsMoved, settleSpending } from './spending.ts'
import { settleStanding } from './standing.ts'
import type { ActivityDraft } from './standing.ts'
import { bringStatesUp } from './state-format.ts'

export interface Committed {
  readonly activities: readonly ActivityRow[]
  readonly touched: ReadonlySet<MemberId>
  /** Leases that were granted, used, asked or given back. */
  readonly leases: readonly LeaseChange[]
}

/** The log rows that a tenant's part of a commit came to, and those of them that mean more than that. */
interface Settled {
  readonly rows: readonly ActivityRow[]
  readonly consequent: readonly ActivityRow[]
}

interface Waiting extends HashedBatch {
  readonly origin: Origin
  readonly resolve: (answer: BatchAnswer) => void
  readonly reject: (cause: unknown) => void
}

export interface IngestOptions {
  readonly due?: NextDue
  /** Until what lies in the sockets was read. */
  readonly turn?: () => Promise<unknown>
  /** A state was not what was written, and is made again (S-12). */
  readonly onMended?: (member: MemberId) => void
}

export class Ingest {
  readonly #store: CloudStore
  readonly #shelf: ProgramShelf
  readonly #clock: Clock
  readonly #states: MemberStates
  readonly #meetings = new Meetings()
  readonly #tenants: TenantsKnown = new Map()
  readonly #stores = new Map<number, StoreRow>()
  readonly #listeners: ((committed: Committed) => void)[] = []
  readonly #waiting = new Lanes<Waiting>()
  #working: Promise<void> | null = null
  readonly #ownClock: HybridClock
  readonly #projector: Projector
  readonly #turn: () => Promise<unknown>

  constructor(
    store: CloudStore,
    shelf: ProgramShelf,
    clock: Clock,
    { due = nextDue, turn = loopTurn, onMended = () => undefined }: IngestOptions = {},
  ) {
    this.#turn = turn
    this.#store = store
    this.#shelf = shelf
    this.#clock = clock
    this.#states = new MemberStates(clock, due, onMended)
    store.mendStatesBy(async (tx, tenant, member) =>
      this.#states.mend(tx, tenant, member, await shelf.of(tenant)),
    )
    this.#ownClock = new HybridClock(clock, TIME_MIN)
    this.#projector = new Projector(clock)
    store.mendRowsBy({
      // Nothing of what was looked up, or folded, by whoever met the row: that was undone.
      project: async (tx, tenant, member) =>
        new Projector(clock).again(tx, tenant, member, {
          programs: await shelf.of(tenant),
          stateOf: (of) => savedState(tx, of),
        }),
      tell: async (tx, tenant, member) => {
        await tx.appendActivities([await this.#states.noted(tx, tenant, member)])
      },
    })
  }

  /** Called after each commit, in order. */
  onCommitted(listener: (committed: Committed) => void): void {
    this.#listeners.push(listener)
  }

  get queueLength(): number {
    return this.#waiting.length
  }

  /** Saved states, and rows that platforms list, that were not what was written and were made again (S-12, S-15). */
  get statesMended(): number {
    return this.#states.mended
  }

  /** Before anything else is asked of a store that an earlier release may have written (S-13). Gives how many states were folded again. */
  bringStatesUp(): Promise<number> {
    return bringStatesUp(this.#store, async (tx, tenant, member) =>
      this.#states.remake(tx, tenant, member, await this.#shelf.of(tenant)),
    )
  }

  /** Takes a batch of a connection whose edge owns the origin. Resolves after COMMIT; rejects when the store failed and nothing was taken. */
  submit(origin: Origin, batch: Batch, hashes: HashedBatch['hashes'] = null): Promise<BatchAnswer> {
    assert(
      this.#waiting.length < INGEST_QUEUE_BATCHES_MAX,
      'connections wait for their answers before they send more',
    )
    return new Promise((resolve, reject) => {
      this.#waiting.push({ origin, batch, hashes, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#working !== null) await this.#working
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      // What lies in the sockets by now is read first, and shares the commit.
      await this.#turn()
      const group = this.#waiting.take()
      try {
        await this.#commit(group)
      } catch (cause) {
        // One batch may have brought the transaction down: each is tried alone, so that the others are not held up.
        if (group.length === 1) group[0]?.reject(cause)
        else for (const single of group) await this.#commit([single]).catch(single.reject)
      }
    }
    // In the same turn as the last look at the queue: whoever comes now starts the next round.
    this.#working = null
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { answers, committed } = await this.#transaction(async (tx, gathered) => {
      const answersOf: BatchAnswer[] = []
      for (const { origin, ...hashed } of group) {
        const cursor = gathered.cursors.get(origin) ?? (await this.#cursor(tx, origin))
        gathered.cursors.set(origin, cursor)
        const accepted = await acceptBatch(tx, cursor, hashed, this.#tenants)
        gathered.take(cursor, accepted)
        answersOf.push(accepted.answer)
      }
      return answersOf
    })
    this.#tell(committed)
    for (const [index, { resolve }] of group.entries()) {
      const answer = answers[index]
      assert(answer !== undefined, 'every batch of a group has its answer')
      resolve(answer)
    }
  }

  /** Records facts of the cloud's own origin: everything that `work` records is one commit. */
  async record<T>(tenant: TenantId, work: (tx: Writes, own: OwnFacts) => Promise<T>): Promise<T> {
    const { answers, committed } = await this.#transaction((tx, group) =>
      work(tx, this.#ownFacts(tx, tenant, group)),
    )
    if (committed.activities.length > 0) this.#tell(committed)
    return answers
  }

  #ownFacts(tx: Writes, tenant: TenantId, group: Gathered): OwnFacts {
    let known: Cursor | undefined
    return new OwnFacts(tenant, this.#ownClock, tx, {
      async cursor() {
        if (known !== undefined) return known
        const row = (await tx.livesOf(tenant, 0)).findLast(({ state }) => state === 'open')
        assert(row !== undefined, 'every tenant has an open origin of its own')
        const cursor = group.cursors.get(row.origin) ?? {
          row,
          store: null,
          seq: row.seq,
          head: row.head,
          ended: row.ended,
          taken: [],
        }
        group.cursors.set(row.origin, cursor)
        known = cursor
        return cursor
      },
      take: (arrived) =>
        group.take(arrived.cursor, {
          answer: { type: 'ack', seq: arrived.cursor.seq, head: arrived.hash },
          facts: [arrived],
          quarantined: [],
          endedNow: false,
        }),
    })
  }

  #tell(committed: Committed): void {
    for (const listener of this.#listeners) listener(committed)
  }

  async #cursor(tx: Writes, origin: Origin): Promise<Cursor> {
    const row = await tx.origin(origin)
    assert(row !== undefined, 'a connection only speaks for origins that exist')
    return {
      row,
      store: row.edge === 0 ? null : await this.#storeOf(tx, row),
      seq: row.seq,
      head: row.head,
      // A spare takes nothing before its hello.
      ended: row.state === 'spare' ? 'unknown' : row.ended,
      taken: [],
    }
  }

  async #storeOf(tx: Writes, row: OriginRow): Promise<StoreRow> {
    if (!this.#stores.has(row.store))
      for (const store of await tx.stores(row.tenant)) this.#stores.set(store.id, store)
    const store = this.#stores.get(row.store)
    assert(store !== undefined, 'an origin belongs to a store')
    return store
  }

  /** One commit: `gather` collects what came, then it is settled, folded and saved; and so is what the cloud itself records because of it. */
  async #transaction<T>(
    gather: (tx: Writes, group: Gathered) => Promise<T>,
  ): Promise<{ answers: T; committed: Committed }> {
    const changed = new Set<MemberId>()
    try {
      return await this.#store.write(async (tx) => {
        // What was undone, because rows had to be made again, is done once more.
        if (changed.size > 0) this.#forget(changed)
        const cursors: Cursors = new Map()
        let group = new Gathered(cursors)
        const answers = await gather(tx, group)
        const activities: ActivityRow[] = []
        const leases: LeaseChange[] = []
        while (group.byTenant.size > 0) {
          const next = new Gathered(cursors)
          for (const [tenant, part] of group.byTenant) {
            const { rows, consequent } = await this.#settle(tx, tenant, part, changed, leases)
            activities.push(...rows)
            const own = this.#ownFacts(tx, tenant, next)
            for (const reaction of reactionsTo(consequent))
              await reaction(tx, own, await this.#shelf.of(tenant))
          }
          group = next
        }
        await tx.saveOrigins(
          [...cursors.values()].map(({ row, seq, head }) => ({ origin: row.origin, seq, head })),
        )
        for (const { row, ended } of cursors.values())
          if (ended !== null && row.state === 'open')
            await tx.closeOrigin(row.origin, ended, this.#clock.now() as Millis)
        return { answers, committed: { activities, touched: changed, leases } }
      })
    } catch (cause) {
      this.#forget(changed)
      throw cause
    }
  }

  /** What the fold changed in memory was not saved. */
  #forget(changed: Set<MemberId>): void {
    this.#states.forget(changed)
    this.#meetings.forget()
    this.#projector.forget()
    changed.clear()
  }

  async #settle(
    tx: Writes,
    tenant: TenantId,
    part: TenantPart,
    changed: Set<MemberId>,
    leases: LeaseChange[],
  ): Promise<Settled> {
    const now = this.#clock.now() as Millis
    await tx.insertQuarantine(
      part.quarantined.map(({ id, cursor, reason, bytes, hash }) => ({
        id,
        tenant,
        store: cursor.row.store,
        reason,
        bytes,
        hash,
        receivedAt: now,
      })),
    )
    const standing = await settleStanding(tx, tenant, part.facts, now)
    const guest = { tenant, member: NO_MEMBER }
    const drafts: ActivityDraft[] = standing.unfolded.map((fact) =>
      activityOf(guest, fact, 0, NO_FACT, [], []),
    )
    const programs = await this.#shelf.of(tenant)
    const orphans: ConflictDraft[] = []
    drafts.push(...(await this.#states.fold(tx, tenant, programs, standing, changed, orphans)))
    await this.#meetings.meet(tx, standing.touched)
    await this.#tellAgain(tx, tenant, part.facts, changed)
    drafts.sort((a, b) => a.at - b.at || a.fact - b.fact || a.revision - b.revision)
    const places = consequentAmong(drafts)
    const telling = places.flatMap((place) => drafts[place] ?? [])
    const lost = lossesOf(tenant, telling)
    await tx.addToBooks(lost)
    const spending = await settleSpending(tx, tenant, programs, part.facts, standing)
    leases.push(...spending.leases)
    const booked = [...lost, ...spending.risked]
    const stateOf = (member: MemberId): Promise<MemberState> => this.#states.of(tx, member)
    await countRedemptions(tx, tenant, redemptionsMoved(standing, telling), stateOf)
    const rows = await tx.appendActivities([
      ...drafts,
      ...standing.notices,
      ...(await doubtNotices(tx, tenant, part.facts, now)),
    ])
    // The rows of drafts come in their order.
    const consequent = places.flatMap((place) => rows[place] ?? [])
    const raised = [
      ...standing.conflicts,
      ...orphans,
      ...spending.conflicts,
      ...(await booksConflicts(tx, { tenant, programs, arrivals: part.facts, standing, now, booked })),
      ...part.conflicts(tenant, now),
    ]
    rows.push(...(await raiseConflicts(tx, raised)))
    rows.push(...(await settleConflicts(tx, tenant, part.facts, consequent)))
    rows.push(
      ...(await settleEarlyUses({ tx, tenant, arrivals: part.facts, rows: consequent, standing, stateOf })),
    )
    await this.#projector.follow(tx, tenant, {
      programs,
      arrivals: part.facts,
      standing,
      activities: rows,
      stateOf,
    })
    return { rows, consequent }
  }

  /**
   * A fact that names a member, by id or identity, but does not count for it changes no state, yet the store has it on top of the state it was sent: the state goes out
   * again, because it covers that fact now (D-1).
   */
  async #tellAgain(
    tx: Writes,
    tenant: TenantId,
    arrivals: readonly ArrivedFact[],
    changed: Set<MemberId>,
  ): Promise<void> {
    const named = arrivals.map(({ fact }) => fact.member)
    const claims = arrivals.flatMap(({ fact }) => (fact.claim === null ? [] : [fact.claim]))
    // A store counts these for whoever has the identity (M-4).
    if (claims.length > 0) named.push(...(await tx.identities(tenant, claims)).map(({ member }) => member))
    const unchanged = named.filter((member) => member > 0 && !changed.has(member))
    await this.#states.retell(tx, [...new Set(unchanged)], changed)
  }
}

/** The origins that a commit goes on from. */
type Cursors = Map<Origin, Cursor>

/** What a group brought, per tenant. */
class Gathered {
  readonly byTenant = new Map<TenantId, TenantPart>()
  readonly cursors: Cursors

  constructor(cursors: Cursors) {
    this.cursors = cursors
  }

  take(cursor: Cursor, accepted: Accepted): void {
    const part = this.byTenant.get(cursor.row.tenant) ?? new TenantPart()
    this.byTenant.set(cursor.row.tenant, part)
    part.facts.push(...accepted.facts)
    part.quarantined.push(...accepted.quarantined)
    if (accepted.endedNow) part.ended.push(cursor)
  }
}

class TenantPart {
  readonly facts: ArrivedFact[] = []
  readonly quarantined: (Arrival & { readonly reason: string })[] = []
  readonly ended: Cursor[] = []

  conflicts(tenant: TenantId, now: Millis): ConflictDraft[] {
    const at = hybridTime(now)
    return [
      ...this.quarantined.map(({ cursor, id, reason }): ConflictDraft => ({
        tenant,
        store: cursor.row.store,
        kind: 'quarantined',
        subject: String(id),
        at,
        fact: id,
        text: `Fact ${id} was set aside: ${reason}`,
      })),
      ...this.ended.map(({ row, seq }): ConflictDraft => ({
        tenant,
        store: row.store,
        kind: 'fork',
        subject: String(row.origin),
        at,
        text: `Origin ${row.origin} sent another history than it sent before (we have up to ${seq}): a cloned disk?`,
      })),
    ]
  }
}
