// An edge for fleets of thousands in one process: the real sync machine over real WebSockets, with signed frames, and in place of a ledger on disk a
// list of encoded facts in memory. It drives the machine as edge/sync/link.ts does; what comes down beside the sync of facts is only heard.
import type { KeyObject } from 'node:crypto'
import { askOk, pick } from '../../cloud/demo/ask.ts'
import { sameHash } from '../../protocol/chain.ts'
import { decodeDownFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { exportPublicKey, importPublicKey } from '../../protocol/envelope.ts'
import type { Seq } from '../../protocol/ids.ts'
import { EdgeSeals } from '../../protocol/seals.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { realSystem } from '../../edge/system.ts'
import { INITIAL, transition } from '../../edge/sync/machine.ts'
import { syncUrl, webSocketFactory } from '../../edge/sync/socket.ts'
import type { Socket } from '../../edge/sync/socket.ts'
import { TIMER_EVENTS } from '../../edge/sync/states.ts'
import type { Command, Event, State, TimerName } from '../../edge/sync/states.ts'
import { OriginWriter } from './origin-writer.ts'

export interface LightIdentity {
  readonly edge: number
  readonly origin: number
  readonly store: number
  readonly key: KeyObject
  readonly cloudKey: KeyObject
}

export interface LightFleet {
  /** The cloud's address and HQ's token. */
  readonly url: string
  readonly token: string
  /** One key for all of them: making thousands takes its time. */
  readonly key: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
}

/** A store of its own and its device, not started yet. */
export async function enrolLight({ url, token, key }: LightFleet, name: string): Promise<LightEdge> {
  const post = (path: string, body: object): Promise<unknown> =>
    askOk(`${url}${path}`, { method: 'POST', token, body })
  const store = pick(await post('/v1/stores', { name, zone: 'Europe/London' }), 'number', 'id')
  const code = pick(await post(`/v1/stores/${store}/codes`, {}), 'string', 'code')
  const enrolment = { code, public_key: exportPublicKey(key.publicKey), software: 'light/1' }
  const enrolled = await post('/v1/enrol', enrolment)
  const cloudKey = importPublicKey(pick(enrolled, 'string', 'cloud_public_key'))
  if (cloudKey === undefined) throw new Error('the cloud told no key')
  const [edge, origin] = [pick(enrolled, 'number', 'edge'), pick(enrolled, 'number', 'origin')]
  return new LightEdge({ edge, origin, store, key: key.privateKey, cloudKey }, url)
}

export class LightEdge {
  readonly ledger: OriginWriter
  readonly #identity: LightIdentity
  readonly #open: ReturnType<typeof webSocketFactory>
  #state: State = INITIAL
  #socket: Socket | undefined
  #seals: EdgeSeals
  readonly #events: Event[] = []
  #handling = false
  readonly #timers = new Map<TimerName, NodeJS.Timeout>()
  /** When each seq was recorded, until it was acknowledged. */
  readonly #recorded: number[] = []
  acked = 0
  attempts = 0
  /** Milliseconds from recording to acknowledgement, of facts acknowledged since they were last taken. */
  lags: number[] = []

  constructor(identity: LightIdentity, cloud: string) {
    this.#identity = identity
    this.#seals = this.#newSeals()
    this.ledger = new OriginWriter(identity.origin, identity.store)
    this.#open = webSocketFactory(
      () => syncUrl(cloud, identity.edge),
      () => ({}),
      () => undefined,
    )
  }

  #newSeals(): EdgeSeals {
    const { edge, key, cloudKey } = this.#identity
    return new EdgeSeals(edge, { privateKey: key, publicKey: cloudKey })
  }

  get live(): boolean {
    return this.#state.name === 'streaming'
  }

  start(): void {
    this.#dispatch({ name: 'start', head: this.ledger.seq as Seq })
  }

  stop(): void {
    this.#dispatch({ name: 'stop' })
  }

  sell(): void {
    this.ledger.sale({ at: Date.now() }, [
      { sku: `SKU-${this.ledger.seq % 100}`, amount: 250 },
      { sku: 'TEA', category: 'BAG', amount: 900 },
    ])
    this.#recorded[this.ledger.seq] = performance.now()
    this.#dispatch({ name: 'committed', head: this.ledger.seq as Seq })
  }

  #dispatch(event: Event): void {
    this.#events.push(event)
    if (this.#handling) return
    this.#handling = true
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
      if (next.name === 'closed' || next.name === 'refused') this.#socket = undefined
      const { state, commands } = transition(this.#state, next)
      this.#state = state
      for (const command of commands) this.#execute(command)
    }
    this.#handling = false
  }

  #execute(command: Command): void {
    switch (command.do) {
      case 'connect': {
        this.attempts += 1
        const mine = (event: Event): void => {
          if (this.#socket === socket) this.#dispatch(event)
        }
        const socket = this.#open(
          {
            opened: () => mine({ name: 'opened' }),
            message: (sealed) => {
              if (this.#socket === socket) this.#receive(sealed)
            },
            closed: (code) => mine({ name: 'closed', code }),
            refused: (refused) => mine({ name: 'refused', ...refused }),
          },
          'socket',
        )
        this.#socket = socket
        this.#seals = this.#newSeals()
        return
      }
      case 'close': {
        const socket = this.#socket
        this.#socket = undefined
        return socket?.close(command.code)
      }
      case 'send_hello':
        return this.#send(this.ledger.hello(this.#seals.challenged(command.nonce)))
      case 'send_batch': {
        const last = Math.min(this.ledger.seq, command.from + command.most.facts - 1) as Seq
        const batch = this.ledger.batch(command.from, last)
        this.#send(batch)
        const bytes = batch.facts.reduce((sum, fact) => sum + fact.length, 0)
        return this.#dispatch({ name: 'sent', from: command.from, last, bytes, calling: false })
      }
      case 'store_ack':
        return this.#acknowledged(command.seq)
      case 'start_timer':
        return this.#timer(command.timer, command.ms)
      case 'wait':
        return this.#timer('retry', command.msMin + realSystem.random() * (command.msMax - command.msMin))
      case 'cancel_timer':
        clearTimeout(this.#timers.get(command.timer))
        return
      case 'cancel_timers':
        for (const timer of this.#timers.values()) clearTimeout(timer)
        return
      default:
        // What concerns other lives of a ledger: this one has one.
        return
    }
  }

  #acknowledged(seq: Seq): void {
    const now = performance.now()
    for (let at = this.acked + 1; at <= seq; at++) {
      const recorded = this.#recorded[at]
      if (recorded !== undefined) this.lags.push(now - recorded)
    }
    this.acked = Math.max(this.acked, seq)
  }

  #timer(timer: TimerName, ms: number): void {
    clearTimeout(this.#timers.get(timer))
    this.#timers.set(
      timer,
      setTimeout(() => this.#dispatch(TIMER_EVENTS[timer]), ms),
    )
  }

  #send(frame: UpFrame): void {
    this.#socket?.send(this.#seals.seal(frame))
  }

  #receive(sealed: Uint8Array): void {
    const bytes = this.#seals.unseal(sealed)
    const decoded = bytes === undefined ? undefined : decodeDownFrame(bytes)
    if (decoded?.ok !== true) throw new Error('the cloud sent no good frame')
    this.#take(decoded.value)
  }

  #take(frame: DownFrame): void {
    const matches = (seq: Seq, head: Uint8Array): boolean => {
      const own = this.ledger.hashes[seq]
      return own !== undefined && sameHash(own, head)
    }
    switch (frame.type) {
      case 'challenge':
        return this.#dispatch({ name: 'challenge', nonce: frame.nonce })
      case 'welcome':
        return this.#dispatch({
          name: 'welcome',
          seq: frame.seq,
          matches: matches(frame.seq, frame.head),
          cloudEpoch: frame.cloud_epoch,
          credit: { facts: frame.credit_facts, bytes: frame.credit_bytes },
          returnMs: frame.return_ms,
        })
      case 'ack':
        return this.#dispatch({
          name: 'ack',
          seq: frame.seq,
          matches: matches(frame.seq, frame.head),
          credit: { facts: frame.credit_facts, bytes: frame.credit_bytes },
        })
      case 'gap':
        return this.#dispatch({ name: 'gap', expected: frame.expected })
      case 'ended':
        throw new Error(`fenced: ${frame.reason}`)
      default:
        return this.#dispatch({ name: 'word' })
    }
  }
}
