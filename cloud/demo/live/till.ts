// One simulated till of the demo: visits at a human pace, each a few calls through the terminal's kit, as a real till would make them. What a
// store refuses (a voucher used already, spending while the cloud is out of reach) is part of the show: counted by its code, never hidden.
import { setTimeout as wait } from 'node:timers/promises'
import { TerminalClient } from '../../../edge/kit/terminal-client.ts'
import type { CallQuote, CallReceipt, Outcome } from '../../../edge/kit/terminal-client.ts'
import type { Random } from '../random.ts'
import { drawBasket } from './catalogue.ts'
import { rememberSale } from './crowd.ts'
import type { Crowd, Person } from './crowd.ts'
import { POINTS_AS_MONEY } from './program.ts'

const GAP_MS_MEAN = 900
const GAP_MS_MAX = 4_000

export interface TillCounts {
  sales: number
  returns: number
  joined: number
  checkins: number
  redeemed: number
  /** Of them, out of leases while the cloud was out of reach. */
  redeemedOffline: number
  /** Minor units paid with points. */
  paidInPoints: number
  vouchersUsed: number
  quotes: number
  provisional: number
  /** Kept by the till until its store node answered again, and no answer at all. */
  waited: number
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
    redeemedOffline: 0,
    paidInPoints: 0,
    vouchersUsed: 0,
    quotes: 0,
    provisional: 0,
    waited: 0,
    unanswered: 0,
    refused: new Map(),
  }
}

export interface TillOptions {
  readonly store: number
  readonly url: string
  readonly token: string
  /** The till's own disk. */
  readonly directory: string
  readonly crowd: Crowd
  readonly random: Random
  readonly counts: TillCounts
  readonly signal: AbortSignal
}

export class Till {
  readonly #options: TillOptions
  readonly #terminal: TerminalClient

  constructor(options: TillOptions) {
    this.#options = options
    const { url, token, directory } = options
    this.#terminal = new TerminalClient({ url, token, directory })
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
    } finally {
      await this.#terminal.close()
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
    ] as const
    const told = await this.#answer(this.#terminal.write('enrolment', { name, identities }))
    if (told === undefined) return undefined
    counts.joined += 1
    return crowd.join(told.receipt.id, phone)
  }

  async #checkin(person: Person): Promise<void> {
    const told = await this.#answer(this.#terminal.write('checkin', { member: phoneOf(person) }))
    if (told !== undefined) this.#options.counts.checkins += 1
  }

  /** The member's balance after it, 0 where the answer names none. */
  async #sell(person: Person | undefined): Promise<number> {
    const { random, counts, store } = this.#options
    const lines = drawBasket(random)
    const member = person === undefined ? {} : { member: phoneOf(person) }
    const total = lines.reduce((sum, { amount }) => sum + amount, 0)
    const quote = random.happens(0.25)
      ? await this.#answer(this.#terminal.quote({ ...member, lines }))
      : undefined
    if (quote !== undefined) counts.quotes += 1
    const off =
      person === undefined || quote === undefined ? 0 : await this.#payInPoints(person, lines, quote)
    const tenders = [
      { type: random.happens(0.8) ? 'card' : 'cash', amount: total - off },
      ...(off > 0 ? [{ type: 'points', amount: off }] : []),
    ]
    const told = await this.#terminal.write('sale', { ...member, lines, tenders })
    // Joined where the network is cut, and not known here yet: sold all the same, as to a guest.
    if (told.is === 'refused' && told.refusal.code === 'member_not_found') return this.#sell(undefined)
    const receipt = this.#count(told)
    if (receipt === undefined) return 0
    counts.sales += 1
    if (person === undefined) return 0
    rememberSale(person, { id: receipt.receipt.id, store, lines })
    collectVouchers(person, receipt)
    return receipt.member?.balance ?? 0
  }

  /** What the quote offers off this basket for points; 0: nothing, or the member keeps them. */
  async #payInPoints(
    person: Person,
    lines: ReturnType<typeof drawBasket>,
    { offers }: CallQuote,
  ): Promise<number> {
    const { random, counts } = this.#options
    const offer = offers.find(({ discount }) => discount !== null)
    if (offer === undefined || random.happens(0.5)) return 0
    const { perk, points } = offer
    const asked = { member: person.id, perk, points, basket: { lines }, capture: true }
    const off = (await this.#answer(this.#terminal.write('redemption', asked)))?.redemption?.discount ?? 0
    if (off > 0) {
      counts.redeemed += 1
      counts.paidInPoints += off
    }
    return off
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
    const told = await this.#answer(this.#terminal.write('return', { ...elsewhere, lines }))
    if (told !== undefined) counts.returns += 1
  }

  async #redeem(person: Person): Promise<void> {
    const { random, counts } = this.#options
    const told = await this.#answer(this.#terminal.perks(person.id))
    // Points as money need a basket: they are taken while something is sold.
    const open = told?.perks.filter(({ available, id }) => available && id !== POINTS_AS_MONEY) ?? []
    const perk = open[random.below(open.length)]?.id
    if (perk === undefined) return
    const atOnce = random.happens(0.5)
    const first = await this.#answer(
      this.#terminal.write('redemption', { member: person.id, perk, capture: atOnce }),
    )
    if (first?.redemption === undefined) return
    const redemption = first.redemption.id
    const settle = random.happens(0.8) ? 'redemption_capture' : 'redemption_cancel'
    const settled = atOnce ? first : await this.#answer(this.#terminal.write(settle, { redemption }))
    if (settled === undefined) return
    counts.redeemed += 1
    if (first.redemption.authority !== 'cloud') counts.redeemedOffline += 1
    collectVouchers(person, settled)
  }

  async #useVoucher(person: Person): Promise<void> {
    const code = person.vouchers.shift()
    if (code === undefined) return
    const told = await this.#answer(this.#terminal.write('voucher_use', { code }))
    if (told !== undefined) this.#options.counts.vouchersUsed += 1
  }

  async #answer<T>(call: Promise<Outcome<T>>): Promise<T | undefined> {
    return this.#count(await call)
  }

  /** The answer; anything else is counted. */
  #count<T>(told: Outcome<T>): T | undefined {
    const { counts } = this.#options
    switch (told.is) {
      case 'answered':
        if ((told.answer as Partial<CallReceipt>).status === 'provisional') counts.provisional += 1
        return told.answer
      case 'refused': {
        const { code } = told.refusal
        counts.refused.set(code, (counts.refused.get(code) ?? 0) + 1)
        return undefined
      }
      case 'waiting':
        counts.waited += 1
        return undefined
      case 'unanswered':
        counts.unanswered += 1
        return undefined
    }
  }
}

const phoneOf = ({ phone }: Person) => ({ kind: 'phone', value: phone }) as const

function collectVouchers(person: Person, { vouchers }: CallReceipt): void {
  for (const { code } of vouchers) if (!person.vouchers.includes(code)) person.vouchers.push(code)
}
