// One connected edge. Frames are worked on one after another, so a question that follows a batch sees what the batch brought; only a batch is handed to
// the ingest while earlier ones wait for their COMMIT, so that they share it, and is answered in its turn (I-12). Nothing is decoded before its
// signature fits (P-ENV-1), for this place on this connection (P-ENV-2), and nothing but a hello is heard first.
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { CloseReason } from '../../protocol/close-codes.ts'
import { decodeUpFrame, frameFor } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { NONCE_BYTES, importPublicKey } from '../../protocol/envelope.ts'
import type { Authorise } from '../../protocol/frames/authorise.ts'
import type { Batch } from '../../protocol/frames/batch.ts'
import type { BudgetStanding } from '../../protocol/frames/budgets.ts'
import type { Certify } from '../../protocol/frames/certify.ts'
import type { Ended } from '../../protocol/frames/ended.ts'
import type { FindMember } from '../../protocol/frames/find-member.ts'
import type { Hello } from '../../protocol/frames/hello.ts'
import type { Holds } from '../../protocol/frames/holds.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { Origin, ProgramVersion, Seq, StoreId } from '../../protocol/ids.ts'
import {
  CONNECT_WAIT_MS_MAX,
  HEARTBEAT_MS,
  LIVE_CREDIT_FACTS,
  SYNC_BYTES_WAITING_MAX,
  SYNC_BYTES_WAITING_TOTAL_MAX,
  SYNC_FRAMES_WAITING_MAX,
} from '../../protocol/limits.ts'
import { assert, unreachable } from '../../protocol/result.ts'
import { CloudSeals } from '../../protocol/seals.ts'
import type { Life } from '../../protocol/lives.ts'
import type { Millis } from '../../protocol/time.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { PROTOCOL_VERSION, unspoken } from '../../protocol/version.ts'
import { budgetStandings } from '../domain/budgets.ts'
import type { BatchAnswer, HashedBatch } from '../domain/ingest/accept.ts'
import { cloudWentBack, endedFrame, goesOn, judgeHello, tailOf, witnessed } from '../domain/lives.ts'
import type { Verdict } from '../domain/lives.ts'
import type { EdgeRow, OriginRow, TenantId, Writes } from '../store/port.ts'
import { StorageFull } from '../store/room-port.ts'
import type { Credit, Guest } from './admission.ts'
import { DownPump, cursorsIn } from './down-pump.ts'
import { FramesAhead } from './frames-ahead.ts'
import type { Opening } from './frames-ahead.ts'
import { HandedBatches } from './handed-batches.ts'
import type { SessionParts, SyncSocket } from './hub.ts'

/** What the fleet list tells of a live connection. */
export interface SessionFacts {
  readonly origin: Origin
  readonly saidSeq: Seq
  readonly contactAt: Millis
  readonly software: string
  readonly program: ProgramVersion
}

export class SyncSession {
  readonly tenant: TenantId
  readonly store: StoreId
  readonly #edge: EdgeRow
  readonly #socket: SyncSocket
  readonly #shown: string | undefined
  readonly #parts: SessionParts
  readonly #seals: CloudSeals
  readonly #ahead: FramesAhead
  readonly #nonce: Uint8Array
  #origin: OriginRow | null = null
  #cloudEpoch = 1
  /** Of the protocol, that the edge speaks. */
  #version = PROTOCOL_VERSION
  #facts: SessionFacts | null = null
  #pump: DownPump | null = null
  #work: Promise<void> = Promise.resolve()
  readonly #batches = new HandedBatches((cause) => this.#broke(cause))
  #waiting = 0
  #waitingBytes = 0
  #open = true
  /** Facts of the edge's ledger behind the last batch, by its own word. */
  #behind = 0
  #guest: Guest | null = null
  /** The welcome is out. */
  #greeted = false
  #cancelGreeting: () => void = () => undefined
  /** The life it speaks for is over. */
  #over = false
  #cancelEnd: () => void = () => undefined

  /** `shown`: the attestation that came with the connection. */
  constructor(edge: EdgeRow, socket: SyncSocket, parts: SessionParts, shown?: string) {
    this.#shown = shown
    this.tenant = edge.tenant
    this.store = edge.store
    this.#edge = edge
    this.#socket = socket
    this.#parts = parts
    const key = importPublicKey(edge.publicKey)
    assert(key !== undefined, 'enrolment stored a valid public key')
    this.#nonce = parts.system.randomBytes(NONCE_BYTES)
    this.#seals = new CloudSeals(edge.id, { privateKey: parts.privateKey, publicKey: key }, this.#nonce)
    this.#ahead = new FramesAhead(this.#seals, parts.opener)
  }

  get facts(): SessionFacts | null {
    if (this.#facts === null || this.#pump === null) return this.#facts
    return { ...this.#facts, program: this.#pump.program }
  }

  start(): void {
    this.#socket.onMessage((bytes) => this.#received(bytes))
    this.#send({ type: 'challenge', nonce: this.#nonce, time: this.#now() })
    this.#cancelGreeting = this.#parts.system.after(CONNECT_WAIT_MS_MAX, () =>
      this.close('malformed', 'no hello came'),
    )
  }

  /** Sends a frame that was sealed once for many. */
  tell(sealed: Uint8Array): void {
    if (this.#open) this.#socket.send(sealed)
  }

  hint(): void {
    this.#pump?.hint()
  }

  /** It will look for what is new anyway. */
  get hinted(): boolean {
    return this.#pump?.hinted !== false
  }

  /** Somebody waits for what is new. */
  hintNow(): void {
    this.#pump?.hintNow()
  }

  /** The ledger it speaks for, once it is welcome. */
  get origin(): Origin | null {
    return this.#open && this.#pump !== null ? (this.#origin?.origin ?? null) : null
  }

  programPublished(): void {
    this.#pump?.programPublished()
  }

  clientsChanged(): void {
    this.#pump?.clientsChanged()
  }

  close(reason: CloseReason, text: string): void {
    if (!this.#open) return
    this.#socket.close(CLOSE_CODES[reason], text)
    this.closed()
  }

  /** The socket is gone: nothing is sent any more; work that was begun ends by itself. */
  closed(): void {
    this.#open = false
    this.#cancelGreeting()
    this.#cancelEnd()
    this.#pump?.stop()
    if (this.#guest !== null) this.#parts.admission.leave(this.#guest)
    this.#parts.waiting.bytes -= this.#waitingBytes
    this.#waitingBytes = 0
  }

  async settled(): Promise<void> {
    await this.#work
    await this.#batches.answered()
  }

  #now(): Millis {
    return this.#parts.system.clock.now() as Millis
  }

  #send(frame: DownFrame): void {
    const said = frameFor(this.#version, frame)
    if (this.#open && said !== undefined) this.#socket.send(this.#seals.seal(said))
  }

  #received(sealed: Uint8Array): void {
    if (!this.#open) return
    this.#waiting += 1
    this.#count(sealed.length)
    if (this.#parts.waiting.bytes > SYNC_BYTES_WAITING_TOTAL_MAX) {
      this.close('busy', 'as much waits here as can be held; come again later')
      return
    }
    if (this.#waiting > SYNC_FRAMES_WAITING_MAX || this.#waitingBytes > SYNC_BYTES_WAITING_MAX) {
      this.close('too_many', `${this.#waiting} frames of ${this.#waitingBytes} bytes wait for their answers`)
      return
    }
    const opening = this.#ahead.take(sealed, this.#greeted)
    this.#work = this.#work.then(() => this.#handle(opening)).catch((cause: unknown) => this.#broke(cause))
    void this.#noLongerWaits(this.#work, sealed.length)
  }

  /** A batch waits until it is answered, everything else until it was worked on. */
  async #noLongerWaits(work: Promise<void>, bytes: number): Promise<void> {
    await work
    await this.#batches.answered()
    this.#waiting -= 1
    if (this.#open) this.#count(-bytes)
  }

  #broke(cause: unknown): void {
    this.#parts.onFault(this.#edge.id, cause)
    if (cause instanceof StorageFull)
      this.close('busy', 'the disk of the cloud is nearly full; come again later')
    else this.close('stopping', 'something broke on our side; reconnect')
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes
    this.#parts.waiting.bytes += bytes
  }

  async #handle(opening: Opening): Promise<void> {
    if (!this.#open || this.#over) return
    const opened = await opening()
    if (!this.#open || this.#over) return
    if (opened === undefined) {
      this.#parts.refused.frames += 1
      return this.close(
        this.#greeted ? 'misplaced' : 'unauthorised',
        'not signed by this edge for this place on this connection',
      )
    }
    const decoded = decodeUpFrame(opened.bytes)
    if (!decoded.ok) return this.close('malformed', decoded.malformed.reason.slice(0, 100))
    const frame = decoded.value
    if (this.#facts !== null) this.#facts = { ...this.#facts, contactAt: this.#now() }
    if (frame.type === 'hello') return this.#hello(frame)
    if (this.#origin === null) return this.close('malformed', 'a hello comes first')
    if (frame.type === 'batch') return this.#batch({ ...opened, batch: frame }, this.#origin)
    await this.#batches.answered()
    return this.#dispatch(frame, this.#origin)
  }

  async #dispatch(frame: Exclude<UpFrame, Hello | Batch>, origin: OriginRow): Promise<void> {
    switch (frame.type) {
      case 'find_member':
        return this.#findMember(frame, origin)
      case 'authorise':
        return this.#authorise(frame)
      case 'ask_time':
        return this.#send({ type: 'time', time: this.#now(), question: frame.question })
      case 'ask_budgets':
        return this.#send({
          type: 'budgets',
          question: frame.budgets_question,
          budgets: await this.#budgets(),
        })
      case 'certify':
        return this.#certify(frame)
      case 'holds':
        return this.#holds(frame)
      case 'past':
        return this.#send(await tailOf(this.#parts.store.read, this.#edge, frame))
      case 'witness':
        return this.#parts.store.write((tx) => witnessed(tx, this.#edge, frame.origin, frame.seq))
      default:
        return unreachable(frame)
    }
  }

  async #certify({ public_key, names }: Certify): Promise<void> {
    const certified = await this.#parts.certify(this.tenant, this.#edge.id, { public_key, names })
    if (certified.ok) this.#send({ type: 'certificate', ...certified.value })
    else this.close('malformed', certified.refusal.detail)
  }

  /** G-13: the CA has changed. Nothing is sent before the welcome, for the edge would not take it; after it the edge says what it holds. */
  certifyAgain(): void {
    if (this.#greeted)
      this.#sendAnother().catch((cause: unknown) => this.#parts.onFault(this.#edge.id, cause))
  }

  async #holds({ certificate }: Holds): Promise<void> {
    await this.#parts.holds?.(this.tenant, this.#edge.id, certificate)
    await this.#sendAnother()
  }

  async #sendAnother(): Promise<void> {
    const certified = await this.#parts.certifyAgain?.(this.tenant, this.#edge.id)
    if (certified !== undefined) this.#send({ type: 'certificate', ...certified })
  }

  /** Leases may have to be given back first, perhaps by this very store: its frames are heard meanwhile. */
  async #authorise(question: Authorise): Promise<void> {
    const { authority, onFault } = this.#parts
    const first = await authority.ask(this.tenant, this.store, question)
    if (!('leased' in first)) return this.#send(first)
    authority.askAgain(this.tenant, this.store, question, first).then(
      (decision) => this.#send(decision),
      (cause: unknown) => onFault(this.#edge.id, cause),
    )
  }

  async #budgets(): Promise<BudgetStanding[]> {
    const { store, shelf } = this.#parts
    return budgetStandings(store.read, await shelf.of(this.tenant), this.tenant, this.store, this.#now())
  }

  async #hello(hello: Hello): Promise<void> {
    if (this.#origin !== null) return this.close('malformed', 'one hello a connection')
    if (hello.nonce.length !== NONCE_BYTES) return this.close('malformed', `a nonce has ${NONCE_BYTES} bytes`)
    this.#seals.greeted(hello.nonce)
    const refused = unspoken(hello.protocol)
    this.#parts.versionTold(this.#edge.id, refused?.reason ?? null)
    if (refused !== undefined) return this.close(refused.reason, refused.text)
    this.#version = hello.protocol
    if (await this.#wentBack(hello)) return this.#parts.cloudWentBack(hello)
    const { store } = this.#parts
    const edge = (await store.read.edge(this.#edge.id)) ?? this.#edge
    const verdict =
      (await goesOn(store.read, edge, hello)) ?? (await store.write((tx) => this.#judged(tx, hello)))
    if (verdict.word === 'stranger') return this.close('unauthorised', 'this origin is not of this edge')
    if (verdict.word === 'ended') return this.#end(await this.#attested(verdict.frame))
    const { origin, spares } = verdict
    const contact = {
      origin: hello.origin,
      saidSeq: hello.seq,
      contactAt: this.#now(),
      software: hello.software,
      program: hello.program,
    }
    const before = await this.#parts.store.read.contact(hello.origin)
    this.#parts.contacts.save(contact)
    this.#facts = contact
    this.#origin = origin
    this.#cancelGreeting()
    const { records } = await this.#parts.shelf.of(this.tenant)
    this.#parts.welcomed(this.#edge, this, hello)
    this.#behind = hello.seq - origin.seq
    this.#guest = { away: before?.contactAt ?? null, granted: () => void this.#grant(origin.origin) }
    this.#send({
      type: 'welcome',
      seq: origin.seq,
      head: origin.head,
      time: this.#now(),
      cloud_epoch: this.#cloudEpoch,
      ...this.#credit(),
      return_ms: this.#parts.returnMs(),
      program: Math.max(0, ...records.map(({ version }) => version)) as ProgramVersion,
      attestation: await this.#parts.attestations.of(edge, this.#cloudEpoch, [origin, ...spares]),
      spares: [...spares],
    })
    this.#greeted = true
    this.#pump = new DownPump(this.#parts, this.#socket, origin, cursorsIn(hello, this.#cloudEpoch), {
      send: (frame) => this.#send(frame),
      drains: () => this.#behind > LIVE_CREDIT_FACTS,
    })
    this.#pump.start()
    this.#parts.onReached?.(this.tenant, this.store, before?.contactAt ?? null)
  }

  async #wentBack(hello: Hello): Promise<boolean> {
    this.#cloudEpoch = await this.#parts.epoch()
    const origin = await this.#parts.store.read.origin(hello.origin)
    // A life that is ours by our own signature, and that we do not know.
    if (origin === undefined && this.#given(hello).length > 0) return hello.cloud_epoch >= this.#cloudEpoch
    return origin?.edge === this.#edge.id && cloudWentBack(hello, origin, this.#cloudEpoch)
  }

  /** HQ may have decided about the device since the connection was opened. */
  async #judged(tx: Writes, hello: Hello): Promise<Verdict> {
    const edge = (await tx.edge(this.#edge.id)) ?? this.#edge
    const given = (await tx.origin(hello.origin))?.edge === edge.id ? [] : this.#given(hello)
    return judgeHello(tx, edge, hello, this.#now(), given)
  }

  /** The lives that the device shows our signature for (P-ATT-1), where the hello's is among them. */
  #given(hello: Hello): readonly Life[] {
    const said = this.#shown === undefined ? undefined : this.#parts.attestations.read(this.#shown)
    const { id, publicKey, tenant, store } = this.#edge
    const ours =
      said?.edge === id &&
      said.public_key === publicKey &&
      said.tenant === tenant &&
      said.store.id === store &&
      said.lives.some(({ origin }) => origin === hello.origin)
    return ours ? said.lives : []
  }

  /** The edge closes when it has heard; a close of ours could overtake the word. What it still sends is not heard. */
  #end(frame: Ended): void {
    this.#send(frame)
    this.#over = true
    this.#cancelGreeting()
    this.#cancelEnd = this.#parts.system.after(HEARTBEAT_MS, () =>
      this.close('fenced', `this life is over: ${frame.reason}`),
    )
  }

  /** A copy that has become a device can show it from now on, also to a cloud that does not know it any more. */
  async #attested(frame: Ended): Promise<Ended> {
    const { store, attestations } = this.#parts
    const device = frame.edge === 0 ? undefined : await store.read.edge(frame.edge)
    if (device === undefined) return frame
    return { ...frame, attestation: await attestations.of(device, this.#cloudEpoch, []) }
  }

  async #batch({ batch, hashes }: HashedBatch, origin: OriginRow): Promise<void> {
    if (batch.origin !== origin.origin)
      return this.close('malformed', 'a batch of another origin than the hello')
    const saidSeq = (batch.from + batch.facts.length - 1) as Seq
    if (this.#facts !== null && saidSeq > this.#facts.saidSeq) this.#facts = { ...this.#facts, saidSeq }
    await this.#batches.room()
    this.#batches.add(this.#parts.ingest.submit(origin.origin, batch, hashes), (answer) =>
      this.#answer(batch, origin, answer),
    )
  }

  async #answer(batch: Batch, origin: OriginRow, answer: BatchAnswer): Promise<void> {
    if (!this.#open || this.#over) return
    this.#behind = batch.waiting
    if (answer.type !== 'ended')
      return this.#send(answer.type === 'ack' ? { ...answer, ...this.#credit() } : answer)
    this.#end(await this.#parts.store.write((tx) => endedFrame(tx, this.#edge, origin.origin)))
  }

  #credit(): Credit {
    assert(this.#guest !== null, 'credit is given after the hello')
    return this.#parts.admission.credit(this.#guest, this.#behind)
  }

  /** A place to drain has become free: said by the last ack again, with credit. */
  async #grant(origin: Origin): Promise<void> {
    try {
      const row = await this.#parts.store.read.origin(origin)
      assert(row !== undefined, 'an origin stays')
      this.#send({ type: 'ack', seq: row.seq, head: row.head, ...this.#credit() })
    } catch (cause) {
      this.#parts.onFault(this.#edge.id, cause)
      this.close('stopping', 'something broke on our side; reconnect')
    }
  }

  /** The state goes first, then the answer, so that whoever asked can use it at once. */
  async #findMember({ question, identity, member }: FindMember, origin: OriginRow): Promise<void> {
    const { read } = this.#parts.store
    const row =
      identity === null
        ? await read.member(member)
        : await read.memberByIdentity(this.tenant, identity.kind, identity.value)
    if (row === undefined || row.tenant !== this.tenant)
      return this.#send({ type: 'found_member', question, member: NO_MEMBER })
    await this.#parts.store.write((tx) => tx.meet([{ store: this.store, member: row.id }]))
    await this.#pump?.sendMembers([row.id], origin.origin)
    this.#parts.onSeen?.(this.tenant, this.store, row.id)
    this.#send({ type: 'found_member', question, member: row.id })
  }
}
