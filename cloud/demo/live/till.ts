// One simulated till of the demo: visits at a human pace, each a few calls to the store's local API as a real till would make them. What a
// store refuses (a voucher used already, spending while the cloud is out of reach) is part of the show: counted by its code, never hidden.
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { ask, codeOf, fieldOf } from '../ask.ts'
import type { Ask } from '../ask.ts'
import type { Random } from '../random.ts'
import { drawBasket } from './catalogue.ts'
import { rememberSale } from './crowd.ts'
import type { Crowd, Person } from './crowd.ts'

const GAP_MS_MEAN = 900
const GAP_MS_MAX = 4_000
const RETRY_MS = 250
/** A till that gets no answer tries again with the same key for this long, then serves the next customer. */
const PATIENCE_MS = 15_000

export interface TillCounts {
  sales: number
  returns: number
  joined: number
  checkins: number
  redeemed: number
  vouchersUsed: number
  quotes: number
  provisional: number
  unanswered: number
  readonly refused: Map<string, number>
}

export function newTillCounts(): TillCounts {
  return {
    sales: 0,
    returns: 0,
    joined: 0,
    checkins: 0,
    redeemed: 0,
    vouchersUsed: 0,
    quotes: 0,
    provisional: 0,
    unanswered: 0,
    refused: new Map(),
  }
}

export interface TillOptions {
  readonly store: number
  readonly url: string
  readonly token: string
  readonly crowd: Crowd
  readonly random: Random
  readonly counts: TillCounts
  readonly signal: AbortSignal
}

/** What a call came to: the answer's body, the code of the refusal, or null when no answer came in time. */
type Outcome =
  { readonly ok: true; readonly body: unknown } | { readonly ok: false; readonly refused: string | null }

export class Till {
  readonly #options: TillOptions

  constructor(options: TillOptions) {
    this.#options = options
  }

  /** Serves until the signal. */
  async run(): Promise<void> {
    const { random, signal } = this.#options
    try {
      while (!signal.aborted) {
        await this.#visit()
        const gap = Math.min(GAP_MS_MAX, -Math.log(1 - random.next()) * GAP_MS_MEAN)
        await wait(gap, undefined, { signal })
      }
    } catch (cause) {
      if (!signal.aborted) throw cause
    }
  }

  async #visit(): Promise<void> {
    const { random, crowd } = this.#options
    if (random.happens(0.2)) return void (await this.#sell(undefined))
    const known = random.happens(0.8) ? crowd.anyone(random) : undefined
    const person = known ?? (await this.#enrol())
    if (person === undefined) return void (await this.#sell(undefined))
    person.inShop = true
    try {
      await this.#serve(person)
    } finally {
      person.inShop = false
    }
  }

  async #serve(person: Person): Promise<void> {
    const { random } = this.#options
    if (random.happens(0.4)) await this.#checkin(person)
    if (person.sales.length > 0 && random.happens(0.12)) return this.#giveBack(person)
    const balance = await this.#sell(person)
    if (person.vouchers.length > 0 && random.happens(0.3)) await this.#useVoucher(person)
    else if (balance >= 60 && random.happens(0.35)) await this.#redeem(person)
  }

  async #enrol(): Promise<Person | undefined> {
    const { crowd, random, counts } = this.#options
    const stranger = crowd.stranger(random)
    if (stranger === undefined) return undefined
    const { name, phone, email } = stranger
    const identities = [
      { kind: 'phone', value: phone },
      { kind: 'email', value: email },
    ]
    const told = await this.#write('/v1/members', { name, identities })
    const id = receiptId(told)
    if (typeof id !== 'string') return undefined
    counts.joined += 1
    return crowd.join(id, phone)
  }

  async #checkin(person: Person): Promise<void> {
    const told = await this.#write('/v1/checkins', { member: { kind: 'phone', value: person.phone } })
    if (told.ok) this.#options.counts.checkins += 1
  }

  /** The member's balance after it, 0 where the answer names none. */
  async #sell(person: Person | undefined): Promise<number> {
    const { random, counts, store } = this.#options
    const lines = drawBasket(random)
    const member = person === undefined ? {} : { member: { kind: 'phone', value: person.phone } }
    const total = lines.reduce((sum, { amount }) => sum + amount, 0)
    if (random.happens(0.25)) {
      const quote = await this.#call('/v1/quotes', { method: 'POST', body: { ...member, lines } })
      if (quote.ok) counts.quotes += 1
    }
    const tenders = [{ type: random.happens(0.8) ? 'card' : 'cash', amount: total }]
    const told = await this.#write('/v1/sales', { ...member, lines, tenders })
    // Joined where the network is cut, and not known here yet: sold all the same, as to a guest.
    if (!told.ok && told.refused === 'member_not_found') return this.#sell(undefined)
    const id = receiptId(told)
    if (!told.ok || id === undefined) return 0
    counts.sales += 1
    if (person === undefined) return 0
    rememberSale(person, { id, store, lines })
    this.#collectVouchers(person, told.body)
    const balance = fieldOf(fieldOf(told.body, 'member'), 'balance')
    return typeof balance === 'number' ? balance : 0
  }

  /** Brings back one line of an earlier visit to this store, or of another store's. */
  async #giveBack(person: Person): Promise<void> {
    const { random, counts, store } = this.#options
    const sale = person.sales.splice(random.below(person.sales.length), 1)[0]
    const line = sale === undefined ? 0 : random.below(sale.lines.length)
    const sold = sale?.lines[line]
    if (sale === undefined || sold === undefined) return
    const elsewhere = sale.store === store ? {} : { member: person.id }
    const lines = [{ sale: sale.id, line, sku: sold.sku, quantity: sold.quantity, amount: sold.amount }]
    if ((await this.#write('/v1/returns', { ...elsewhere, lines })).ok) counts.returns += 1
  }

  async #redeem(person: Person): Promise<void> {
    const { random, counts } = this.#options
    const told = await this.#call(`/v1/perks?member=${person.id}`)
    const perks = told.ok ? fieldOf(told.body, 'perks') : undefined
    const open = (Array.isArray(perks) ? perks : []).filter((perk) => fieldOf(perk, 'available') === true)
    const perk = fieldOf(open[random.below(open.length)], 'id')
    if (perk === undefined) return
    const atOnce = random.happens(0.5)
    const first = await this.#write('/v1/redemptions', { member: person.id, perk, capture: atOnce })
    if (!first.ok) return
    const id = fieldOf(fieldOf(first.body, 'redemption'), 'id')
    const settled =
      atOnce || typeof id !== 'string'
        ? first
        : await this.#write(`/v1/redemptions/${id}/${random.happens(0.8) ? 'capture' : 'cancel'}`, {})
    if (!settled.ok) return
    counts.redeemed += 1
    this.#collectVouchers(person, settled.body)
  }

  async #useVoucher(person: Person): Promise<void> {
    const code = person.vouchers.shift()
    if (code === undefined) return
    const told = await this.#write(`/v1/vouchers/${code}/use`, {})
    if (told.ok) this.#options.counts.vouchersUsed += 1
  }

  #collectVouchers(person: Person, body: unknown): void {
    const vouchers = fieldOf(body, 'vouchers')
    for (const voucher of Array.isArray(vouchers) ? vouchers : []) {
      const code = fieldOf(voucher, 'code')
      if (typeof code === 'string' && !person.vouchers.includes(code)) person.vouchers.push(code)
    }
  }

  async #write(path: string, body: object): Promise<Outcome> {
    const told = await this.#call(path, { method: 'POST', body, key: randomUUID() })
    if (told.ok && fieldOf(told.body, 'status') === 'provisional') this.#options.counts.provisional += 1
    return told
  }

  async #call(path: string, request: Ask = {}): Promise<Outcome> {
    const { url, token, counts, signal } = this.#options
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      try {
        const { status, body } = await ask(url + path, { ...request, token })
        if (status < 300) return { ok: true, body }
        if (status < 500) {
          const refused = codeOf(body) ?? String(status)
          counts.refused.set(refused, (counts.refused.get(refused) ?? 0) + 1)
          return { ok: false, refused }
        }
      } catch {
        // No answer: whether the store has it is not known, the same key asks again.
      }
      if (Date.now() > deadline || signal.aborted) {
        counts.unanswered += 1
        return { ok: false, refused: null }
      }
      await wait(RETRY_MS, undefined, { signal })
    }
  }
}

function receiptId(told: Outcome): string | undefined {
  const id = told.ok ? fieldOf(fieldOf(told.body, 'receipt'), 'id') : undefined
  return typeof id === 'string' ? id : undefined
}
