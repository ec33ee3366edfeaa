// The live feed of all stores. The log in the store is the truth and every reader has its own place in it: a reader either catches up, page by page
// and no faster than it takes them, or is live and gets each commit as it happens, encoded once for all. A live reader that cannot be
// given the next activity without a gap goes back to catching up; one that lets bytes pile up is cut with "resume" (Q-4 F-3). So nothing is
// ever skipped, and memory is bounded whatever the readers do.
import type { StoreId } from '../../../protocol/ids.ts'
import { FEED_PENDING_MAX, FEED_SUBSCRIBERS_MAX, HEARTBEAT_MS } from '../../../protocol/limits.ts'
import { activityView, maskedMember } from '../../domain/activity-view.ts'
import type { FeedNames } from '../../domain/activity-view.ts'
import type { ProgramShelf } from '../../domain/programs.ts'
import type { ActivityView } from '../../domain/view-shapes.ts'
import type { ActivityRow, Reads, TenantId } from '../../store/port.ts'
import type { System } from '../../system.ts'
import { FeedReader } from './feed-reader.ts'
import type { FeedPeer, FeedPlace } from './feed-reader.ts'

const MEMBER_NAMES_MAX = 10_000

/** A run of activities as it goes over the wire. */
export interface FeedFrame {
  readonly from: number
  readonly to: number
  /** `{"type":"activities","epoch","from","to","activities":[…]}` */
  readonly text: string
}

export interface LiveFeedParts {
  readonly read: Reads
  readonly shelf: ProgramShelf
  readonly system: System
  /** Life of the cloud's database: positions of another epoch mean nothing here. */
  readonly epoch: number
  /** Told what broke while a frame was made; readers go on from the store. */
  readonly onFault: (cause: unknown) => void
}

/** What stores may spend is a state (GET /v1/leases), and moves with every visit: it is not told as something that happened. */
const isTold = ({ kind }: ActivityRow): boolean => kind !== 'lease'

export class LiveFeed {
  readonly epoch: number
  readonly #parts: LiveFeedParts
  readonly #readers = new Set<FeedReader>()
  readonly #live = new Set<FeedReader>()
  readonly #storeNames = new Map<TenantId, Map<number, string>>()
  readonly #memberNames = new Map<number, string>()
  /** Every live reader has been given everything up to here. */
  #position: number
  #pending: ActivityRow[] = []
  #pumping = false
  #stopped = false
  #cancelHeartbeat: () => void = () => undefined

  private constructor(parts: LiveFeedParts, position: number) {
    this.#parts = parts
    this.#position = position
    this.epoch = parts.epoch
    this.#heartbeat()
  }

  static async open(parts: LiveFeedParts): Promise<LiveFeed> {
    return new LiveFeed(parts, await parts.read.lastPosition())
  }

  get readerCount(): number {
    return this.#readers.size
  }

  /** Undefined when there are as many readers as there may be. */
  join(
    tenant: TenantId,
    place: FeedPlace,
    peer: FeedPeer,
    admitted: () => Promise<boolean>,
  ): FeedReader | undefined {
    if (this.#readers.size >= FEED_SUBSCRIBERS_MAX || this.#stopped) return undefined
    const reader: FeedReader = new FeedReader(this.#parts.read, this, tenant, peer, admitted)
    this.#readers.add(reader)
    reader.start(place)
    return reader
  }

  leave(reader: FeedReader): void {
    this.#readers.delete(reader)
    this.#live.delete(reader)
  }

  /** Makes a reader live if it stands at the live end; otherwise it must read on from the store. */
  goLive(reader: FeedReader): boolean {
    if (reader.position < this.#position || !this.#readers.has(reader)) return false
    this.#live.add(reader)
    return true
  }

  fault(cause: unknown): void {
    this.#parts.onFault(cause)
  }

  /** What a commit brought, in order of position. */
  committed(rows: readonly ActivityRow[]): void {
    const last = rows.at(-1)
    if (last === undefined) return
    if (this.#live.size === 0 && !this.#pumping) this.#position = Math.max(this.#position, last.position)
    else if (this.#pending.length + rows.length > FEED_PENDING_MAX) this.#fallBack(last.position)
    else {
      for (const row of rows) this.#pending.push(row)
      void this.#pump()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#cancelHeartbeat()
    for (const reader of this.#readers) reader.close('stopping', 'the cloud node is stopping')
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#pending.length > 0) {
        const rows = this.#pending.filter(({ position }) => position > this.#position)
        this.#pending = []
        const [first] = rows
        const last = rows.at(-1)
        if (first === undefined || last === undefined) continue
        // Something was logged that no commit told of: the store has it.
        if (first.position > this.#position + 1) this.#fallBack(last.position)
        else await this.#broadcast(rows, last.position)
      }
    } catch (cause) {
      this.fault(cause)
      this.#fallBack(this.#pending.at(-1)?.position ?? this.#position)
    } finally {
      this.#pumping = false
    }
  }

  async #broadcast(rows: readonly ActivityRow[], last: number): Promise<void> {
    const byTenant = new Map<TenantId, ActivityView[]>()
    for (const tenant of new Set([...this.#live].map((reader) => reader.tenant))) {
      const own = rows.filter((row) => row.tenant === tenant)
      byTenant.set(tenant, await this.views(tenant, own))
    }
    this.#position = last
    const frames = new Map([...byTenant].map(([tenant, views]) => [tenant, this.frameOf(views)]))
    for (const reader of this.#live) {
      const views = byTenant.get(reader.tenant)
      // It came while names were looked up, and its tenant was not among the readers' then.
      if (views === undefined) this.#backToStore(reader)
      else reader.take(views, frames.get(reader.tenant), last)
    }
  }

  #fallBack(position: number): void {
    this.#pending = []
    this.#position = Math.max(this.#position, position)
    for (const reader of this.#live) this.#backToStore(reader)
  }

  #backToStore(reader: FeedReader): void {
    this.#live.delete(reader)
    reader.catchUp()
  }

  frameOf(views: readonly ActivityView[]): FeedFrame | undefined {
    const [first] = views
    const last = views.at(-1)
    if (first === undefined || last === undefined) return undefined
    const { epoch } = this
    const frame = { type: 'activities', epoch, from: first.position, to: last.position, activities: views }
    return { from: first.position, to: last.position, text: JSON.stringify(frame) }
  }

  async views(tenant: TenantId, rows: readonly ActivityRow[]): Promise<ActivityView[]> {
    if (rows.length === 0) return []
    const names = await this.#names(tenant, rows)
    return rows.filter(isTold).map((row) => activityView(row, names))
  }

  async #names(tenant: TenantId, rows: readonly ActivityRow[]): Promise<FeedNames> {
    const { read, shelf } = this.#parts
    let stores = this.#storeNames.get(tenant) ?? new Map<number, string>([[0, 'HQ']])
    if (rows.some(({ store }) => !stores.has(store))) {
      stores = new Map([[0, 'HQ'], ...(await read.stores(tenant)).map(({ id, name }) => [id, name] as const)])
      this.#storeNames.set(tenant, stores)
    }
    const members = new Map<number, string>()
    for (const { member } of rows) {
      if (member === 0 || members.has(member)) continue
      members.set(member, this.#memberNames.get(member) ?? (await this.#readMemberName(member)))
    }
    return {
      programs: await shelf.of(tenant),
      storeName: (id: StoreId | number) => stores.get(id) ?? `Store ${id}`,
      memberName: (id) => members.get(id) ?? null,
    }
  }

  async #readMemberName(member: ActivityRow['member']): Promise<string> {
    const row = await this.#parts.read.member(member)
    const name = maskedMember(row?.name ?? null, row?.identities ?? [])
    if (this.#memberNames.size >= MEMBER_NAMES_MAX) this.#memberNames.clear()
    this.#memberNames.set(member, name)
    return name
  }

  /** Shows readers that the line lives, and notices what was logged outside of a commit. */
  #heartbeat(): void {
    this.#cancelHeartbeat = this.#parts.system.after(HEARTBEAT_MS, () => {
      for (const reader of this.#readers) reader.heartbeat()
      void this.lookAtTokens()
      void this.lookBehind()
      if (!this.#stopped) this.#heartbeat()
    })
  }

  /** A reader whose token ended, or opens this feed no longer, is told to go (PL-22). */
  async lookAtTokens(): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.lookAtToken()))
  }

  /** Something may have been logged outside of a commit of facts. */
  async lookBehind(): Promise<void> {
    if (this.#stopped) return
    try {
      const position = await this.#parts.read.lastPosition()
      if (!this.#pumping && this.#pending.length === 0 && position > this.#position) this.#fallBack(position)
    } catch (cause) {
      if (!this.#stopped) this.fault(cause)
    }
  }
}
