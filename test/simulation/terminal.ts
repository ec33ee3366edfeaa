// A simulated till operator: does one thing after the other, keeps every operation until it is answered, repeats it with the same key when the answer
// does not come, and hands in again what a lost disk took with it. Knows nothing of points.
import type { Result } from '../../protocol/result.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { InputOf, WriteKind } from '../../edge/till/inputs.ts'
import type { StoredAnswer } from '../../edge/till/till.ts'
import { COFFEE } from '../support/programs.ts'
import type { Random } from '../support/random.ts'
import { TOTE } from './program.ts'
import type { StoreNode } from './store-node.ts'
import type { VirtualTime } from './virtual-time.ts'

/** The receipt of an operation. */
export interface Acked {
  readonly origin: number
  readonly seq: number
  readonly id: string
  readonly body: string
  readonly at: number
}

export interface Operation {
  readonly key: string
  readonly kind: WriteKind
  readonly input: unknown
  /** Card of the member it names, for the auditor. */
  readonly card: string | null
  readonly amount: number
  acked: Acked | null
  refused: string | null
  /** Its store's disk was lost while it was open, or with its fact: a refusal afterwards does not say that it never counted. */
  uncertain: boolean
}

const ANSWER_LOST_ONE_IN = 12
/** Up to so long after the first try, doubled with each, up to the second; one time in so many at once. */
const RETRY_MS = 50
const RETRY_MS_MAX = 3_000
const HASTY_ONE_IN = 4
/** Sales that a return may be about. */
const SOLD_REMEMBERED_MAX = 30
/** Of the latest vouchers: few, so that one is tried in several stores. */
const CODES_TRIED = 4
const RETRY = new Set(['stopping', 'storage_full', 'fault', 'key_in_flight', 'authority_missing'])

interface Told {
  readonly receipt: { readonly id: string; readonly seq: number }
  readonly vouchers?: readonly { readonly code: string }[]
}

export interface TerminalPlan {
  readonly operations: number
  readonly cards: number
  readonly pauseMsMax: number
  readonly lateMsMax: number
  readonly beatMs: number
  /** Planted bug: a new key for every attempt. */
  readonly forgetsKeys: boolean
  /** Also of a perk with a budget, and vouchers are used. */
  readonly bounded: boolean
  /** Of vouchers that were given out, in whatever store. */
  readonly codes: string[]
  /** Told at every new operation. */
  readonly called: () => void
}

export class Terminal {
  readonly operations: Operation[] = []
  readonly #name: string
  readonly #stands: string
  readonly #node: StoreNode
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #plan: TerminalPlan
  #left: number
  #attempt = 0
  /** Of the operation under way. */
  #tries = 0
  #cancel: () => void = () => undefined
  #resting = false
  /** Not answered yet: the one under way, or those to hand in again. */
  #open: Operation[] = []
  readonly #sold: Operation[] = []

  constructor(name: string, node: StoreNode, time: VirtualTime, random: Random, plan: TerminalPlan) {
    this.#name = name
    this.#stands = `terminals of store ${node.store}`
    this.#node = node
    this.#time = time
    this.#random = random
    this.#plan = plan
    this.#left = plan.operations
  }

  /** Times it called its store, with the same operation or another. */
  get calls(): number {
    return this.#attempt
  }

  get idle(): boolean {
    return this.#left === 0 && this.#open.length === 0
  }

  begin(): void {
    this.#resting = false
    this.#nextIn(this.#pause())
  }

  #nextIn(ms: number): void {
    this.#cancel()
    this.#cancel = this.#time.after(ms, () => this.#next(), this.#stands)
  }

  /** What is not answered is tried again later each time, as the kit does; now and then at once, beside the call that is under way. */
  #patience(): number {
    const pause = this.#pause()
    if (this.#random.below(HASTY_ONE_IN) === 0) return pause
    return pause + this.#random.below(Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#tries))
  }

  /** The disk of its store is lost: what may not have reached the cloud is handed in again, under the keys it had. */
  handInAgain(node: StoreNode, isMissing: (acked: Acked) => boolean): void {
    if (node === this.#node) this.#handIn(isMissing)
  }

  /** The disk is lost, and the cloud has gone back to where it had the life up to there. */
  handInAfter(lostOrigin: number, known: number): void {
    this.#handIn(({ origin, seq }) => origin === lostOrigin && seq > known)
  }

  /** The disk of its store is what it was at that time: all that was answered since is handed in again. */
  handInSince(node: StoreNode, time: number): void {
    if (node === this.#node) this.#handIn(({ at }) => at >= time)
  }

  #handIn(isGone: (acked: Acked) => boolean): void {
    for (const operation of this.#open) operation.uncertain = true
    for (const operation of this.operations)
      if (operation.acked !== null && isGone(operation.acked)) {
        operation.acked = null
        operation.uncertain = true
        this.#open.push(operation)
      }
    if (this.#resting && !this.idle) this.begin()
  }

  /** To a beat: terminals of a rush press their keys at once. */
  #pause(): number {
    const { pauseMsMax, beatMs } = this.#plan
    const now = this.#time.now()
    const at = now + 1 + this.#random.below(pauseMsMax)
    return Math.ceil(at / beatMs) * beatMs - now
  }

  #next(): void {
    const operation = this.#open[0] ?? this.#invent()
    if (operation !== undefined) this.#try(operation)
    this.#resting = this.idle
    if (!this.#resting) this.#nextIn(this.#patience())
  }

  #try(operation: Operation): void {
    this.#tries += 1
    const { till } = this.#node
    const { life } = this.#node
    if (till === null) return
    const attempt = ++this.#attempt
    const key = this.#plan.forgetsKeys ? `${operation.key}~${attempt}` : operation.key
    const call = { terminal: this.#name, key, requestHash: Buffer.alloc(32, operation.key) }
    const answer = till.write(operation.kind, call, operation.input as InputOf<WriteKind>)
    void answer.then((result) => {
      if (this.#node.life === life) this.#answered(operation, result)
    })
  }

  #answered(operation: Operation, result: Result<StoredAnswer>): void {
    if (operation.acked !== null) return
    if (this.#random.below(ANSWER_LOST_ONE_IN) === 0) return
    if (!result.ok) {
      // A spending that cannot be decided now is given up: the customer does not wait.
      if (!RETRY.has(result.refusal.code) || result.refusal.code === 'authority_missing') {
        operation.refused = result.refusal.code
        this.#done(operation)
      }
      return
    }
    const { buffer, byteOffset, length } = result.value.body
    const body = Buffer.from(buffer, byteOffset, length).toString()
    const { receipt, vouchers = [] } = JSON.parse(body) as Told
    operation.acked = {
      origin: this.#node.origin,
      seq: receipt.seq,
      id: receipt.id,
      body,
      at: this.#time.now(),
    }
    this.#done(operation)
    if (operation.kind === 'redemption') this.#plan.codes.push(...vouchers.map(({ code }) => code))
    if (operation.kind === 'sale' && !this.#sold.includes(operation)) this.#sold.push(operation)
    if (this.#sold.length > SOLD_REMEMBERED_MAX) this.#sold.shift()
  }

  #done(operation: Operation): void {
    this.#open = this.#open.filter((other) => other !== operation)
    this.#tries = 0
    if (!this.#resting) this.#nextIn(this.#pause())
  }

  #invent(): Operation | undefined {
    if (this.#left === 0) return undefined
    this.#left -= 1
    this.#plan.called()
    const random = this.#random
    const card = String(random.below(this.#plan.cards))
    const occurred_at = new Date(this.#time.now() - random.below(this.#plan.lateMsMax + 1)).toISOString()
    const member: Identity = { kind: 'card', value: card }
    const roll = random.below(100)
    if (roll < 12) return this.#add('enrolment', { identities: [member], occurred_at }, card, 0)
    const sold = roll < 65 ? [] : this.#sold.filter(({ acked }) => acked !== null)
    if (roll < 65 || (roll < 78 && sold.length === 0)) {
      const lines = Array.from({ length: 1 + random.below(4) }, () => ({
        sku: `S${random.below(20)}`,
        category: random.below(3) === 0 ? 'BAG' : 'OTHER',
        quantity: 1 + random.below(4),
        amount: 50 + random.below(9_000),
      }))
      const amount = lines.reduce((sum, line) => sum + line.amount, 0)
      const guest = random.below(6) === 0
      return this.#add(
        'sale',
        guest ? { lines, occurred_at } : { member, lines, occurred_at },
        guest ? null : card,
        amount,
      )
    }
    if (roll < 78) {
      const sale = random.pick(sold)
      const { lines } = sale.input as { lines: { quantity: number; amount: number }[] }
      const line = random.below(lines.length)
      const back = [{ sale: sale.acked?.id, line, sku: 'S', quantity: 1, amount: 1 }]
      return this.#add('return', { lines: back, occurred_at }, sale.card, 0)
    }
    if (roll < 84) return this.#add('checkin', { member, occurred_at }, card, 0)
    if (roll < 90) return this.#add('grant', { member, points: 1 + random.below(200) }, card, 0)
    if (!this.#plan.bounded) return this.#add('redemption', { member, perk: COFFEE }, card, 0)
    const { codes } = this.#plan
    const want = random.below(3)
    const code = codes.at(-1 - random.below(CODES_TRIED))
    if (want === 0 && code !== undefined) return this.#add('voucher_use', { code }, null, 0)
    return this.#add('redemption', { member, perk: want === 1 ? TOTE : COFFEE }, card, 0)
  }

  #add(kind: WriteKind, input: unknown, card: string | null, amount: number): Operation {
    const key = `${this.#name}-${this.operations.length}`
    const operation: Operation = {
      key,
      kind,
      input,
      card,
      amount,
      acked: null,
      refused: null,
      uncertain: false,
    }
    this.operations.push(operation)
    this.#open.push(operation)
    return operation
  }
}
