// Drives the sync machine: one socket at a time, timers, and the ledger and till on this side. Down frames are verified with the cloud's key
// before anything is decoded (N-5); up frames are sealed with the edge's. It decides nothing about the connection: every decision is a cell
// of the table in machine.ts. Questions (find_member, authorise) go beside the machine: they only need a welcomed socket.
import type { KeyObject } from 'node:crypto'
import type { Logger } from 'pino'
import { sameHash } from '../../protocol/chain.ts'
import { decodeDownFrame, encodeFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { importPrivateKey, importPublicKey, seal, unseal } from '../../protocol/envelope.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'
import type { MemberId, Origin, Seq } from '../../protocol/ids.ts'
import { QUESTIONS_OPEN_MAX, QUESTION_WAIT_MS_MAX } from '../../protocol/limits.ts'
import { assert, unreachable } from '../../protocol/result.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { PROTOCOL_VERSION } from '../../protocol/version.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Cancel, System } from '../system.ts'
import type { CloudLink, MemberQuestion, SpendingQuestion } from '../till/cloud-link.ts'
import type { Till } from '../till/till.ts'
import { INITIAL, transition } from './machine.ts'
import type { Socket, SocketFactory } from './socket.ts'
import { TIMER_EVENTS } from './states.ts'
import type { Command, Event, State, StateName, TimerName } from './states.ts'

export interface LinkOptions {
  /** Enrolled. */
  readonly ledger: Ledger
  readonly till: Till
  readonly system: System
  readonly open: SocketFactory
  /** Name and version, for the fleet list. */
  readonly software: string
  readonly log: Logger
}

/** What a manager is told. Attempts that fail one after the other are one word, so that a month offline is one activity. */
const WORDS: Readonly<Record<StateName, 'connecting' | 'online' | 'offline' | 'fenced' | null>> = {
  idle: null,
  connecting: null,
  greeting: null,
  introduced: null,
  streaming: 'online',
  waiting: 'offline',
  fenced: 'fenced',
  stopped: null,
}

const NOTHING_BEFORE = 0 as Seq

type FindAnswer = MemberId | 'none' | 'unreachable'

interface OpenQuestion {
  readonly asks: 'find_member' | 'authorise'
  /** Asked once the cloud has the ledger up to here, so that it decides on what the store knew. */
  readonly after: Seq
  readonly frame: UpFrame
  sent: boolean
  answer(frame: DownFrame | 'unreachable'): void
  readonly cancel: Cancel
}

export class Link implements CloudLink {
  readonly #ledger: Ledger
  readonly #till: Till
  readonly #system: System
  readonly #open: SocketFactory
  readonly #software: string
  readonly #log: Logger
  readonly #origin: Origin
  readonly #key: KeyObject
  readonly #cloudKey: KeyObject

  #state: State = INITIAL
  readonly #events: Event[] = []
  #handling = false
  #socket: Socket | undefined
  readonly #timers = new Map<TimerName, Cancel>()
  readonly #questions = new Map<number, OpenQuestion>()
  #questionLast = 0
  #lastWordAt: number | null = null
  #committedSoon = false
  #commits = 0
  #word: string | null = null

  constructor({ ledger, till, system, open, software, log }: LinkOptions) {
    const identity = ledger.identity()
    assert(identity !== undefined, 'a link belongs to an enrolled edge')
    const cloudKey = importPublicKey(identity.cloudPublicKey)
    assert(cloudKey !== undefined, 'the cloud key was checked at enrolment')
    this.#ledger = ledger
    this.#till = till
    this.#system = system
    this.#open = open
    this.#software = software
    this.#log = log
    this.#origin = identity.origin
    this.#key = importPrivateKey(identity.privateKey).privateKey
    this.#cloudKey = cloudKey
  }

  start(): void {
    this.#say('connecting')
    this.#dispatch({ name: 'start', head: this.#ledger.head().seq })
  }

  /** Closes the connection for good, or until the next start. Nothing is lost: what is not acknowledged is sent again. */
  stop(): void {
    this.#dispatch({ name: 'stop' })
  }

  get state(): StateName {
    return this.#state.name
  }

  live(): boolean {
    return this.#state.name === 'streaming'
  }

  lastWordAt(): number | null {
    return this.#lastWordAt
  }

  /** Commits that recorded facts, since the start. */
  get commits(): number {
    return this.#commits
  }

  /** Looks at the ledger at the end of the loop turn, so that the callers of the commit are answered before a batch is signed. */
  committed(): void {
    this.#commits += 1
    if (this.#committedSoon) return
    this.#committedSoon = true
    this.#system.soon(() => {
      this.#committedSoon = false
      if (this.#state.name !== 'stopped') this.#dispatch({ name: 'committed', head: this.#ledger.head().seq })
    })
  }

  findMember(question: MemberQuestion): Promise<FindAnswer> {
    return new Promise((resolve) => {
      this.#ask(
        'find_member',
        NOTHING_BEFORE,
        (number) => ({
          type: 'find_member',
          question: number,
          identity: 'identity' in question ? question.identity : null,
          member: 'member' in question ? question.member : NO_MEMBER,
        }),
        (frame) => {
          if (frame === 'unreachable' || frame.type !== 'found_member') resolve('unreachable')
          else resolve(frame.member === NO_MEMBER ? 'none' : frame.member)
        },
      )
    })
  }

  authorise(question: SpendingQuestion): Promise<Decision | 'unreachable'> {
    return new Promise((resolve) => {
      // A member who buys and redeems at once spends what the sale just gave: the sale goes first.
      this.#ask(
        'authorise',
        this.#ledger.head().seq,
        (number) => ({ type: 'authorise', question: number, ...question }),
        (frame) => resolve(frame === 'unreachable' || frame.type !== 'decision' ? 'unreachable' : frame),
      )
    })
  }

  #ask(
    asks: OpenQuestion['asks'],
    after: Seq,
    frameOf: (question: number) => UpFrame,
    answer: OpenQuestion['answer'],
  ): void {
    if (!this.live() || this.#questions.size >= QUESTIONS_OPEN_MAX) {
      answer('unreachable')
      return
    }
    const number = ++this.#questionLast
    const cancel = this.#system.after(QUESTION_WAIT_MS_MAX, () => {
      this.#questions.delete(number)
      answer('unreachable')
    })
    this.#questions.set(number, { asks, after, frame: frameOf(number), sent: false, answer, cancel })
    this.#sendQuestions()
  }

  /** Those whose facts the cloud has by now. */
  #sendQuestions(): void {
    const { synced } = this.#ledger.meta.cursors()
    for (const question of this.#questions.values()) {
      if (question.sent || question.after > synced) continue
      question.sent = true
      this.#send(question.frame)
    }
  }

  #answered(asks: OpenQuestion['asks'], number: number, frame: DownFrame): void {
    const question = this.#questions.get(number)
    // Too late, or not what was asked: the terminal has its answer.
    if (question === undefined || question.asks !== asks) return
    this.#questions.delete(number)
    question.cancel()
    question.answer(frame)
  }

  #dropQuestions(): void {
    for (const question of this.#questions.values()) {
      question.cancel()
      question.answer('unreachable')
    }
    this.#questions.clear()
  }

  /** One event after the other: what a command brings up waits until the commands of its step are done. */
  #dispatch(event: Event): void {
    this.#events.push(event)
    if (this.#handling) return
    this.#handling = true
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        const before = this.#state.name
        const step = transition(this.#state, next)
        this.#state = step.state
        if (step.state.name !== before) this.#moved(before, next)
        for (const command of step.commands) this.#attempt(() => this.#execute(command))
      }
    } finally {
      this.#handling = false
    }
  }

  #moved(before: StateName, event: Event): void {
    const { name } = this.#state
    this.#log.debug({ from: before, to: name, event: event.name }, 'link')
    if (before === 'streaming') this.#dropQuestions()
    if (event.name === 'closed') {
      this.#socket = undefined
      this.#log.info({ code: event.code }, 'line to the cloud closed')
    }
    const word = WORDS[name]
    if (word !== null) this.#say(word)
  }

  #say(word: string): void {
    if (word === this.#word) return
    this.#word = word
    const level = word === 'fenced' ? 'error' : 'info'
    this.#log[level]({ link: word }, 'link to the cloud')
    try {
      this.#till.linkChanged(word, this.#system.clock.now(), this.#lastWordAt)
    } catch (cause) {
      // The feed misses a word; the status says the same from memory.
      this.#log.error({ err: cause }, 'link state not recorded')
    }
  }

  #execute(command: Command): void {
    switch (command.do) {
      case 'connect':
        this.#connect()
        return
      case 'close': {
        const socket = this.#socket
        this.#socket = undefined
        socket?.close(command.code)
        return
      }
      case 'send_hello':
        this.#send(this.#hello(command.nonce))
        return
      case 'send_batch':
        this.#sendBatch(command.from)
        return
      case 'store_ack':
        this.#till.acknowledged(command.seq, command.cloudEpoch)
        this.#sendQuestions()
        return
      case 'start_timer':
        this.#startTimer(command.timer, command.ms)
        return
      case 'wait':
        this.#startTimer('retry', Math.ceil(this.#system.random() * command.msMax))
        return
      case 'cancel_timer':
        this.#timers.get(command.timer)?.()
        this.#timers.delete(command.timer)
        return
      case 'cancel_timers':
        for (const cancel of this.#timers.values()) cancel()
        this.#timers.clear()
        return
      default:
        unreachable(command)
    }
  }

  #startTimer(timer: TimerName, ms: number): void {
    this.#timers.get(timer)?.()
    this.#timers.set(
      timer,
      this.#system.after(ms, () => {
        this.#timers.delete(timer)
        this.#dispatch(TIMER_EVENTS[timer])
      }),
    )
  }

  #connect(): void {
    // What a socket says after it was let go is dropped here: only the one in #socket is heard.
    const mine = (): boolean => this.#socket === socket
    const socket: Socket = this.#open({
      opened: () => {
        if (mine()) this.#dispatch({ name: 'opened' })
      },
      message: (sealed) => {
        if (mine()) this.#receive(sealed)
      },
      closed: (code) => {
        if (mine()) this.#dispatch({ name: 'closed', code })
      },
    })
    this.#socket = socket
  }

  #send(frame: UpFrame): void {
    this.#socket?.send(seal(encodeFrame(frame), this.#key))
  }

  #hello(nonce: Uint8Array): UpFrame {
    const { seq, hash } = this.#ledger.head()
    const cursors = this.#ledger.meta.cursors()
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      nonce,
      origin: this.#origin,
      seq,
      head: hash,
      members_cursor: cursors.members,
      corrections_cursor: cursors.corrections,
      program: this.#till.programVersion(),
      software: this.#software,
    }
  }

  #sendBatch(from: Seq): void {
    const batch = this.#ledger.batchFrom(from)
    assert(batch !== undefined, `the ledger has a fact at ${from}`)
    this.#send({ type: 'batch', origin: this.#origin, ...batch })
    this.#dispatch({ name: 'sent', from, last: (from + batch.facts.length - 1) as Seq })
  }

  #receive(sealed: Uint8Array): void {
    const bytes = unseal(sealed, this.#cloudKey)
    const decoded = bytes === undefined ? undefined : decodeDownFrame(bytes)
    if (decoded === undefined || !decoded.ok) {
      this.#log.warn({ reason: decoded?.malformed.reason ?? 'signature' }, 'frame refused')
      this.#dispatch({ name: 'malformed' })
      return
    }
    this.#lastWordAt = this.#system.clock.now()
    this.#attempt(() => this.#take(decoded.value))
  }

  #take(frame: DownFrame): void {
    switch (frame.type) {
      case 'challenge':
        return this.#dispatch({ name: 'challenge', nonce: frame.nonce })
      case 'welcome':
        return this.#dispatch({
          name: 'welcome',
          seq: frame.seq,
          matches: this.#matches(frame.seq, frame.head),
          cloudEpoch: frame.cloud_epoch,
        })
      case 'ack':
        return this.#dispatch({
          name: 'ack',
          seq: frame.seq,
          matches: this.#matches(frame.seq, frame.head),
        })
      case 'gap':
        return this.#dispatch({ name: 'gap', expected: frame.expected })
      case 'fork':
        return this.#dispatch({ name: 'fork', reason: frame.reason })
      case 'members':
        return this.#taken(() => this.#till.takeMembers(frame))
      case 'corrections':
        return this.#taken(() => this.#till.takeCorrections(frame))
      case 'program':
        return this.#taken(() => this.#till.takeProgram(frame))
      case 'notice':
        this.#log.warn({ code: frame.code }, 'notice of the cloud')
        return this.#taken(() => this.#till.takeNotice(frame))
      case 'found_member':
        return this.#taken(() => this.#answered('find_member', frame.question, frame))
      case 'decision':
        return this.#taken(() => this.#answered('authorise', frame.question, frame))
      case 'time':
        return this.#taken(() => undefined)
      default:
        unreachable(frame)
    }
  }

  /** A frame counts as heard once what is in it was taken; before the welcome nothing is taken (the machine closes). */
  #taken(take: () => void): void {
    if (this.live()) take()
    this.#dispatch({ name: 'word' })
  }

  /** The ledger or the till may fail, on a full disk for one: then the line is given up and what was missed is said again later. */
  #attempt(work: () => void): void {
    try {
      work()
    } catch (cause) {
      this.#log.error({ err: cause }, 'link work failed')
      this.#dispatch({ name: 'failed' })
    }
  }

  #matches(seq: Seq, hash: Uint8Array): boolean {
    const own = this.#ledger.hashAt(seq)
    return own !== undefined && sameHash(own, hash)
  }
}
