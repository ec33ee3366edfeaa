// The loop a good engineer would write by hand for this program: amounts and quantities per category added up once, then one closure per perk, each
// made for its kind of award and conditions. It keeps no state, writes no effects and knows no bonuses.
import type { Sale } from '../../protocol/facts.ts'
import { DAY_MS, millisOf } from '../../protocol/time.ts'
import { cpuSeconds } from '../bench.ts'
import type { PlainPerk } from './input.ts'
import { LIFETIME, plainPerks } from './input.ts'
import type { Peer } from './peer.ts'

type PerkClosure = (amounts: Float64Array, quantities: Float64Array, day: number) => number

function closureOf(perk: PlainPerk, places: ReadonlyMap<string, number>): PerkClosure {
  const { award, minimum, startDay, endDay, tierFloor } = perk
  const { points } = award
  const [first = 0, second] = perk.categories.map((category) => places.get(category) ?? 0)
  if (award.kind === 'per_item')
    return (amounts, quantities) => {
      if ((amounts[first] ?? 0) < minimum) return 0
      return Math.floor((quantities[first] ?? 0) / 1000) * points
    }
  const unit = award.kind === 'per_currency_unit' ? award.unit : 1
  const half = award.kind === 'per_currency_unit' && award.rounding === 'half_up' ? unit / 2 : 0
  const given = (amount: number): number =>
    amount < minimum ? 0 : Math.floor((amount * points + half) / unit)
  if (second !== undefined) return (amounts) => given((amounts[first] ?? 0) + (amounts[second] ?? 0))
  if (tierFloor > 0) return (amounts) => (LIFETIME < tierFloor ? 0 : given(amounts[first] ?? 0))
  if (startDay > -Infinity || endDay < Infinity)
    return (amounts, _, day) => (day < startDay || day > endDay ? 0 : given(amounts[first] ?? 0))
  return (amounts) => {
    const amount = amounts[first] ?? 0
    return amount < minimum ? 0 : Math.floor((amount * points + half) / unit)
  }
}

export const closures: Peer = {
  name: 'hand-written closures',
  sales: 100_000,
  evaluates: 'perks only, stateless, sums in the loop',
  seconds: cpuSeconds,
  aim: 0.4,
  prepare(document, sales) {
    const perks = plainPerks(document)
    const places = new Map(
      [...new Set(perks.flatMap(({ categories }) => categories))].map((c, at) => [c, at]),
    )
    const compiled = perks.map((perk) => closureOf(perk, places))
    const amounts = new Float64Array(places.size)
    const quantities = new Float64Array(places.size)
    const pointsOf = (sale: Sale): number => {
      amounts.fill(0)
      quantities.fill(0)
      for (const { category, amount, quantity } of sale.lines) {
        const place = category === null ? undefined : places.get(category)
        if (place === undefined) continue
        amounts[place] = (amounts[place] ?? 0) + amount
        quantities[place] = (quantities[place] ?? 0) + quantity
      }
      const day = Math.floor(millisOf(sale.at) / DAY_MS)
      let points = 0
      for (const perk of compiled) points += perk(amounts, quantities, day)
      return points
    }
    const points = new Float64Array(sales.length)
    return {
      run: () => {
        for (let at = 0; at < sales.length; at++) {
          const sale = sales[at]
          if (sale !== undefined) points[at] = pointsOf(sale)
        }
        return points
      },
    }
  },
}
