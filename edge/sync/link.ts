// Drives the sync machine: one socket at a time, timers, and the ledger and till on this side. Down frames are verified with the cloud's key before anything
// is decoded (N-5); up frames are sealed with the edge's. Every decision about the connection is a cell of machine.ts; questions go beside it (questions.ts).
import type { Logger } from 'pino'
import { sameHash } from '../../protocol/chain.ts'
import type { DownFrame } from '../../protocol/down.ts'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { Certify } from '../../protocol/frames/certify.ts'
import type { Holds } from '../../protocol/frames/holds.ts'
import type { Welcome } from '../../protocol/frames/welcome.ts'
import type { Life, LifeEnd } from '../../protocol/lives.ts'
import type { Budgets } from '../../protocol/frames/budgets.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { Time } from '../../protocol/frames/time.ts'
import type { Seq } from '../../protocol/ids.ts'
import { PACED_BATCH_FACTS_MAX } from '../../protocol/limits.ts'
import { assert, unreachable } from '../../protocol/result.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { batchFrom } from '../ledger/batches.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { EdgeIdentity } from '../ledger/meta.ts'
import type { System } from '../system.ts'
import type { CloudLink, MemberQuestion, SpendingQuestion } from '../till/cloud-link.ts'
import type { Till } from '../till/till.ts'
import { asApplicant, asDevice } from '../till/applicant.ts'
import { helloOf } from './hello.ts'
import { INITIAL, transition } from './machine.ts'
import { OBSTACLE_WORDS } from './obstacles.ts'
import { PastTalk } from './past-talk.ts'
import { Questions } from './questions.ts'
import type { FindAnswer } from './questions.ts'
import { SealedLine } from './sealed-line.ts'
import type { Socket, SocketFactory } from './socket.ts'
import { TIMER_EVENTS } from './states.ts'
import { LINK_WORDS } from './words.ts'
import { Timers } from './timers.ts'
import { TimeQuestions } from './time-questions.ts'
import type { Command, Credit, Event, State, StateName, Via } from './states.ts'

export interface LinkOptions {
  /** Enrolled. */
  readonly ledger: Ledger
  readonly till: Till
  readonly system: System
  readonly open: SocketFactory
  /** Name and version, for the fleet list. */
  readonly software: string
  readonly log: Logger
  /** Who keeps the store's certificate: told when the cloud is in reach, and what it answered. */
  readonly certificates?: { online(): void; take(certified: Certified): void }
}

export class Link implements CloudLink {
  readonly #ledger: Ledger
  readonly #till: Till
  readonly #system: System
  readonly #open: SocketFactory
  readonly #software: string
  readonly #log: Logger
  readonly #line: SealedLine
  readonly #past: PastTalk
  #state: State = INITIAL
  readonly #events: Event[] = []
  #handling = false
  #socket: Socket | undefined
  readonly #timers: Timers
  readonly #questions: Questions
  /** Monotonic time of the cloud's last word. */
  #wordMono: number | null = null
  readonly #timeQuestions: TimeQuestions
  #sentUpTo: Seq
  #committedSoon = false
  #commits = 0
  #word: string | null = null
  #obstacle: string | null = null
  readonly #certificates: LinkOptions['certificates']

  constructor({ ledger, till, system, open, software, log, certificates }: LinkOptions) {
    const identity = ledger.identity()
    assert(identity !== undefined, 'a link belongs to an enrolled edge')
    this.#ledger = ledger
    this.#till = till
    this.#system = system
    this.#timeQuestions = new TimeQuestions(system)
    this.#timers = new Timers(system, (timer) => this.#dispatch(TIMER_EVENTS[timer]))
    this.#open = open
    this.#software = software
    this.#certificates = certificates
    this.#log = log
    this.#sentUpTo = ledger.seq
    this.#line = new SealedLine(() => this.#identity, log)
    const line = { live: () => this.live(), send: (frame: UpFrame) => this.#send(frame) }
    this.#questions = new Questions({
      ...line,
      system,
      synced: () => ledger.meta.cursors().synced,
    })
    this.#past = new PastTalk({
      ...line,
      ledger,
      till,
      soon: (work) => system.soon(() => this.#attempt(work)),
    })
  }

  start(): void {
    this.#dispatch({ name: 'start', head: this.#ledger.head().seq })
    this.#say('connecting')
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

  way(): { readonly via: Via; readonly obstacle: string | null } {
    const { via, obstacle } = this.#state.road
    return { via, obstacle: obstacle === null ? null : OBSTACLE_WORDS[obstacle] }
  }

  /** Reckoned back from now, so that it is right also when the clock was set since. */
  lastWordAt(): number | null {
    if (this.#wordMono === null) return null
    return Math.floor(this.#till.clock.now() - (this.#system.monotonic() - this.#wordMono))
  }

  /** What an earlier life of the process sent is not known: all that was there at the start. */
  sentUpTo(): Seq {
    return this.#sentUpTo
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

  /** Of the cloud's that were none, since the start (P-ENV-2). */
  get refusedFrames(): number {
    return this.#line.refused
  }

  findMember(question: MemberQuestion): Promise<FindAnswer> {
    return this.#questions.findMember(question)
  }

  /** A member who buys and redeems at once spends what the sale just gave: the sale goes first. */
  budgets(): Promise<Budgets | 'unreachable'> {
    return this.#questions.budgets(this.#ledger.head().seq)
  }

  authorise(question: SpendingQuestion): Promise<Decision | 'unreachable'> {
    return this.#questions.authorise(question, this.#ledger.head().seq)
  }

  /** What is asked or said about the store's certificate (TLS-3, TLS-7); false where the cloud is not in reach. */
  aboutCertificate(frame: Certify | Holds): boolean {
    if (this.live()) this.#send(frame)
    return this.live()
  }

  /** One event after the other: what a command brings up waits until the commands of its step are done, and so does the commit by which the store hears of it. */
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
        const word = step.state.name === before ? null : LINK_WORDS[step.state.name]
        if (word !== null) this.#say(word)
      }
    } finally {
      this.#handling = false
    }
  }

  #moved(before: StateName, event: Event): void {
    const { name } = this.#state
    this.#log.debug({ from: before, to: name, event: event.name }, 'link')
    if (before === 'streaming') {
      this.#questions.drop()
      this.#timeQuestions.drop()
    }
    if (name === 'streaming')
      this.#system.soon(() =>
        this.#attempt(() => {
          this.#past.begin()
          this.#certificates?.online()
        }),
      )
    if (event.name === 'closed' || event.name === 'refused') {
      this.#socket = undefined
      this.#log.info(event, 'line to the cloud closed')
    }
  }

  #say(word: string): void {
    const { obstacle } = this.#state.road
    if (word === this.#word && obstacle === this.#obstacle) return
    this.#word = word
    this.#obstacle = obstacle
    this.#log[word === 'fenced' ? 'error' : 'info']({ link: word, obstacle }, 'link to the cloud')
    try {
      this.#till.linkChanged(word, this.#till.clock.now(), this.lastWordAt())
    } catch (cause) {
      // The feed misses a word; the status says the same from memory.
      this.#log.error({ err: cause }, 'link state not recorded')
    }
  }

  #execute(command: Command): void {
    switch (command.do) {
      case 'connect':
        this.#connect(command.via)
        return
      case 'close': {
        const socket = this.#socket
        this.#socket = undefined
        socket?.close(command.code)
        return
      }
      case 'send_hello':
        return this.#hello(command.nonce)
      case 'send_batch':
        this.#sendBatch(command.from, command.most)
        return
      case 'store_ack':
        this.#till.acknowledged(command.seq, command.cloudEpoch)
        this.#questions.synced()
        return
      case 'begin_life':
        return this.#beginLife(command.reason, command.next)
      case 'apply':
        return this.#apply(command.edge, command.attestation)
      case 'start_timer':
        return this.#timers.start(command.timer, command.ms)
      case 'wait':
        return this.#timers.start(
          'retry',
          command.msMin + Math.ceil(this.#system.random() * (command.msMax - command.msMin)),
        )
      case 'cancel_timer':
        return this.#timers.cancel(command.timer)
      case 'cancel_timers':
        return this.#timers.cancelAll()
      default:
        unreachable(command)
    }
  }

  get #identity(): EdgeIdentity {
    const identity = this.#ledger.identity()
    assert(identity !== undefined, 'a link belongs to an enrolled edge')
    return identity
  }

  #hello(challenge: Uint8Array): void {
    const nonces = this.#line.challenged(challenge)
    this.#send(helloOf(this.#ledger, this.#till.programVersion(), nonces, this.#software))
  }

  /** P-LIFE-3, G-8: before the machine goes on from where the cloud stands. */
  #welcomed({ spares, cloud_epoch, program, attestation }: Welcome): void {
    this.#till.takeSpares(spares)
    if (this.#identity.attestation !== attestation)
      this.#ledger.identify((identity) => ({ ...identity, attestation }))
    const { cloudEpoch } = this.#ledger.meta.cursors()
    if (cloudEpoch !== 0 && cloudEpoch !== cloud_epoch) this.#till.cloudReborn(cloud_epoch, program)
  }

  /** The ledger tells the machine of its new life itself; a life that cannot begin is tried again with the next connection. */
  #beginLife(reason: LifeEnd, next: Life | null): void {
    if (this.#till.beginLife(reason, next ?? undefined)) return
    this.#log.error({ reason }, 'this life is over and there is no other to begin: the cloud is asked again')
  }

  /** P-LIFE-6: a key of its own first; the device that the cloud made of it afterwards. */
  #apply(edge: number, attestation: string | null): void {
    if (edge !== 0) this.#ledger.identify((identity) => asDevice(identity, edge, attestation))
    else if (!this.#till.beginLife('copy', undefined, asApplicant)) this.#ledger.identify(asApplicant)
  }

  newLife(): void {
    this.#sentUpTo = 0 as Seq
    this.#dispatch({ name: 'new_life' })
  }

  witnessed(): void {
    this.#past.witnessed()
  }

  #connect(via: Via): void {
    // What a socket says after it was let go is dropped here: only the one in #socket is heard.
    const mine = (): boolean => this.#socket === socket
    const socket: Socket = this.#open(
      {
        opened: () => {
          if (mine()) this.#dispatch({ name: 'opened' })
        },
        message: (sealed) => {
          if (mine()) this.#receive(sealed)
        },
        closed: (code) => {
          if (mine()) this.#dispatch({ name: 'closed', code })
        },
        refused: (refused) => {
          if (mine()) this.#dispatch({ name: 'refused', ...refused })
        },
      },
      via,
    )
    this.#socket = socket
    this.#line.connecting()
  }

  #send(frame: UpFrame): void {
    this.#socket?.send(this.#line.seal(frame))
  }

  #sendBatch(from: Seq, most: Credit): void {
    const calling = this.#till.calling()
    const paced = calling ? { ...most, facts: Math.min(most.facts, PACED_BATCH_FACTS_MAX) } : most
    const batch = batchFrom(this.#ledger, from, paced)
    assert(batch !== undefined, `the ledger has a fact at ${from}`)
    const { previous, facts, bytes } = batch
    const last = (from + facts.length - 1) as Seq
    this.#sentUpTo = Math.max(this.#sentUpTo, last) as Seq
    const waiting = (this.#ledger.head().seq - last) as Seq
    this.#send({ type: 'batch', origin: this.#identity.origin, from, previous, waiting, facts })
    const sent = (): void => this.#dispatch({ name: 'sent', from, last, bytes, calling })
    if (waiting === 0) return sent()
    // A backlog goes out a batch a turn (N-2): this one leaves, and tills are heard, before the next is read.
    const socket = this.#socket
    this.#system.soon(() => this.#socket === socket && this.#attempt(sent))
  }

  #receive(sealed: Uint8Array): void {
    const frame = this.#line.hear(sealed)
    if (frame === 'misplaced' || frame === 'malformed') return this.#dispatch({ name: frame })
    if (frame === 'played_again') return
    this.#wordMono = this.#system.monotonic()
    this.#attempt(() => this.#take(frame))
    const question = this.live() ? this.#timeQuestions.due() : null
    if (question !== null) this.#send({ type: 'ask_time', question })
  }

  #take(frame: DownFrame): void {
    switch (frame.type) {
      case 'challenge':
        return this.#dispatch({ name: 'challenge', nonce: frame.nonce })
      case 'welcome':
        this.#welcomed(frame)
        return this.#dispatch({
          name: 'welcome',
          seq: frame.seq,
          matches: this.#matches(frame.seq, frame.head),
          cloudEpoch: frame.cloud_epoch,
          credit: { facts: frame.credit_facts, bytes: frame.credit_bytes },
          returnMs: frame.return_ms,
        })
      case 'ack':
        return this.#dispatch({
          name: 'ack',
          seq: frame.seq,
          matches: this.#matches(frame.seq, frame.head),
          credit: { facts: frame.credit_facts, bytes: frame.credit_bytes },
        })
      case 'gap':
        return this.#dispatch({ name: 'gap', expected: frame.expected })
      case 'ended': {
        const { reason, next, edge, attestation } = frame
        return this.#dispatch({ name: 'ended', reason, next, edge, attestation })
      }
      case 'members':
        return this.#taken(() => this.#till.takeMembers(frame))
      case 'corrections':
        return this.#taken(() => this.#till.takeCorrections(frame))
      case 'leases':
        return this.#taken(() => this.#till.takeLeases(frame))
      case 'program':
        return this.#taken(() => this.#till.takeProgram(frame))
      case 'notice':
        this.#log.warn({ code: frame.code }, 'notice of the cloud')
        return this.#taken(() => this.#till.takeNotice(frame))
      case 'found_member':
      case 'decision':
      case 'budgets':
        return this.#taken(() => this.#questions.answered(frame))
      case 'clients':
        return this.#taken(() => this.#till.takeClients(frame))
      case 'certificate':
        return this.#taken(() => this.#certificates?.take(frame))
      case 'tail':
        return this.#taken(() => this.#past.take(frame))
      case 'time':
        return this.#taken(() => this.#takeTime(frame))
      default:
        unreachable(frame)
    }
  }

  #takeTime(frame: Time): void {
    const asked = this.#timeQuestions.askedAt(frame)
    if (asked !== null) this.#till.takeTime(frame.time, asked)
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
      this.#ledger.failed(cause)
      this.#log.error({ err: cause }, 'link work failed')
      this.#dispatch({ name: 'failed' })
    }
  }

  #matches(seq: Seq, hash: Uint8Array): boolean {
    const own = this.#ledger.hashAt(seq)
    return own !== undefined && sameHash(own, hash)
  }
}
