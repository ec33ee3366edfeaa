// A simulated till operator: does one thing after the other, keeps every operation until it is answered, repeats it with the same key when the answer
// does not come, and hands in again what a lost disk took with it. Knows nothing of points.
import type { Result } from '../../protocol/result.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { InputOf, WriteKind } from '../../edge/till/inputs.ts'
import type { StoredAnswer } from '../../edge/till/till.ts'
import type { Random } from '../support/random.ts'
import type { StoreNode } from './store-node.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Operation {
  readonly key: string
  readonly kind: WriteKind
  readonly input: unknown
  /** Card of the member it names, for the auditor. */
  readonly card: string | null
  readonly amount: number
  acked: { origin: number; seq: number; id: string; body: string } | null
  refused: string | null
}

const PAUSE_MS_MAX = 4_000
const ANSWER_LOST_ONE_IN = 12
const RETRY = new Set(['stopping', 'storage_full', 'fault', 'key_in_flight', 'authority_missing'])

export class Terminal {
  readonly operations: Operation[] = []
  readonly #name: string
  readonly #node: StoreNode
  readonly #time: VirtualTime
  readonly #random: Random
  readonly #cards: readonly string[]
  #left: number
  #attempt = 0
  /** Planted bug: a new key for every attempt. */
  readonly #forgetsKeys: boolean

  constructor(
    name: string,
    node: StoreNode,
    time: VirtualTime,
    random: Random,
    cards: readonly string[],
    count: number,
    forgetsKeys: boolean,
  ) {
    this.#name = name
    this.#node = node
    this.#time = time
    this.#random = random
    this.#cards = cards
    this.#left = count
    this.#forgetsKeys = forgetsKeys
  }

  get idle(): boolean {
    return (
      this.#left === 0 && this.operations.every(({ acked, refused }) => acked !== null || refused !== null)
    )
  }

  begin(): void {
    this.#time.after(this.#random.below(PAUSE_MS_MAX), () => this.#next())
  }

  /** The disk of the store is lost: everything that may not have reached the cloud is handed in again, under the keys it had. */
  handInAgain(lostOrigin: number, synced: number): void {
    for (const operation of this.operations) {
      if (operation.acked?.origin === lostOrigin && operation.acked.seq > synced - 3) operation.acked = null
    }
  }

  #next(): void {
    const open = this.operations.find(({ acked, refused }) => acked === null && refused === null)
    const operation = open ?? this.#invent()
    if (operation !== undefined) this.#try(operation)
    this.#time.after(1 + this.#random.below(PAUSE_MS_MAX), () => this.#next())
  }

  #try(operation: Operation): void {
    const { till } = this.#node
    const { life } = this.#node
    if (till === null) return
    const attempt = ++this.#attempt
    const key = this.#forgetsKeys ? `${operation.key}~${attempt}` : operation.key
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
      if (!RETRY.has(result.refusal.code)) operation.refused = result.refusal.code
      // A spending that cannot be decided now is given up: the customer does not wait.
      if (result.refusal.code === 'authority_missing') operation.refused = result.refusal.code
      return
    }
    const body = Buffer.from(result.value.body).toString()
    const { receipt } = JSON.parse(body) as { receipt: { id: string; seq: number } }
    operation.acked = { origin: this.#node.origin, seq: receipt.seq, id: receipt.id, body }
  }

  #invent(): Operation | undefined {
    if (this.#left === 0) return undefined
    this.#left -= 1
    const random = this.#random
    const card = random.pick(this.#cards)
    const occurred_at = new Date(this.#time.now() - random.below(60_000)).toISOString()
    const member: Identity = { kind: 'card', value: card }
    const roll = random.below(100)
    const sold = this.operations.filter(({ kind, acked }) => kind === 'sale' && acked !== null)
    if (roll < 12) return this.#add('enrolment', { identities: [member], occurred_at }, card, 0)
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
    return this.#add('redemption', { member, perk: 301 }, card, 0)
  }

  #add(kind: WriteKind, input: unknown, card: string | null, amount: number): Operation {
    const key = `${this.#name}-${this.operations.length}`
    const operation: Operation = { key, kind, input, card, amount, acked: null, refused: null }
    this.operations.push(operation)
    return operation
  }
}
