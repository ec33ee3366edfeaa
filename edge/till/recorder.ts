// Group commit (L-5): writes queue up, and one flush at the end of the loop turn takes all of them through one transaction; a caller hears of its
// write only after COMMIT returned. While a commit blocks the thread, the next group gathers in the network's buffers. A write that needs the
// cloud's word is set aside and joins a later group; its key stays in flight meanwhile (K-3). After a failed commit the memory is
// what the file says (L-6): nothing that was prepared in it may be believed.
import type { MemberId } from '../../protocol/ids.ts'
import { GROUP_WRITES_MAX, WRITES_QUEUED_MAX } from '../../protocol/limits.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import type { Books } from './books.ts'
import type { SpendingQuestion } from './cloud-link.ts'
import type { InputOf, WriteKind } from './inputs.ts'
import type { Prepare, Prepared, StoredAnswer, Write, WriteCall } from './plan.ts'
import { questionKey } from './plan.ts'
import type { GroupStanding } from './recording.ts'
import { keptReceipt, tailReceipt } from './past.ts'
import type { KeptAnswer } from '../ledger/fact-statements.ts'
import { RECORDED, record } from './recording.ts'

export interface RecorderEvents {
  /** A commit failed, or the link broke its word. */
  fault(cause: unknown): void
  /** New facts are in the ledger. */
  committed(): void
}

export type Preparers = { readonly [K in WriteKind]: Prepare<K> }

type Asked = Prepared & { do: 'ask' }

const NO_ROOM = refuse(
  'storage_full',
  'The disk of the store node is nearly full: nothing more is recorded until there is room, reading works. Make room and try again.',
)

/** What the callers of a group hear whose commit failed (L-6, L-13). */
const REFUSALS_OF = {
  full: refuse(
    'storage_full',
    'The disk of the store node is full. Nothing was recorded; make room and try again.',
  ),
  broken: refuse(
    'fault',
    'The disk of the store node failed. Whether this was recorded shows when it serves again: try again with the same key.',
  ),
  other: refuse('fault', 'The record could not be stored. Nothing was recorded; try again.'),
} as const

/** What a group's attempt at a write came to: settled after COMMIT, or set aside. */
type Attempt = Result<StoredAnswer> | Asked

export class Recorder {
  readonly #books: Books
  readonly #preparers: Preparers
  readonly #events: RecorderEvents
  readonly #inFlight = new Set<string>()
  readonly #touched = new Set<MemberId>()
  #queue: Write[] = []
  #scheduled = false
  #stopping = false
  /** The standing changed and is to be saved with this turn's commit. */
  #standing = false
  #recorded = 0
  #idle: (() => void) | undefined
  /** Activities to write with the next commit. */
  readonly #told: (() => void)[] = []

  constructor(books: Books, preparers: Preparers, events: RecorderEvents) {
    this.#books = books
    this.#preparers = preparers
    this.#events = events
  }

  /** Writes accepted and not yet answered. */
  get open(): number {
    return this.#inFlight.size
  }

  write<K extends WriteKind>(kind: K, call: WriteCall, input: InputOf<K>): Promise<Result<StoredAnswer>> {
    const refusal = this.#turnedAway(call.key)
    if (refusal !== undefined) return Promise.resolve(refusal)
    this.#inFlight.add(call.key)
    return new Promise((settle) => {
      const said = { members: undefined, decision: undefined }
      this.#enqueue({ kind, call, input, said, settle })
    })
  }

  /** Saves the standing with this turn's commit, and what `tell` adds to the feed. */
  standingChanged(tell?: () => void): void {
    this.#standing = true
    if (tell !== undefined) this.#told.push(tell)
    this.#schedule()
  }

  /** H-4: refuses new writes, commits and answers those that were accepted. */
  drain(): Promise<void> {
    this.#stopping = true
    return new Promise((resolve) => {
      this.#idle = resolve
      this.#schedule()
    })
  }

  #turnedAway(key: string): { ok: false; refusal: Refusal } | undefined {
    if (this.#stopping) return refuse('stopping', 'The node is going down; try again in a moment.')
    if (this.#inFlight.has(key))
      return refuse('key_in_flight', 'The first request with this key has no answer yet; try again.')
    return this.#inFlight.size >= WRITES_QUEUED_MAX
      ? refuse('too_many_requests', 'More writes are waiting than can be; try again in a moment.')
      : undefined
  }

  #enqueue(write: Write): void {
    this.#queue.push(write)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#books.system.soon(() => this.#flush())
  }

  #flush(): void {
    this.#scheduled = false
    const group = this.#take()
    const attempts = this.#commit(group)
    if (this.#queue.length > 0) this.#schedule()
    for (let index = 0; index < group.length; index++) {
      const write = group[index]
      const attempt = attempts[index]
      if (write === undefined || attempt === undefined) continue
      if ('do' in attempt) this.#ask(write, attempt)
      else this.#settle(write, attempt)
    }
    if (this.#recorded > 0) this.#events.committed()
    this.#books.feed.publish()
    if (this.#inFlight.size === 0) this.#idle?.()
  }

  #take(): Write[] {
    const group =
      this.#queue.length <= GROUP_WRITES_MAX ? this.#queue : this.#queue.slice(0, GROUP_WRITES_MAX)
    this.#queue = this.#queue.slice(group.length)
    return group
  }

  #commit(group: readonly Write[]): Attempt[] {
    const { ledger, feed, clock, ticks, dayBook } = this.#books
    const standing = { fresh: this.#books.fresh(), asOf: this.#books.asOf() }
    this.#recorded = 0
    if (group.length === 0 && !this.#standing) return []
    try {
      ledger.begin()
      const attempts: Attempt[] = []
      for (const write of group) attempts.push(this.#attempt(write, standing))
      for (const tell of this.#told) tell()
      if (this.#recorded === 0 && !this.#standing) ledger.leave()
      else {
        ledger.meta.setClock(ticks.last, clock.least(), clock.word())
        feed.seal()
        dayBook.save()
        ledger.commit()
        dayBook.committed()
      }
      this.#standing = false
      this.#told.length = 0
      this.#touched.clear()
      return attempts
    } catch (cause) {
      return this.#failed(group, cause)
    }
  }

  /** K-2, K-3, then the rules of its kind. */
  #attempt(write: Write, standing: GroupStanding): Attempt {
    const { call } = write
    const kept = this.#books.ledger.ofKey(call.key)
    if (kept !== undefined) return this.#keptAnswer(kept, call)
    const lost = this.#books.ledger.lives.tailOfKey(call.key)
    // Recorded before the ledger was put back: it counted once, and counts once (P-LIFE-5).
    if (lost !== undefined) {
      const body = tailReceipt(this.#books, lost.id)
      assert(body !== undefined, 'a lost fact has its receipt')
      return accept({ status: RECORDED, body, replayed: true })
    }
    if (this.#books.ledger.room?.room === 'low') return NO_ROOM
    // The map's type says that each kind has the preparer of its kind.
    const prepare = this.#preparers[write.kind] as Prepare<WriteKind>
    const prepared = prepare(this.#books, write)
    if (prepared.do === 'refuse') return { ok: false, refusal: prepared.refusal }
    if (prepared.do === 'ask') return prepared
    const answer = record(this.#books, prepared.plan, call.requestHash, standing, this.#touched)
    if (!(answer instanceof Uint8Array)) return { ok: false, refusal: answer }
    this.#recorded++
    return accept({ status: RECORDED, body: answer, replayed: false })
  }

  #keptAnswer({ id, requestHash, status, answer }: KeptAnswer, call: WriteCall): Result<StoredAnswer> {
    if (requestHash.length > 0 && Buffer.compare(requestHash, call.requestHash) !== 0)
      return refuse('key_reused', 'This key was used for another request; take a new one for a new request.')
    const body = answer.length > 0 ? answer : keptReceipt(this.#books, id)
    assert(body !== undefined, 'a fact has its receipt')
    return accept({ status, body, replayed: true })
  }

  /** L-6. */
  #failed(group: readonly Write[], cause: unknown): Attempt[] {
    const { ledger, feed, cards, dayBook } = this.#books
    const what = ledger.failed(cause)
    const refusal = REFUSALS_OF[what]
    this.#events.fault(cause)
    // Nothing more is read from a file that is not to be believed; the process ends.
    if (what === 'broken') return group.map(() => refusal)
    this.#recorded = 0
    this.#standing = false
    this.#told.length = 0
    for (const member of this.#touched) cards.forget(member)
    this.#touched.clear()
    ledger.rollback()
    feed.discard()
    dayBook.undo()
    return group.map(() => refusal)
  }

  #settle(write: Write, result: Result<StoredAnswer>): void {
    this.#inFlight.delete(write.call.key)
    write.settle(result)
  }

  /** Asks the cloud, outside of any transaction, and lets the write start again with what it said. */
  #ask(write: Write, { members, spending }: Asked): void {
    const { link } = this.#books
    const { said } = write
    const questions = members.map(async (question) => {
      const word = await link.findMember(question)
      said.members ??= new Map()
      said.members.set(questionKey(question), word)
    })
    const decide = async (question: SpendingQuestion): Promise<void> => {
      said.decision = await link.authorise(question)
    }
    if (spending !== null) questions.push(decide(spending))
    Promise.all(questions).then(
      () => this.#enqueue(write),
      (cause: unknown) => {
        this.#events.fault(cause)
        this.#settle(write, refuse('fault', 'The cloud could not be asked; try again.'))
        if (this.#inFlight.size === 0) this.#idle?.()
      },
    )
  }
}
