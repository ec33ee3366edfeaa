// How fast is a step? The same 50 earn perks over the same generated sales of five lines: our core with full state (balance, lots, tiers,
// frequency bonus, effects) against json-rules-engine 7, which only finds and adds up the perks that apply, with the sums per category given to
// it as facts. Both sides' points per sale are compared before anything is timed.
import { Engine } from 'json-rules-engine'
import { compile } from '../cloud/evaluation/compile.ts'
import type { ProgramDocument } from '../cloud/evaluation/document.ts'
import { EffectBuffer } from '../cloud/evaluation/effects.ts'
import { NOTHING_EARLIER } from '../cloud/evaluation/fold.ts'
import { newState } from '../cloud/evaluation/state.ts'
import { step } from '../cloud/evaluation/step.ts'
import type { Sale } from '../protocol/facts.ts'
import { NO_MEMBER } from '../protocol/ids.ts'
import type { FactId, ProgramVersion, RuleId, StoreId } from '../protocol/ids.ts'
import type { Money, Points, Quantity } from '../protocol/numbers.ts'
import { hybridTime } from '../protocol/time.ts'
import type { ZoneOffset } from '../protocol/time.ts'
import { inTurns, tell } from './bench.ts'

const PERKS = 50
const CATEGORIES = 25
const STEPS = 200_000
/**
 * A sale is evaluated right after it was decoded, so its lines are in the processor's cache: that is the small set. The large set does not fit into
 * any cache and shows what waiting for memory costs.
 */
const SETS = [
  { name: 'sales in cache', sales: 1_000, members: 500 },
  { name: 'sales from memory', sales: 100_000, members: 10_000 },
]
/** The rules engine is some hundred times slower: a slice of the sales is enough to know its rate. */
const PEER_SALES = 1_000
const T0 = Date.UTC(2026, 0, 5, 9)

function documentOf(perks: number): ProgramDocument {
  return {
    name: 'Bench',
    currency: 'GBP',
    currency_digits: 2,
    lateness: 'honour',
    goodwill_points_max: 0,
    grant_points_max: 0,
    voucher_secret: 'a secret for benches only',
    tiers: [0, 10_000, 50_000, 200_000].map((point_floor, index) => ({
      id: (index + 1) as RuleId,
      name: `Tier ${index}`,
      point_floor,
    })),
    earn_perks: Array.from({ length: perks }, (_, index) => ({
      id: (100 + index) as RuleId,
      title: `Perk ${index}`,
      type: 'STANDARD' as const,
      award: {
        kind: 'per_currency_unit' as const,
        points: 1 + (index % 3),
        unit: 100,
        rounding: 'floor' as const,
      },
      categories: [`C${index % CATEGORIES}`],
      minimum_amount: 100 * (1 + (index % 5)),
    })),
    bonuses: [
      {
        type: 'FREQUENCY',
        id: 9001 as RuleId,
        title: 'Tenth of a month',
        award: { kind: 'fixed', points: 50 },
        required_to_earn: 10,
        frequency: 'MONTHLY',
      },
    ],
    redeem_perks: [],
  }
}

function salesOf(count: number): Sale[] {
  let state = 42
  const random = (bound: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % bound
  }
  const names = (prefix: string, length: number) => Array.from({ length }, (_, index) => `${prefix}${index}`)
  const [skus, categories] = [names('S', 1000), names('C', CATEGORIES)]
  return Array.from({ length: count }, (_, index): Sale => {
    const lines = Array.from({ length: 5 }, () => ({
      sku: skus[random(1000)] ?? '',
      category: categories[random(CATEGORIES)] ?? '',
      quantity: 1000 as Quantity,
      amount: (100 + random(5000)) as Money,
    }))
    return {
      kind: 'sale',
      id: (2 ** 33 + index + 1) as FactId,
      at: hybridTime(T0 + index * 1000),
      claimed: null,
      offset: 0 as ZoneOffset,
      store: 1 as StoreId,
      terminal: 't',
      key: `k${index}`,
      program: 1 as ProgramVersion,
      member: NO_MEMBER,
      claim: null,
      promised: 0 as Points,
      confirmed: false,
      amount: lines.reduce((sum, line) => sum + line.amount, 0) as Money,
      lines,
      tenders: [],
    }
  })
}

function rulesEngineOf(document: ProgramDocument): Engine {
  const engine = new Engine([], { allowUndefinedFacts: true })
  for (const perk of document.earn_perks) {
    const [category = ''] = perk.categories ?? []
    engine.addRule({
      conditions: {
        all: [
          { fact: `amount_${category}`, operator: 'greaterThanInclusive', value: perk.minimum_amount ?? 0 },
        ],
      },
      event: { type: 'earn', params: { category, points: perk.award.points } },
    })
  }
  return engine
}

async function peerPoints(engine: Engine, sale: Sale): Promise<number> {
  const facts: Record<string, number> = {}
  for (const { category, amount } of sale.lines)
    facts[`amount_${category}`] = (facts[`amount_${category}`] ?? 0) + amount
  const { events } = await engine.run(facts)
  let points = 0
  for (const { params } of events)
    points += Math.floor(((facts[`amount_${params?.category}`] ?? 0) * params?.points) / 100)
  return points
}

export async function bench(): Promise<void> {
  const document = documentOf(PERKS)
  const program = compile(document)
  const sales = salesOf(Math.max(...SETS.map((set) => set.sales)))
  const effects = new EffectBuffer()
  const engine = rulesEngineOf(document)

  for (const sale of sales.slice(0, 200)) {
    effects.clear()
    step(compile({ ...document, bonuses: [] }), newState(), sale, effects, NOTHING_EARLIER)
    const theirs = await peerPoints(engine, sale)
    if (effects.pointsSince(0) !== theirs)
      throw new Error(`the engines disagree: ${effects.pointsSince(0)} and ${theirs}`)
  }

  for (const set of SETS) {
    const chosen = sales.slice(0, set.sales)
    const rates = await inTurns(
      () => {
        const states = Array.from({ length: set.members }, newState)
        for (let index = 0; index < STEPS; index++) {
          const sale = chosen[index % set.sales]
          const state = states[index % set.members]
          if (sale === undefined || state === undefined) continue
          effects.clear()
          step(program, state, sale, effects, NOTHING_EARLIER)
        }
        return STEPS
      },
      async () => {
        for (const sale of chosen.slice(0, PEER_SALES)) await peerPoints(engine, sale)
        return PEER_SALES
      },
    )
    tell({
      bench: 'evaluation',
      figure: `steps per second, 50 perks, 5 lines, full state and effects, ${set.name}`,
      ...rates,
      peerName: 'json-rules-engine 7 (perks only, stateless)',
      unit: 'sales/s',
      notes: { perks: PERKS, members: set.members, sales: set.sales },
    })
  }
}
