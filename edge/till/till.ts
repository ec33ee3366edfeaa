// The till: a request goes in, a fact and its answer come out. This file only puts the parts together; what each kind of write means is in sales,
// enrolments, give-backs and spendings, how it is recorded in recorder and recording, what the cloud changes in cloud-word.
import { createHash } from 'node:crypto'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { Clients, StoreClient } from '../../protocol/frames/clients.ts'
import type { Corrections } from '../../protocol/frames/corrections.ts'
import type { Leases } from '../../protocol/frames/leases.ts'
import type { Members } from '../../protocol/frames/members.ts'
import type { Notice } from '../../protocol/frames/notice.ts'
import type { ProgramFrame } from '../../protocol/frames/program.ts'
import type { FactId, MemberId, ProgramVersion, Seq } from '../../protocol/ids.ts'
import { idText } from '../../protocol/ids.ts'
import { BACKDATE_MS_MAX, TILLS_CALLING_MS } from '../../protocol/limits.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import { DAY_MS, localDay, localMinuteOfDay, millisOf } from '../../protocol/time.ts'
import type { FeedLog } from '../feed/feed-log.ts'
import type { EdgeClock } from '../clock.ts'
import type { FlushTest } from '../ledger/flush-test.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { System } from '../system.ts'
import type { Explanation, HistoryPage, MemberView, PerksAnswer, Quote, Status, Today } from './answers.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import type { Past } from '../../protocol/frames/past.ts'
import type { Tail } from '../../protocol/frames/tail.ts'
import type { EdgeIdentity } from '../ledger/meta.ts'
import { beginLife, resume, takeWitness } from './lives.ts'
import type { KeptReceipt, WitnessWord } from './lives.ts'
import { nextPast, recordAgain, keptReceipt, takeTail } from './past.ts'
import { Backlog, spanText } from './backlog.ts'
import { Books } from './books.ts'
import type { CloudLink } from './cloud-link.ts'
import { ClockKeeper, clockStatus } from './clock-keeper.ts'
import {
  cloudReborn,
  takeClients,
  takeCorrections,
  takeLeases,
  takeMembers,
  takeNotice,
  takeProgram,
  tell,
  tellLink,
} from './cloud-word.ts'
import { prepareEnrolment } from './enrolments.ts'
import { prepareReturn, prepareVoid } from './give-backs.ts'
import type { HistoryQuery, InputOf, QuoteInput, WriteKind } from './inputs.ts'
import { explanation } from './explanation.ts'
import { history, memberView, membersNamed, programStatus, quote } from './lookups.ts'
import { perksView } from './perks.ts'
import type { Ending } from './lease-keeper.ts'
import { prepareLeaseReturn } from './lease-returns.ts'
import { leasesStatus } from './offline-view.ts'
import type { StoredAnswer, WriteCall } from './plan.ts'
import type { Preparers } from './recorder.ts'
import { Recorder } from './recorder.ts'
import { OWN_KEY_PREFIX, OWN_TERMINAL } from './reservations.ts'
import { prepareCheckin, prepareGrant, prepareSale } from './sales.ts'
import { prepareCancel, prepareCapture, prepareRedemption, prepareVoucherUse } from './spendings.ts'
import { whenNow } from './when.ts'
import { StorageKeeper } from './storage-keeper.ts'
import { counted, timeText } from './wording.ts'

export type { StoredAnswer, WriteCall } from './plan.ts'

export interface TillOptions {
  /** Enrolled: a till belongs to a store. */
  readonly ledger: Ledger
  readonly system: System
  /** Name and version, for the status. */
  readonly software: string
  /** A-5; default BACKDATE_MS_MAX. */
  readonly backdateMs?: number
  /** Told of every fault that a caller was answered with, for the log. */
  readonly onFault?: (cause: unknown) => void
  /** How the disk flushes, for the status. */
  readonly flush?: FlushTest
}

const PREPARERS: Preparers = {
  sale: prepareSale,
  return: prepareReturn,
  void: prepareVoid,
  checkin: prepareCheckin,
  enrolment: prepareEnrolment,
  grant: prepareGrant,
  redemption: prepareRedemption,
  redemption_capture: prepareCapture,
  redemption_cancel: prepareCancel,
  voucher_use: prepareVoucherUse,
  lease_return: prepareLeaseReturn,
}

export class Till {
  readonly #books: Books
  readonly #recorder: Recorder
  #backlog: Backlog
  readonly #software: string
  readonly #startedMono: number
  #recordedMono = -Infinity
  readonly #onFault: (cause: unknown) => void
  readonly #clockKeeper: ClockKeeper
  readonly #storageKeeper: StorageKeeper
  #onClientGone: (client: StoreClient) => void = () => undefined
  #link: { readonly state: string; readonly since: number }

  constructor({ ledger, system, software, backdateMs = BACKDATE_MS_MAX, onFault, flush }: TillOptions) {
    this.#books = new Books(ledger, system, backdateMs)
    this.#onFault = onFault ?? (() => undefined)
    this.#recorder = new Recorder(this.#books, PREPARERS, {
      fault: this.#onFault,
      committed: () => {
        this.#recordedMono = system.monotonic()
        this.#backlog.committed(ledger.seq, this.clock.now())
        this.#books.link.committed()
      },
    })
    this.#software = software
    this.#startedMono = system.monotonic()
    this.#link = { state: 'offline', since: this.clock.now() }
    this.#backlog = new Backlog(ledger.seq, ledger.meta.cursors().synced, this.clock.now())
    this.#clockKeeper = new ClockKeeper(this.#books, this.#recorder)
    this.#storageKeeper = new StorageKeeper(this.#books, this.#recorder, flush ?? null)
    this.#books.reservations.start((redemption) => this.#expire(redemption))
    this.#books.keeper.start((ending) => this.#giveBack(ending))
  }

  get clock(): EdgeClock {
    return this.#books.clock
  }

  get feed(): FeedLog {
    return this.#books.feed
  }

  /** Gives the till its link; until then it has none (NO_LINK). */
  connect(link: CloudLink): void {
    this.#books.link = link
  }

  /** Records what happened, once per key, and answers when it is on disk (K, L-5). */
  write<K extends WriteKind>(kind: K, call: WriteCall, input: InputOf<K>): Promise<Result<StoredAnswer>> {
    return call.key.startsWith(OWN_KEY_PREFIX)
      ? Promise.resolve(
          refuse(
            'input_invalid',
            `Keys that begin with "${OWN_KEY_PREFIX}" are the edge's own.`,
            'Idempotency-Key',
          ),
        )
      : this.#recorder.write(kind, call, input)
  }

  /** What a sale would earn and why; writes nothing. */
  quote(input: QuoteInput): Promise<Result<Quote>> {
    return quote(this.#books, input)
  }

  member(id: MemberId): Promise<Result<MemberView>> {
    return memberView(this.#books, idText(id))
  }

  findMember(identity: Identity): Promise<Result<MemberView>> {
    return memberView(this.#books, identity)
  }

  /** At most `limit` of those this store has met, by the words of their name. */
  membersNamed(name: string, limit: number): MemberView[] {
    return membersNamed(this.#books, name, limit)
  }

  perks(member: MemberId | undefined): Promise<Result<PerksAnswer>> {
    return perksView(this.#books, member)
  }

  /** The stored answer, byte for byte. */
  receipt(id: FactId): Result<Uint8Array> {
    const answer = keptReceipt(this.#books, id)
    return answer === undefined
      ? refuse('fact_not_found', 'This store recorded no such fact.')
      : accept(answer)
  }

  /** Why a record came to what it came to, and what was nearly reached. */
  explanation(id: FactId): Result<Explanation> {
    return explanation(this.#books, id)
  }

  history(query: HistoryQuery): Result<HistoryPage> {
    return history(this.#books, query)
  }

  /** The store's day so far, beside what is usual for its weekday (TD). */
  today(): Today {
    const when = whenNow(this.#books, undefined)
    assert(when !== undefined, 'now is a time')
    const ms = millisOf(when.at)
    const day = localDay(ms, when.offset)
    const { usualDays, ...rest } = this.#books.dayBook.today(day, localMinuteOfDay(ms, when.offset))
    return {
      date: timeText(day * DAY_MS).slice(0, 10),
      figures: rest.figures,
      hours: [...rest.hours],
      usual: rest.usual,
      usual_days: usualDays,
    }
  }

  /** Something was recorded within TILLS_CALLING_MS: tills are at work, and should not feel a backlog going up (N-12). */
  calling(): boolean {
    return this.#books.system.monotonic() - this.#recordedMono < TILLS_CALLING_MS
  }

  status(): Status {
    const { identity, ledger, system } = this.#books
    const { seq } = ledger
    const synced = ledger.meta.cursors().synced
    const waiting = seq > synced ? ledger.ofSeq((synced + 1) as Seq) : undefined
    const now = this.clock.now()
    const lastWordAt = this.#books.lastWordAt()
    return {
      store: identity.store,
      origin: identity.origin,
      epoch: identity.epoch,
      seq,
      synced_seq: synced,
      lives: ledger.lives.past().map(({ origin, epoch, ended, endedAt }) => ({
        origin,
        epoch,
        ended,
        ended_at: timeText(endedAt),
      })),
      unsynced: ledger.unsynced,
      oldest_unsynced_at:
        waiting === undefined ? null : timeText(millisOf(decodeStoredFact(waiting.bytes).at)),
      link: {
        state: this.#link.state,
        since: timeText(this.#link.since),
        last_word_at: lastWordAt === null ? null : timeText(lastWordAt),
        ...this.#books.link.way(),
      },
      leases: leasesStatus(this.#books),
      program: programStatus(this.#books),
      time: timeText(now),
      software: this.#software,
      uptime_s: Math.floor((system.monotonic() - this.#startedMono) / 1000),
      clock: clockStatus(this.clock),
      storage: this.#storageKeeper.status(),
    }
  }

  /** Latest program version the edge has, for the hello. */
  programVersion(): ProgramVersion {
    return this.#books.programs.latest
  }

  /** Durable at the cloud up to `seq`. Saved with the next commit: losing it costs nothing, the cloud says it again. */
  acknowledged(seq: Seq, cloudEpoch: number): void {
    const { ledger } = this.#books
    const now = this.clock.now()
    const caughtUp = this.#backlog.acknowledged(seq, ledger.seq, now)
    ledger.meta.setSynced(seq, cloudEpoch)
    ledger.meta.setLastWordAt(now)
    this.#recorder.standingChanged(
      caughtUp === undefined
        ? undefined
        : () =>
            tell(this.#books, {
              kind: 'synced',
              fact: null,
              member: null,
              points: 0,
              text: `The cloud has everything again: ${counted(caughtUp.facts, 'record')} in ${spanText(caughtUp.ms)}`,
            }),
    )
  }

  // What the link brings. Each throws when it cannot be stored: close the link and let the cloud say it again.
  takeMembers(frame: Members): void {
    takeMembers(this.#books, frame)
  }

  takeCorrections(frame: Corrections): void {
    takeCorrections(this.#books, frame)
  }

  takeLeases(frame: Leases): void {
    takeLeases(this.#books, frame)
  }

  /** P-SYNC-11. */
  takeClients(frame: Clients): void {
    for (const client of takeClients(this.#books, frame)) this.#onClientGone(client)
  }

  /** Told of each API client that is one no more, or has another secret. */
  onClientGone(listener: (client: StoreClient) => void): void {
    this.#onClientGone = listener
  }

  takeProgram(frame: ProgramFrame): void {
    takeProgram(this.#books, frame)
  }

  /** P-LIFE-5: a page of a life that is over. True once the cloud's chain of it was read to its end. */
  takeTail(frame: Tail): boolean {
    return takeTail(this.#books, frame)
  }

  nextPast(): Past | undefined {
    return nextPast(this.#books)
  }

  /** Some of what the cloud lacks of a life that is over. True when that life is settled. */
  recordAgain(): boolean {
    const settled = recordAgain(this.#books)
    this.#backlog.committed(this.#books.ledger.seq, this.clock.now())
    this.#books.link.committed()
    return settled
  }

  /** Ends the open life and begins the next: a spare, unless the cloud named one. False where there is none. */
  beginLife(ended: LifeEnd, next?: Life, also?: (identity: EdgeIdentity) => EdgeIdentity): boolean {
    const begun = beginLife(this.#books, ended, next ?? undefined, also)
    const { ledger } = this.#books
    if (begun) this.#backlog = new Backlog(ledger.seq, ledger.meta.cursors().synced, this.clock.now())
    return begun
  }

  /** Before the first write of the process: may this ledger go on in its life? */
  resume(binding: string, lost = false): void {
    resume(this.#books, binding, lost)
    const { ledger } = this.#books
    this.#backlog = new Backlog(ledger.seq, ledger.meta.cursors().synced, this.clock.now())
  }

  /** P-LIFE-7. */
  witness(receipt: KeptReceipt): WitnessWord {
    const word = takeWitness(this.#books, receipt)
    if (word === 'ahead') this.#backlog = new Backlog(this.#books.ledger.seq, 0 as Seq, this.clock.now())
    return word
  }

  /** The cloud lives another life: what was read of its logs says nothing about this one's (G-8). */
  cloudReborn(cloudEpoch: number, program: ProgramVersion): void {
    cloudReborn(this.#books, cloudEpoch, program)
  }

  /** Lives that may be begun without the cloud (P-LIFE-3). */
  takeSpares(spares: readonly Life[]): void {
    const { ledger } = this.#books
    if (JSON.stringify(ledger.lives.spares()) !== JSON.stringify(spares))
      ledger.transact(() => ledger.lives.saveSpares(spares))
  }

  takeNotice(frame: Notice): void {
    takeNotice(this.#books, frame)
  }

  /** CLK-3: the cloud's answer to a question asked at `askedMono`. */
  takeTime(time: number, askedMono: number): void {
    this.#clockKeeper.heard(time, askedMono)
  }

  /** CLK-4: to be called every CLOCK_LOOK_MS. */
  lookAtClock(): void {
    this.#clockKeeper.look()
  }

  /** L-15: to be called every DISK_LOOK_MS. */
  lookAtDisk(): void {
    this.#storageKeeper.look()
  }

  /** Something about the ledger that managers should read. */
  tellManagers(text: string): void {
    this.#storageKeeper.tell(text)
  }

  /** Something about a terminal, as itself no record (F-11). */
  tellOfTerminal(terminal: string, text: string): void {
    this.#recorder.standingChanged(() =>
      tell(this.#books, { kind: 'terminal', fact: null, terminal, member: null, points: 0, text }),
    )
  }

  /** A feed that cannot be written does not keep the link from changing. */
  linkChanged(state: string, at: number, lastWordAt: number | null): void {
    this.#link = { state, since: at }
    if (state === 'online') this.#books.told = false
    try {
      tellLink(this.#books, state, this.#books.link.way().obstacle, lastWordAt)
    } catch (cause) {
      this.#onFault(cause)
    }
  }

  /** Commits and answers what was accepted, and refuses what comes later with `stopping` (H-4). */
  drain(): Promise<void> {
    this.#books.reservations.stop()
    this.#books.keeper.stop()
    return this.#recorder.drain()
  }

  /** the edge's own fact; while one is on its way a second is not made. Its key is the place it will have: no other life of the ledger has that. */
  #giveBack(ending: Ending): void {
    const key = `${OWN_KEY_PREFIX}lease:${idText((this.#books.ledger.lastId() + 1) as FactId)}`
    const requestHash = createHash('sha256').update(key).digest()
    const call = { terminal: OWN_TERMINAL, key, requestHash }
    void this.#recorder.write('lease_return', call, { stage: ending }).then((answer) => {
      if (answer.ok && !answer.value.replayed) this.#books.keeper.look()
    })
  }

  /** the edge's own fact; its key makes it one however often it is tried. */
  #expire(redemption: FactId): void {
    const id = idText(redemption)
    const key = `${OWN_KEY_PREFIX}expire:${id}`
    const requestHash = createHash('sha256').update(key).digest()
    void this.#recorder.write(
      'redemption_cancel',
      { terminal: OWN_TERMINAL, key, requestHash },
      { redemption: id },
    )
  }
}
