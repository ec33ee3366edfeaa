// Taking facts into the cloud. Whatever batches wait when a transaction ends go into the next one together (I-2), whichever edges they come from;
// facts, effects, states and cursors are one commit, and an ack is only given after it.
import { chainHash } from '../../../protocol/chain.ts'
import { encodeFact } from '../../../protocol/codec.ts'
import type { Fact } from '../../../protocol/facts.ts'
import type { Batch } from '../../../protocol/frames/batch.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../../protocol/ids.ts'
import type { FactId, MemberId, Origin, Seq, StoreId } from '../../../protocol/ids.ts'
import { INGEST_GROUP_BATCHES_MAX, INGEST_QUEUE_BATCHES_MAX } from '../../../protocol/limits.ts'
import { assert } from '../../../protocol/result.ts'
import { HybridClock, TIME_MIN } from '../../../protocol/time.ts'
import type { Clock, HybridTime, Millis } from '../../../protocol/time.ts'
import { decodeState, encodeState } from '../../evaluation/state.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { ActivityRow, CloudStore, OriginRow, StoreRow, TenantId, Writes } from '../../store/port.ts'
import type { ProgramShelf } from '../programs.ts'
import { acceptBatch } from './accept.ts'
import type { Accepted, Arrival, ArrivedFact, BatchAnswer, Cursor, TenantsKnown } from './accept.ts'
import { activityOf, foldMember } from './refold.ts'
import { settleSpending } from './spending.ts'
import { noticeOf, settleStanding } from './standing.ts'
import type { ActivityDraft, Standing, Touch } from './standing.ts'

/** Member states kept decoded between groups. About 1 KiB each. */
export const STATES_CACHED_MAX = 50_000
/** Members remembered as met, per store. */
export const MEETINGS_KNOWN_MAX = 20_000

export interface Committed {
  readonly activities: readonly ActivityRow[]
  readonly touched: ReadonlySet<MemberId>
}

interface Waiting {
  readonly origin: Origin
  readonly batch: Batch
  readonly resolve: (answer: BatchAnswer) => void
  readonly reject: (cause: unknown) => void
}

/** A fact of the cloud's own: everything but its place in the log. */
export type OwnFactDraft = (place: { readonly id: FactId; readonly at: HybridTime }) => Fact

export class Ingest {
  readonly #store: CloudStore
  readonly #shelf: ProgramShelf
  readonly #clock: Clock
  readonly #states = new Map<MemberId, MemberState>()
  readonly #tenants: TenantsKnown = new Map()
  readonly #stores = new Map<number, StoreRow>()
  readonly #met = new Map<StoreId, Set<MemberId>>()
  readonly #listeners: ((committed: Committed) => void)[] = []
  readonly #waiting: Waiting[] = []
  #working: Promise<void> | null = null
  #own: HybridClock | null = null

  constructor(store: CloudStore, shelf: ProgramShelf, clock: Clock) {
    this.#store = store
    this.#shelf = shelf
    this.#clock = clock
  }

  /** Called after each commit, in order. */
  onCommitted(listener: (committed: Committed) => void): void {
    this.#listeners.push(listener)
  }

  get queueLength(): number {
    return this.#waiting.length
  }

  /** Takes a batch of a connection whose edge owns the origin. Resolves after COMMIT; rejects when the store failed and nothing was taken. */
  submit(origin: Origin, batch: Batch): Promise<BatchAnswer> {
    assert(
      this.#waiting.length < INGEST_QUEUE_BATCHES_MAX,
      'connections wait for their answers before they send more',
    )
    return new Promise((resolve, reject) => {
      this.#waiting.push({ origin, batch, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#working !== null) await this.#working
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, INGEST_GROUP_BATCHES_MAX)
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
    const { answers, committed } = await this.#transaction(async (tx, group_) => {
      const cursors = new Map<Origin, Cursor>()
      const answersOf: BatchAnswer[] = []
      for (const { origin, batch } of group) {
        const cursor = cursors.get(origin) ?? (await this.#cursor(tx, origin))
        cursors.set(origin, cursor)
        const accepted = await acceptBatch(tx, cursor, batch, this.#tenants)
        group_.take(cursor, accepted)
        answersOf.push(accepted.answer)
      }
      return { cursors: [...cursors.values()], value: answersOf }
    })
    this.#tell(committed)
    for (const [index, { resolve }] of group.entries()) {
      const answer = answers[index]
      assert(answer !== undefined, 'every batch of a group has its answer')
      resolve(answer)
    }
  }

  /**
   * Records a fact of the cloud's own origin. `key` is its business key within HQ: with a key that was used before, the first fact
   * is given back and nothing is recorded.
   */
  async record(
    tenant: TenantId,
    key: string,
    draft: OwnFactDraft,
  ): Promise<{ id: FactId; replayed: boolean; activity: ActivityRow }> {
    const { answers, committed } = await this.#transaction(async (tx, group) => {
      const origins = await this.#store.read.origins(tenant)
      const own = origins.find(({ edge }) => edge === 0)
      assert(own !== undefined, 'every tenant has an origin of its own')
      const [before] = await tx.factsByKeys(tenant, [{ store: own.store, key }])
      if (before !== undefined) return { cursors: [], value: { id: before.id, replayed: true } }
      const cursor = await this.#cursor(tx, own.origin)
      const seq = (cursor.seq + 1) as Seq
      const id = factIdOf(own.origin, seq)
      this.#own ??= new HybridClock(this.#clock, TIME_MIN)
      const fact = draft({ id, at: this.#own.tick() })
      assert(
        fact.id === id && fact.key === key && fact.store === own.store,
        'a fact of HQ stands at its own place',
      )
      const bytes = encodeFact(fact)
      const hash = chainHash(cursor.head, bytes)
      cursor.seq = seq
      cursor.head = hash
      const arrived: ArrivedFact = { cursor, id, bytes, hash, fact }
      group.take(cursor, {
        answer: { type: 'ack', seq, head: hash },
        facts: [arrived],
        quarantined: [],
        fencedNow: false,
      })
      return { cursors: [cursor], value: { id, replayed: false } }
    })
    this.#tell(committed)
    const [activity] = await this.#store.read.activitiesOfFacts([answers.id])
    assert(activity !== undefined, 'a recorded fact has a log row')
    return { ...answers, activity }
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
      fenced: row.fenced,
      taken: new Map(),
    }
  }

  async #storeOf(tx: Writes, row: OriginRow): Promise<StoreRow> {
    if (!this.#stores.has(row.store))
      for (const store of await tx.stores(row.tenant)) this.#stores.set(store.id, store)
    const store = this.#stores.get(row.store)
    assert(store !== undefined, 'an origin belongs to a store')
    return store
  }

  /** One commit: `gather` collects what came, then it is settled, folded and saved. */
  async #transaction<T>(
    gather: (tx: Writes, group: Gathered) => Promise<{ cursors: readonly Cursor[]; value: T }>,
  ): Promise<{ answers: T; committed: Committed }> {
    const changed = new Set<MemberId>()
    try {
      return await this.#store.write(async (tx) => {
        const group = new Gathered()
        const { cursors, value } = await gather(tx, group)
        const activities: ActivityRow[] = []
        for (const [tenant, part] of group.byTenant)
          activities.push(...(await this.#settle(tx, tenant, part, changed)))
        await tx.saveOrigins(
          cursors.map(({ row, seq, head, fenced }) => ({ origin: row.origin, seq, head, fenced })),
        )
        return { answers: value, committed: { activities, touched: changed } }
      })
    } catch (cause) {
      // What the fold changed in memory was not saved.
      for (const member of changed) this.#states.delete(member)
      this.#met.clear()
      throw cause
    }
  }

  async #settle(
    tx: Writes,
    tenant: TenantId,
    part: TenantPart,
    changed: Set<MemberId>,
  ): Promise<readonly ActivityRow[]> {
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
    drafts.push(...(await this.#fold(tx, tenant, standing, changed)))
    await this.#meet(tx, standing.touched)
    await this.#tellAgain(tx, part.facts, changed)
    const unauthorised = await settleSpending(tx, tenant, part.facts)
    drafts.sort((a, b) => a.at - b.at || a.fact - b.fact || a.revision - b.revision)
    return tx.appendActivities([
      ...drafts,
      ...standing.notices,
      ...unauthorised,
      ...part.notices(tenant, now),
    ])
  }

  async #fold(
    tx: Writes,
    tenant: TenantId,
    { touched, merged }: Standing,
    changed: Set<MemberId>,
  ): Promise<ActivityDraft[]> {
    const programs = await this.#shelf.of(tenant)
    await this.#loadStates(tx, [...touched.keys()])
    const departures: ActivityDraft[] = []
    const drafts: ActivityDraft[] = []
    const states: { member: MemberId; tenant: TenantId; state: Uint8Array }[] = []
    const vouchers: { tenant: TenantId; code: string; member: MemberId }[] = []
    for (const [member, touch] of touched) {
      if (touch.added.length === 0 && touch.removed.length === 0) continue
      changed.add(member)
      const saved = this.#states.get(member) ?? null
      const known = saved?.vouchers.length ?? 0
      const folded = await foldMember({ tx, tenant, member, programs }, touch, saved)
      const { state } = folded
      this.#remember(member, state)
      departures.push(...folded.departures)
      drafts.push(...folded.activities)
      if (merged.has(member)) {
        this.#states.delete(member)
        continue
      }
      await tx.insertCheckpoints(folded.checkpoints)
      states.push({ member, tenant, state: encodeState(state) })
      const fresh = state === saved ? state.vouchers.slice(known) : state.vouchers
      vouchers.push(...fresh.map(({ code }) => ({ tenant, code, member })))
    }
    await tx.saveStates(states)
    await tx.saveVouchers(vouchers)
    return numbered([...departures, ...drafts])
  }

  /**
   * A fact that names a member but does not count for it changes no state, yet the store has it on top of the state it was sent: the state goes out
   * again, because it covers that fact now (D-1).
   */
  async #tellAgain(tx: Writes, arrivals: readonly ArrivedFact[], changed: Set<MemberId>): Promise<void> {
    const named = new Set(
      arrivals.map(({ fact }) => fact.member).filter((member) => member > 0 && !changed.has(member)),
    )
    if (named.size === 0) return
    for (const member of named) changed.add(member)
    await tx.saveStates(await tx.states([...named]))
  }

  /** A store has met the members its facts belong to (D-1). What was met in this process is remembered, at most MEETINGS_KNOWN_MAX. */
  async #meet(tx: Writes, touched: ReadonlyMap<MemberId, Touch>): Promise<void> {
    const rows: { store: StoreId; member: MemberId }[] = []
    for (const [member, { added }] of touched) {
      for (const { fact } of added) {
        if (fact.store === 0) continue
        const met = this.#met.get(fact.store) ?? new Set()
        if (met.has(member)) continue
        if (met.size >= MEETINGS_KNOWN_MAX) met.clear()
        this.#met.set(fact.store, met.add(member))
        rows.push({ store: fact.store, member })
      }
    }
    await tx.meet(rows)
  }

  async #loadStates(tx: Writes, members: readonly MemberId[]): Promise<void> {
    const missing = members.filter((member) => !this.#states.has(member))
    for (const row of await tx.states(missing)) {
      const state = decodeState(row.state)
      assert(state !== undefined, 'saved states are of this release; the schema migration folds them again')
      this.#remember(row.member, state)
    }
  }

  /** The cache forgets the states it has not seen for longest. */
  #remember(member: MemberId, state: MemberState): void {
    this.#states.delete(member)
    this.#states.set(member, state)
    if (this.#states.size > STATES_CACHED_MAX) {
      const [oldest] = this.#states.keys()
      if (oldest !== undefined) this.#states.delete(oldest)
    }
  }
}

/** A fact that goes from one member to another is corrected for both in one commit: the revisions follow each other. */
function numbered(drafts: readonly ActivityDraft[]): ActivityDraft[] {
  const last = new Map<FactId, number>()
  return drafts.map((draft) => {
    const revision = Math.max(draft.revision, (last.get(draft.fact) ?? -1) + 1)
    last.set(draft.fact, revision)
    return revision === draft.revision ? draft : { ...draft, revision }
  })
}

/** What a group brought, per tenant. */
class Gathered {
  readonly byTenant = new Map<TenantId, TenantPart>()

  take(cursor: Cursor, accepted: Accepted): void {
    const part = this.byTenant.get(cursor.row.tenant) ?? new TenantPart()
    this.byTenant.set(cursor.row.tenant, part)
    part.facts.push(...accepted.facts)
    part.quarantined.push(...accepted.quarantined)
    if (accepted.fencedNow) part.fenced.push(cursor)
  }
}

class TenantPart {
  readonly facts: ArrivedFact[] = []
  readonly quarantined: (Arrival & { readonly reason: string })[] = []
  readonly fenced: Cursor[] = []

  notices(tenant: TenantId, now: Millis): ActivityDraft[] {
    const at = new HybridClock({ now: () => now }, TIME_MIN).tick()
    return [
      ...this.quarantined.map(({ cursor, id, reason }) =>
        noticeOf(
          tenant,
          { at, store: cursor.row.store, id },
          'quarantined',
          `fact ${id} was set aside: ${reason}`,
        ),
      ),
      ...this.fenced.map(({ row, seq }) => {
        const text = `origin ${row.origin} sent another history than it sent before (we have up to ${seq}): a cloned disk?`
        return noticeOf(tenant, { at, store: row.store, id: NO_FACT }, 'fork', text)
      }),
    ]
  }
}
