// json-rules-engine 7 with one rule per perk. It finds the perks that apply; what they give is added up from its events, since it has no arithmetic.
import { Engine } from 'json-rules-engine'
import type { TopLevelCondition } from 'json-rules-engine'
import { cpuSeconds } from '../bench.ts'
import { plainPerks } from './input.ts'
import type { PlainPerk } from './input.ts'
import type { Peer } from './peer.ts'
import { selectionOf, sumsOf } from './sums.ts'

interface Given {
  readonly selection: string
  readonly award: PlainPerk['award']
}

function conditionsOf(perk: PlainPerk): TopLevelCondition {
  const { minimum, startDay, endDay, tierFloor } = perk
  const atLeast = (fact: string, value: number) => ({ fact, operator: 'greaterThanInclusive', value })
  return {
    all: [
      atLeast(`amount_${selectionOf(perk)}`, minimum),
      ...(startDay > -Infinity ? [atLeast('day', startDay)] : []),
      ...(endDay < Infinity ? [{ fact: 'day', operator: 'lessThanInclusive', value: endDay }] : []),
      ...(tierFloor > 0 ? [atLeast('lifetime', tierFloor)] : []),
    ],
  }
}

function pointsOf({ selection, award }: Given, facts: Readonly<Record<string, number>>): number {
  if (award.kind === 'per_item')
    return Math.floor((facts[`quantity_${selection}`] ?? 0) / 1000) * award.points
  if (award.kind === 'fixed') return award.points
  const product = (facts[`amount_${selection}`] ?? 0) * award.points
  return Math.floor((award.rounding === 'half_up' ? product + award.unit / 2 : product) / award.unit)
}

export const rulesEngine: Peer = {
  name: 'json-rules-engine 7',
  sales: 1_000,
  evaluates: 'perks only, stateless, sums precomputed',
  seconds: cpuSeconds,
  aim: 450,
  prepare(document, sales) {
    const engine = new Engine([], { allowUndefinedFacts: true })
    const perks = plainPerks(document)
    for (const perk of perks) {
      const params: Given = { selection: selectionOf(perk), award: perk.award }
      engine.addRule({ conditions: conditionsOf(perk), event: { type: 'earn', params } })
    }
    const sums = sumsOf(perks, sales)
    return {
      run: async () => {
        const points = new Float64Array(sums.length)
        for (const [index, facts] of sums.entries()) {
          const { events } = await engine.run(facts)
          let sum = 0
          // The engine hands an event's params on as they were given above.
          for (const { params } of events) sum += pointsOf(params as unknown as Given, facts)
          points[index] = sum
        }
        return points
      },
    }
  },
}
