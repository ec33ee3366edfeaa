// All connected edges. One session per edge, the newest wins; after each commit the sessions whose stores met a touched member are told that there
// is something to fetch. Level-triggered: a session reads from its own cursors, so a missed hint costs a moment, never a row.
import type { KeyObject } from 'node:crypto'
import type { Attestation } from '../../protocol/attestation.ts'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import type { Held } from '../../protocol/frames/holds.ts'
import type { Life } from '../../protocol/lives.ts'
import type { MemberId, Origin, StoreId } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { sealBeat } from '../../protocol/seals.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { StoreClient } from '../../protocol/frames/clients.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import { GREETINGS_MAX, HEARTBEAT_MS } from '../../protocol/limits.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import type { Authority } from '../domain/authority.ts'
import type { Committed, Ingest } from '../domain/ingest/ingest.ts'
import { admitAttested } from '../domain/attested.ts'
import { openCloudEpoch, spokenForTwice } from '../domain/lives.ts'
import type { ProgramShelf } from '../domain/programs.ts'
import type { Unspoken } from '../../protocol/version.ts'
import type { CloudStore, EdgeId, EdgeRow, TenantId, Writes } from '../store/port.ts'
import { Admission, returnMsOf } from './admission.ts'
import { Attestations } from './attestations.ts'
import { Contacts } from './contacts.ts'
import type { Opener } from './frames-ahead.ts'
import { SyncSession } from './session.ts'
import type { SessionFacts } from './session.ts'
import { WelcomedHellos } from './welcomed-hellos.ts'
import type { LastHello } from './welcomed-hellos.ts'

/** A message socket, whatever carries it. */
export interface SyncSocket {
  send(bytes: Uint8Array): void
  close(code: number, reason: string): void
  bufferedBytes(): number
  onMessage(listener: (bytes: Uint8Array) => void): void
  onClose(listener: () => void): void
}

/** Time, timers and chance, given from outside so that a simulation can own them. */
export interface SyncSystem {
  readonly clock: Clock
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void
  randomBytes(count: number): Uint8Array
}

export interface SyncParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly authority: Authority
  readonly shelf: ProgramShelf
  readonly system: SyncSystem
  /** Opens large frames ahead of their turn (I-15); left out: each is opened in its turn. */
  readonly opener?: Opener
  /** Signs every frame down. */
  readonly privateKey: KeyObject
  /** Told once for what breaks on our side, with the edge it broke for. */
  readonly onFault: (edge: EdgeId, cause: unknown) => void
  /** Certificates of the stores' TLS (G-11). */
  readonly certify: (
    tenant: TenantId,
    edge: EdgeId,
    request: CertificateRequest,
  ) => Promise<Result<Certified>>
  /** A device says which certificate it holds (P-SYNC-9). */
  readonly holds?: (tenant: TenantId, edge: EdgeId, certificate: Held | null) => Promise<void>
  /** Another certificate for the key a device has, where the CA has changed (G-13). */
  readonly certifyAgain?: (tenant: TenantId, edge: EdgeId) => Promise<Certified | undefined>
  /** What else is written in the transaction that makes a store known again. */
  readonly storeMade?: (tx: Writes, tenant: TenantId) => Promise<void>
  /** API clients that stores of a business serve too (P-SYNC-11), and whose changed. */
  readonly clients?: {
    of(tenant: TenantId): Promise<readonly StoreClient[]>
    onChanged(listener: (tenant: TenantId) => void): void
  }
  /** A store's ledger came into reach that was heard of then before; null: never. */
  readonly onReached?: (tenant: TenantId, store: StoreId, away: Millis | null) => void
  /** A store asked about a member. */
  readonly onSeen?: (tenant: TenantId, store: StoreId, member: MemberId) => void
}

/** What the sessions share. */
export interface SessionParts extends SyncParts {
  readonly admission: Admission
  readonly contacts: Contacts
  /** Bytes of frames that wait, of all sessions. */
  readonly waiting: { bytes: number }
  /** Frames that were not signed by their edge for their place on their connection, of all sessions. */
  readonly refused: { frames: number }
  readonly attestations: Attestations
  /** What an edge's version is to ours (P-VER-1); null: it is spoken. */
  versionTold(edge: EdgeId, refused: Unspoken['reason'] | null): void
  /** Its hello was good. */
  welcomed(edge: EdgeRow, session: SyncSession, hello: Hello): void
  /** The life of the cloud's database. */
  epoch(): Promise<number>
  cloudWentBack(hello: Hello): Promise<void>
  /** Over how long the fleet spreads its return, should it lose us now. */
  returnMs(): number
}

/** Signs of life go out in turns, so that a fleet's do not stand in the way of an answer; each turn's frame is sealed once. */
const BEATS = 10

export class SyncHub {
  readonly #parts: SessionParts
  readonly #attestations: Attestations
  /** Those whose hello was good, the newest of each edge. */
  readonly #sessions = new Map<EdgeId, SyncSession>()
  /** With the last hello of the edge when the challenge was drawn. */
  readonly #greeting = new Map<SyncSession, LastHello>()
  readonly #hellos = new WelcomedHellos()
  readonly #unspoken = new Map<EdgeId, Unspoken['reason']>()
  readonly #turns: Set<SyncSession>[] = Array.from({ length: BEATS }, () => new Set())
  #turn = 0
  #epoch: Promise<number> | undefined
  #accepted = 0
  #cancelBeat: () => void = () => undefined

  constructor(parts: SyncParts) {
    this.#attestations = new Attestations(parts.store, parts.privateKey)
    this.#parts = {
      ...parts,
      admission: new Admission(),
      contacts: new Contacts(parts.store, (cause) => parts.onFault(0, cause)),
      waiting: { bytes: 0 },
      refused: { frames: 0 },
      attestations: this.#attestations,
      versionTold: (edge, refused) =>
        void (refused === null ? this.#unspoken.delete(edge) : this.#unspoken.set(edge, refused)),
      welcomed: (edge, session, hello) => this.#welcomed(edge, session, hello),
      epoch: () =>
        (this.#epoch ??= parts.store.write(async (tx) => Number((await tx.meta('cloud_epoch')) ?? '1'))),
      cloudWentBack: (hello) => this.#cloudWentBack(hello),
      returnMs: () => returnMsOf(this.#sessions.size),
    }
    this.#beat()
    parts.ingest.onCommitted((committed) => void this.#committed(committed))
    parts.clients?.onChanged((tenant) => {
      for (const session of this.#sessions.values()) if (session.tenant === tenant) session.clientsChanged()
    })
    parts.shelf.onPublished((tenant) => {
      for (const session of this.#sessions.values()) if (session.tenant === tenant) session.programPublished()
    })
  }

  /** G-13: the CA of a tenant has changed; its devices that are connected hear it now, the others when they say what they hold. */
  certifyAgain(tenant: TenantId): void {
    for (const session of this.#sessions.values()) if (session.tenant === tenant) session.certifyAgain()
  }

  /** A device that is known, or shows that it was (G-12). */
  async edgeOf(id: EdgeId, attestation: string | undefined): Promise<EdgeRow | undefined> {
    const { store, system, storeMade } = this.#parts
    const known = await store.read.edge(id)
    if (known !== undefined || attestation === undefined) return known
    const said: Attestation | undefined = this.#attestations.read(attestation)
    if (said?.edge !== id) return undefined
    const admitted = await store.write(async (tx) => {
      const row = await admitAttested(tx, said, system.clock.now() as Millis)
      if (row !== undefined) await storeMade?.(tx, row.tenant)
      return row
    })
    // Nobody told this cloud yet that it went back.
    if (admitted !== undefined && said.cloud_epoch >= (await this.#parts.epoch()))
      await this.#nextEpoch(
        said.cloud_epoch,
        `because we enrolled edge ${id}, and do not know it: our data came from a backup`,
      )
    return admitted
  }

  /** What a device that is enrolled is given to show (P-ATT-1). */
  async attest(edge: EdgeRow, lives: readonly Life[]): Promise<string> {
    return this.#attestations.of(edge, await this.#parts.epoch(), lives)
  }

  /** Takes over an accepted connection of an edge, which may have shown an attestation. */
  async accept(edge: EdgeId, socket: SyncSocket, attestation?: string): Promise<void> {
    const row = await this.edgeOf(edge, attestation)
    if (row === undefined) {
      socket.close(CLOSE_CODES.unauthorised, 'this edge was never enrolled')
      return
    }
    // Whoever let it in looked before others came that were let in meanwhile (ADM-3).
    if (this.busy) return socket.close(CLOSE_CODES.busy, 'many stores return at once; come again later')
    const session = new SyncSession(row, socket, this.#parts, attestation)
    this.#greeting.set(session, this.#hellos.last(edge))
    const turn = this.#turns[this.#accepted++ % BEATS]
    turn?.add(session)
    socket.onClose(() => {
      session.closed()
      turn?.delete(session)
      this.#greeting.delete(session)
      if (this.#sessions.get(edge) === session) this.#sessions.delete(edge)
      if (session.facts !== null) this.#parts.contacts.save(session.facts)
    })
    session.start()
  }

  /** R22: everybody says hello again, to a cloud of the next epoch (G-8). */
  async #cloudWentBack({ cloud_epoch, origin, base_seq }: Hello): Promise<void> {
    const why = `because origin ${origin} was told that we have it up to ${base_seq}, and we have not: our data came from a backup`
    await this.#nextEpoch(cloud_epoch, why)
  }

  async #nextEpoch(before: number, why: string): Promise<void> {
    const { store, system } = this.#parts
    const tenants = await store.read.tenants()
    await store.write((tx) => openCloudEpoch(tx, tenants, before, system.clock.now() as Millis, why))
    this.#epoch = undefined
    this.closeAll('a new cloud epoch begins; say hello again')
  }

  /** Closes the connections of one edge, after HQ's word about it. */
  closeEdge(edge: EdgeId, text: string): void {
    this.#sessions.get(edge)?.close('stopping', text)
  }

  closeAll(text: string): void {
    for (const session of [...this.#sessions.values(), ...this.#greeting.keys()])
      session.close('stopping', text)
  }

  /** Only who has proved to be the edge takes the place of its earlier connection. */
  #welcomed(edge: EdgeRow, session: SyncSession, hello: Hello): void {
    const { store, system, onFault } = this.#parts
    const isSpokenForTwice = this.#hellos.welcome(edge.id, hello, this.#greeting.get(session))
    this.#greeting.delete(session)
    this.#sessions.get(edge.id)?.close('replaced', 'a newer connection of this edge took over')
    this.#sessions.set(edge.id, session)
    if (!isSpokenForTwice) return
    store
      .write((tx) => spokenForTwice(tx, edge, hello, system.clock.now() as Millis))
      .catch((cause: unknown) => onFault(edge.id, cause))
  }

  /** Whether as many connections as may are between challenge and welcome (ADM-3). */
  get busy(): boolean {
    return this.#greeting.size >= GREETINGS_MAX
  }

  /** What waits and who drains, for the figures of the node. */
  get load(): { readonly draining: number; readonly queued: number; readonly waitingBytes: number } {
    const { admission, waiting } = this.#parts
    return { draining: admission.draining, queued: admission.waiting, waitingBytes: waiting.bytes }
  }

  /** Frames that were not signed by their edge for their place on their connection, since the start (P-ENV-2). */
  get refusedFrames(): number {
    return this.#parts.refused.frames
  }

  #beat(): void {
    this.#cancelBeat = this.#parts.system.after(HEARTBEAT_MS / BEATS, () => {
      this.#turn = (this.#turn + 1) % BEATS
      const sessions = this.#turns[this.#turn]
      if (sessions !== undefined && sessions.size > 0) {
        const sealed = sealBeat(this.#parts.system.clock.now() as Millis, this.#parts.privateKey)
        for (const session of sessions) session.tell(sealed)
      }
      this.#beat()
    })
  }

  /** What is known of the connected edges, by origin. */
  connected(): ReadonlyMap<Origin, SessionFacts> {
    const facts = new Map<Origin, SessionFacts>()
    for (const session of this.#sessions.values()) {
      const known = session.facts
      if (known !== null) facts.set(known.origin, known)
    }
    return facts
  }

  /** Enrolled edges whose last hello was of a version that is not spoken here, since the start: they come again and again until one of us is upgraded. */
  get unspoken(): ReadonlyMap<EdgeId, Unspoken['reason']> {
    return this.#unspoken
  }

  /** Ledgers that can be spoken to now, with their stores. */
  reached(): Map<Origin, StoreId> {
    const reached = new Map<Origin, StoreId>()
    for (const { origin, store } of this.#sessions.values()) if (origin !== null) reached.set(origin, store)
    return reached
  }

  async #committed({ activities, touched, leases }: Committed): Promise<void> {
    if (this.#sessions.size === 0) return
    this.#leasesChanged(leases)
    if (touched.size === 0) return
    // While a backlog comes in, its store's is mostly pending: then nobody need be looked for.
    if ([...this.#sessions.values()].every((session) => session.hinted)) return
    const met = new Set<StoreId>()
    for (const { store } of await this.#parts.store.read.storesThatMet([...touched])) met.add(store)
    const tell = new Set(activities.filter((row) => row.tell).map((row) => row.store))
    for (const session of this.#sessions.values()) {
      if (met.has(session.store) || tell.has(session.store)) session.hint()
    }
  }

  #leasesChanged(leases: Committed['leases']): void {
    if (leases.length === 0) return
    const changed = new Map<Origin, boolean>()
    for (const { origin, recalled } of leases) changed.set(origin, recalled || changed.get(origin) === true)
    for (const session of this.#sessions.values()) {
      const urgent = session.origin === null ? undefined : changed.get(session.origin)
      if (urgent === true) session.hintNow()
      else if (urgent === false) session.hint()
    }
  }

  /** Closes every connection for a planned stop and waits until what they sent is settled. */
  async stop(): Promise<void> {
    const sessions = [...this.#greeting.keys(), ...this.#sessions.values()]
    for (const session of sessions) session.close('stopping', 'the cloud node is stopping')
    this.#cancelBeat()
    await Promise.all(sessions.map((session) => session.settled()))
    await this.#parts.contacts.settled()
    await this.#parts.ingest.idle()
  }
}
