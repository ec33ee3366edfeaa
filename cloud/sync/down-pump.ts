// Sends one edge what it does not have yet: programs, leases, members it has met, corrections. Each is a log with a cursor that starts where the hello
// said; a pump reads on from its cursors whenever it is hinted, so many commits become one frame with the latest states (D-1).
import type { DownFrame } from '../../protocol/down.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import type { MemberSnapshot } from '../../protocol/frames/members.ts'
import type { MemberId, Origin, ProgramVersion } from '../../protocol/ids.ts'
import {
  CORRECTIONS_FRAME_MAX,
  DOWN_BACKLOG_BYTES_MAX,
  DOWN_PAUSE_DRAIN_MS,
  DOWN_PAUSE_MS,
  LEASES_FRAME_MAX,
  MEMBERS_FRAME_MAX,
} from '../../protocol/limits.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import type { LeaseTerm } from '../../protocol/leases.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { LeaseRow } from '../store/lease-port.ts'
import type { OriginRow, Snapshots } from '../store/port.ts'
import type { SyncParts, SyncSocket } from './hub.ts'

/** How far an edge has the logs. */
type Cursors = Pick<Hello, 'members_cursor' | 'corrections_cursor' | 'leases_cursor' | 'program'>

/** Positions of another life of the cloud say nothing about this one's logs (G-8). */
export function cursorsIn(hello: Hello, cloudEpoch: number): Cursors {
  if (hello.cloud_epoch === cloudEpoch) return hello
  return { members_cursor: 0, corrections_cursor: 0, leases_cursor: 0, program: 0 as ProgramVersion }
}

export class DownPump {
  readonly #parts: SyncParts
  readonly #socket: SyncSocket
  readonly #origin: OriginRow
  readonly #send: (frame: DownFrame) => void
  readonly #drains: () => boolean
  #members: number
  #corrections: number
  #leases: number
  #program: ProgramVersion
  /** The log of members goes on behind what was sent; nothing of it was, at first. */
  #more = true
  #hinted = false
  #pumping = false
  #stopped = false
  #cancelPause: () => void = () => undefined

  constructor(
    parts: SyncParts,
    socket: SyncSocket,
    origin: OriginRow,
    since: Cursors,
    { send, drains }: { readonly send: (frame: DownFrame) => void; readonly drains: () => boolean },
  ) {
    this.#parts = parts
    this.#socket = socket
    this.#origin = origin
    this.#send = send
    this.#drains = drains
    this.#members = since.members_cursor
    this.#corrections = since.corrections_cursor
    this.#leases = since.leases_cursor
    this.#program = since.program
  }

  start(): void {
    this.programPublished()
    this.clientsChanged()
    this.hint()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelPause()
  }

  /** At once, as far as the line takes them; the others before all else that waits for it. */
  programPublished(): void {
    void this.#guard(async () => {
      if (!this.#stopped && (await this.#sendPrograms())) this.hint()
    })
  }

  /** API clients that its store serves. */
  clientsChanged(): void {
    const { clients } = this.#parts
    if (clients === undefined || this.#stopped) return
    void this.#guard(async () =>
      this.#send({ type: 'clients', clients: [...(await clients.of(this.#origin.tenant))] }),
    )
  }

  /** It will read on from all its cursors, and has not begun to. */
  get hinted(): boolean {
    return this.#hinted
  }

  /** There may be something new. Waits a moment, so that what comes close together goes out together. */
  hint(): void {
    if (this.#stopped || this.#hinted) return
    this.#hinted = true
    if (this.#pumping) return
    const pause = this.#drains() ? DOWN_PAUSE_DRAIN_MS : DOWN_PAUSE_MS
    this.#cancelPause = this.#parts.system.after(pause, () => void this.#pump())
  }

  /** Without the moment's wait: a till somewhere waits for what is asked back. */
  hintNow(): void {
    if (this.#stopped) return
    if (this.#pumping) {
      this.#hinted = true
      return
    }
    this.#cancelPause()
    void this.#pump()
  }

  async #pump(): Promise<void> {
    if (this.#stopped || this.#pumping) return
    this.#pumping = true
    this.#hinted = false
    await this.#guard(async () => {
      await this.#sendPrograms()
      for (let more = true; more && !this.#stopped && this.#roomy();) more = await this.#sendLeases()
      for (let more = true; more && !this.#stopped && this.#roomy();) more = await this.#sendChanged()
      for (let more = true; more && !this.#stopped && this.#roomy();) more = await this.#sendCorrections()
    })
    this.#pumping = false
    const waits = this.#hinted || !this.#roomy()
    this.#hinted = false
    if (waits) this.hint()
  }

  /** The latest version this edge was sent. */
  get program(): ProgramVersion {
    return this.#program
  }

  /** A slow line gets no more until it has taken what it was given; then the cursors go on. */
  #roomy(): boolean {
    return this.#socket.bufferedBytes() < DOWN_BACKLOG_BYTES_MAX
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      if (!this.#stopped) this.#parts.onFault(this.#origin.edge, cause)
    }
  }

  /** True where the line takes no more for now. */
  async #sendPrograms(): Promise<boolean> {
    const programs = await this.#parts.shelf.of(this.#origin.tenant)
    for (const { version, effectiveFrom, document } of programs.records.toSorted(
      (a, b) => a.version - b.version,
    )) {
      if (version <= this.#program) continue
      if (!this.#roomy()) return true
      this.#send({ type: 'program', version, effective_from: effectiveFrom, document })
      this.#program = version
    }
    return false
  }

  async #sendChanged(): Promise<boolean> {
    const { origin, store } = this.#origin
    const found = await this.#parts.store.read.changedMembers(origin, store, this.#members, MEMBERS_FRAME_MAX)
    const last = found.rows.at(-1)
    if (last === undefined && !this.#more) return false
    this.#members = last?.change ?? this.#members
    this.#more = found.rows.length === MEMBERS_FRAME_MAX
    this.#send({
      type: 'members',
      cursor: this.#members,
      members: snapshotsOf(found),
      more: this.#more,
    })
    return this.#more
  }

  async #sendLeases(): Promise<boolean> {
    const rows = await this.#parts.store.read.changedLeases(
      this.#origin.origin,
      this.#leases,
      LEASES_FRAME_MAX,
    )
    const last = rows.at(-1)
    if (last === undefined) return false
    this.#leases = last.change
    this.#send({ type: 'leases', cursor: last.change, leases: rows.map(termOf) })
    return rows.length === LEASES_FRAME_MAX
  }

  /** States that were asked for, out of the log's order: the cursor stays. */
  async sendMembers(members: readonly MemberId[], origin: Origin): Promise<void> {
    const found = await this.#parts.store.read.snapshots(origin, members)
    this.#send({ type: 'members', cursor: this.#members, members: snapshotsOf(found), more: this.#more })
  }

  async #sendCorrections(): Promise<boolean> {
    const page = { after: this.#corrections, limit: CORRECTIONS_FRAME_MAX }
    const rows = await this.#parts.store.read.activitiesToTell(this.#origin.store, page)
    const last = rows.at(-1)
    if (last === undefined) return false
    this.#corrections = last.position
    this.#send({
      type: 'corrections',
      cursor: last.position,
      corrections: rows
        .filter(({ notice }) => notice === null)
        .map(({ fact, revision, points, goodwill, cause }) => ({
          fact,
          revision,
          points: points as Points,
          goodwill: goodwill as Points,
          cause,
        })),
      conflicts: rows.flatMap(({ notice, cause }) =>
        notice === null ? [] : [{ code: notice.code, fact: cause, text: notice.text.slice(0, 400) }],
      ),
    })
    return rows.length === CORRECTIONS_FRAME_MAX
  }
}

function termOf(row: LeaseRow): LeaseTerm {
  const { lease, subject, member, item, code, granted, cap, expires, recall } = row
  const used = granted - outstandingOf(row)
  return { lease, subject, member, item, code, granted, used, cap: cap as Points, expires, recall }
}

function snapshotsOf({ covers, rows }: Snapshots): MemberSnapshot[] {
  return rows.flatMap(({ id, name, identities, state }) =>
    state === null ? [] : [{ member: id, name, identities: [...identities], state, covers }],
  )
}
