// A cloud without HTTP for tests: real store in a fresh directory, real ingest, one tenant with stores.
import { existsSync, rmSync } from 'node:fs'
import type { MemberId, Origin, StoreId } from '../../protocol/ids.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import { Projections } from '../../cloud/domain/accounts/projections.ts'
import { Authority } from '../../cloud/domain/authority.ts'
import { Grants } from '../../cloud/domain/leases/grants.ts'
import { Recalls } from '../../cloud/domain/leases/recalls.ts'
import { Ingest } from '../../cloud/domain/ingest/ingest.ts'
import { ProgramShelf } from '../../cloud/domain/programs.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { POINTS } from '../../cloud/evaluation/document/metrics.ts'
import { movesAmount } from '../../cloud/evaluation/effects.ts'
import { foldFacts, NOTHING_EARLIER } from '../../cloud/evaluation/fold.ts'
import { factOf } from '../../cloud/domain/ingest/refold.ts'
import { decodeState, newState, outcomeText } from '../../cloud/evaluation/state.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { Certifier } from '../../cloud/fleet/certifier.ts'
import type { OrphanRow } from '../../cloud/store/member-port.ts'
import type { CloudStore, TenantId } from '../../cloud/store/port.ts'
import type { OpenStore } from '../../cloud/store/sqlite/open.ts'
import { openSqliteStore } from '../../cloud/store/sqlite/sqlite-store.ts'
import { systemWith } from '../../cloud/system.ts'
import { OriginWriter } from './origin-writer.ts'
import { ownDirectory } from './own-directory.ts'
import type { Random } from './random.ts'

/** In memory, if asked, where the system has such a place: for files that need not survive the machine. */
export function freshDirectory(inMemory = false): { path: string; remove: () => void } {
  const place = inMemory && existsSync(MEMORY) ? MEMORY : undefined
  const path = ownDirectory('test', place)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

const MEMORY = '/dev/shm'

function sameMembers(one: readonly OrphanRow[], other: readonly OrphanRow[]): boolean {
  const members = new Set(one.map(({ member }) => member))
  return members.size === other.length && other.every(({ member }) => members.has(member))
}

export class CloudCore {
  readonly directory: string
  readonly store: CloudStore
  readonly shelf: ProgramShelf
  readonly ingest: Ingest
  readonly authority: Authority
  readonly recalls: Recalls
  readonly grants: Grants
  readonly projections: Projections
  readonly certifier: Certifier
  readonly clock: Clock
  readonly faults: unknown[] = []
  /** Members whose saved state was not what was written (S-12). */
  readonly mended: MemberId[] = []
  tenant: TenantId = 0
  /** Ledgers in reach, those that drain, and timers: nobody and never, until a test says otherwise. */
  reached: () => ReadonlyMap<Origin, StoreId> = () => new Map()
  drains: () => boolean = () => false
  after: (ms: number, call: () => void) => () => void = () => () => undefined
  onFault: (cause: unknown) => void = (cause) => void this.faults.push(cause)

  /** `wrap` lets a test stand between the domain and the store; `opened`: connections that outlive it. */
  constructor(
    directory: string,
    clock: Clock,
    wrap: (store: CloudStore) => CloudStore = (store) => store,
    opened?: OpenStore,
  ) {
    this.directory = directory
    this.clock = clock
    this.store = wrap(openSqliteStore({ directory, checkpointer: false, opened }))
    this.shelf = new ProgramShelf(this.store, clock)
    // There are no sockets to read.
    this.ingest = new Ingest(this.store, this.shelf, clock, {
      turn: () => Promise.resolve(),
      onMended: (member) => void this.mended.push(member),
    })
    const after = (ms: number, call: () => void): (() => void) => this.after(ms, call)
    this.recalls = new Recalls({
      ingest: this.ingest,
      shelf: this.shelf,
      after,
      reaches: (origin) => this.reached().has(origin),
    })
    this.grants = new Grants({
      store: this.store,
      ingest: this.ingest,
      shelf: this.shelf,
      clock,
      after,
      reached: () => this.reached(),
      drains: () => this.drains(),
      onFault: (cause) => this.onFault(cause),
    })
    this.projections = new Projections(this.store, this.shelf, clock)
    this.authority = new Authority(this.store, this.shelf, clock, this.recalls)
    this.certifier = new Certifier({ store: this.store, system: systemWith(clock) })
  }

  /** A tenant with its own origin and a published program. */
  async found(document: ProgramDocument | null): Promise<void> {
    this.tenant = await this.store.write(async (tx) => {
      const tenant = await tx.insertTenant('test')
      await tx.insertOrigin({ tenant, store: 0 as StoreId, edge: 0 })
      return tenant
    })
    if (document === null) return
    const published = await this.shelf.publish(this.tenant, document, null)
    if (!published.ok) throw new Error(published.refusal.detail)
  }

  /** The tenant is listed by platforms from now on. */
  async project(): Promise<void> {
    await this.store.write((tx) => this.projections.begin(tx, this.tenant))
    await this.projections.fill(this.tenant)
  }

  /** A store in UTC with an edge and an origin; the writer makes its facts. */
  async addStore(publicKey = ''): Promise<OriginWriter & { edge: number }> {
    const { origin, store, edge } = await this.store.write(async (tx) => {
      const row = await tx.insertStore(this.tenant, 'Store', 'UTC')
      const added = await tx.insertEdge({
        tenant: this.tenant,
        store: row.id,
        publicKey,
        enrolledAt: 0 as Millis,
      })
      const life = await tx.insertOrigin({ tenant: this.tenant, store: row.id, edge: added.id })
      return { origin: life.origin, store: row.id, edge: added.id }
    })
    return Object.assign(new OriginWriter(origin, store), { edge })
  }

  /** Another life of a store's ledger: another edge, another origin, the same store. */
  async addLife(of: OriginWriter | undefined): Promise<OriginWriter> {
    const store = of?.store ?? (0 as StoreId)
    const life = await this.store.write(async (tx) => {
      const edge = await tx.insertEdge({ tenant: this.tenant, store, publicKey: '', enrolledAt: 0 as Millis })
      return tx.insertOrigin({ tenant: this.tenant, store, edge: edge.id })
    })
    return new OriginWriter(life.origin, store)
  }

  async state(member: MemberId): Promise<MemberState> {
    const row = await this.store.read.member(member)
    const state = row?.state === null || row === undefined ? undefined : decodeState(row.state)
    if (state === undefined) throw new Error(`member ${member} has no state`)
    return state
  }

  /** The state that a fold of the member's counted facts from the beginning gives. */
  async refold(member: MemberId): Promise<MemberState> {
    const state = newState()
    const facts = (await this.store.read.factsOfMember(member)).map((row) => factOf(row, member))
    foldFacts(await this.shelf.of(this.tenant), state, facts, NOTHING_EARLIER)
    return state
  }

  /** Saved state = canonical fold, and balance = sum of all effects, for every member. Returns the outcomes by member key; by id of who is not enrolled here. */
  async outcomes(): Promise<Map<string, string>> {
    const outcomes = new Map<string, string>()
    const { read } = this.store
    for (const { key, id, state } of await read.members(this.tenant, { after: 0, limit: 10_000 }))
      outcomes.set(key, await this.#outcome(key, id, state))
    for (const { member, state } of await read.orphans(this.tenant, { after: 0, limit: 10_000 }))
      outcomes.set(String(member), await this.#outcome(String(member), member, state))
    return outcomes
  }

  /** How many are not enrolled here: of each of them HQ was told. */
  async orphans(): Promise<number> {
    const { read } = this.store
    const orphans = await read.orphans(this.tenant, { after: 0, limit: 10_000 })
    const told = (await read.orphansTold(this.tenant, '', 10_000)).filter(({ state }) => state !== null)
    if (!sameMembers(told, orphans))
      throw new Error(`${orphans.length} are not enrolled here, and HQ was told of ${told.length}`)
    return orphans.length
  }

  async #outcome(name: string, member: MemberId, saved: Uint8Array | null): Promise<string> {
    const state = saved === null ? undefined : decodeState(saved)
    if (state === undefined) throw new Error(`member ${name} has no state`)
    const folded = await this.refold(member)
    if (outcomeText(state) !== outcomeText(folded) || state.goodwill !== folded.goodwill)
      throw new Error(`member ${name}: saved ${outcomeText(state)}, folded ${outcomeText(folded)}`)
    let sum = 0
    for (const { effects } of await this.store.read.activitiesOfMember(member, { after: 0, limit: 100_000 }))
      for (const { kind, index, amount } of effects) if (index === POINTS && movesAmount(kind)) sum += amount
    const all = state.balance + state.goodwill
    if (sum !== all) throw new Error(`member ${name}: effects add up to ${sum}, balance is ${all}`)
    return outcomeText(state)
  }

  /** All that the ledgers hold, each in its order, in any order of ledgers and batching. */
  async deliver(writers: readonly OriginWriter[], random: Random): Promise<void> {
    for (let guard = 0; guard < 10_000; guard++) {
      const heads = await Promise.all(writers.map(({ origin }) => this.head(origin)))
      const open = writers.filter((writer, index) => (heads[index] ?? 0) < writer.seq)
      if (open.length === 0) return
      const writer = random.pick(open)
      const from = (heads[writers.indexOf(writer)] ?? 0) + 1
      const to = Math.min(writer.seq, from + random.below(12))
      await this.ingest.submit(writer.origin, writer.batch(from, to))
      await this.orphans()
    }
    throw new Error('not delivered')
  }

  async head(origin: Origin): Promise<number> {
    return (await this.store.read.origin(origin))?.seq ?? -1
  }
}
