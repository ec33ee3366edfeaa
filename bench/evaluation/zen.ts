// GoRules ZEN (Rust, through its Node binding) with one decision table of all perks, hit policy `collect`: a row per perk, its points by an expression.
// Two layouts (a column per fact; one column with a row's whole condition) and three ways to ask (one sale at a time; many at once; many in one
// call, the table in `loop` mode) are tried on the sales themselves, and the quickest is the peer.
import type { ZenDecision } from '@gorules/zen-engine'
import { wallSeconds } from '../bench.ts'
import { plainPerks } from './input.ts'
import type { PlainPerk } from './input.ts'
import type { Peer, PeerRun } from './peer.ts'
import { selectionOf, sumsOf } from './sums.ts'

type Sums = Readonly<Record<string, number>>
type Row = Readonly<Record<string, string>>

const IN_FLIGHT = 64
const TRIED_SALES = 256
const TRIES = 3
const DAY_AFTER_ALL = 100_000

/** What must hold, as (fact, comparison). */
function testsOf(perk: PlainPerk): [fact: string, comparison: string][] {
  const { minimum, startDay, endDay, tierFloor } = perk
  const tests: [string, string][] = [[`amount_${selectionOf(perk)}`, `>= ${minimum}`]]
  if (startDay > -Infinity || endDay < Infinity)
    tests.push(['day', `[${Math.max(startDay, 0)}..${Math.min(endDay, DAY_AFTER_ALL)}]`])
  if (tierFloor > 0) tests.push(['lifetime', `>= ${tierFloor}`])
  return tests
}

function pointsText(perk: PlainPerk): string {
  const { award } = perk
  const selection = selectionOf(perk)
  if (award.kind === 'per_item') return `floor(quantity_${selection} / 1000) * ${award.points}`
  if (award.kind === 'fixed') return `${award.points}`
  const half = award.rounding === 'half_up' ? award.unit / 2 : 0
  return `floor((amount_${selection} * ${award.points} + ${half}) / ${award.unit})`
}

interface Table {
  readonly inputs: readonly Readonly<Record<string, string>>[]
  readonly rules: readonly Row[]
}

function byColumns(perks: readonly PlainPerk[]): Table {
  const facts = [...new Set(perks.flatMap((perk) => testsOf(perk).map(([fact]) => fact)))]
  return {
    inputs: facts.map((fact) => ({ id: `in_${fact}`, name: fact, field: fact })),
    rules: perks.map((perk, index) => ({
      _id: `row${index}`,
      ...Object.fromEntries(facts.map((fact) => [`in_${fact}`, ''])),
      ...Object.fromEntries(testsOf(perk).map(([fact, comparison]) => [`in_${fact}`, comparison])),
      points: pointsText(perk),
    })),
  }
}

/** A column without a field holds whole conditions. */
function byCondition(perks: readonly PlainPerk[]): Table {
  return {
    inputs: [{ id: 'condition', name: 'condition' }],
    rules: perks.map((perk, index) => ({
      _id: `row${index}`,
      condition: testsOf(perk)
        .map(([fact, comparison]) =>
          comparison.startsWith('[') ? `${fact} in ${comparison}` : `${fact} ${comparison}`,
        )
        .join(' and '),
      points: pointsText(perk),
    })),
  }
}

function decisionOf({ inputs, rules }: Table, loops: boolean): object {
  const node = (id: string, type: string, content?: object) => ({
    id,
    name: id,
    type,
    position: { x: 0, y: 0 },
    ...(content === undefined ? {} : { content }),
  })
  const each = loops ? { inputField: 'sales', executionMode: 'loop', passThrough: false } : {}
  const outputs = [{ id: 'points', name: 'points', field: 'points' }]
  return {
    nodes: [
      node('start', 'inputNode'),
      node('table', 'decisionTableNode', { hitPolicy: 'collect', inputs, outputs, rules, ...each }),
      node('end', 'outputNode'),
    ],
    edges: [
      { id: 'e1', type: 'edge', sourceId: 'start', targetId: 'table' },
      { id: 'e2', type: 'edge', sourceId: 'table', targetId: 'end' },
    ],
  }
}

/** The table's answer: an object per row that applied. */
function sumOf(rows: unknown): number {
  let points = 0
  for (const row of rows as { readonly points: number }[]) points += row.points
  return points
}

async function oneByOne(decision: ZenDecision, sums: readonly Sums[]): Promise<number[]> {
  const points: number[] = []
  for (const one of sums) points.push(sumOf((await decision.evaluate(one)).result))
  return points
}

async function atOnce(decision: ZenDecision, sums: readonly Sums[]): Promise<number[]> {
  const points: number[] = []
  for (let from = 0; from < sums.length; from += IN_FLIGHT) {
    const part = sums.slice(from, from + IN_FLIGHT).map((one) => decision.evaluate(one))
    for (const { result } of await Promise.all(part)) points.push(sumOf(result))
  }
  return points
}

async function inBatches(decision: ZenDecision, sums: readonly Sums[]): Promise<number[]> {
  const points: number[] = []
  const batches: Promise<{ readonly result: unknown }>[] = []
  for (let from = 0; from < sums.length; from += IN_FLIGHT)
    batches.push(decision.evaluate({ sales: sums.slice(from, from + IN_FLIGHT) }))
  for (const { result } of await Promise.all(batches)) points.push(...(result as unknown[]).map(sumOf))
  return points
}

const WAYS = [
  { name: 'one at a time', loops: false, ask: oneByOne },
  { name: `${IN_FLIGHT} at once`, loops: false, ask: atOnce },
  { name: `${IN_FLIGHT} in a call, calls at once`, loops: true, ask: inBatches },
]

/** The least of a few tries, in milliseconds: the way is to be judged, not the machine. */
async function leastMs(run: PeerRun): Promise<number> {
  let least = Infinity
  for (let round = 0; round < TRIES; round++) {
    const start = performance.now()
    await run()
    least = Math.min(least, performance.now() - start)
  }
  return least
}

export const zen: Peer = {
  name: 'GoRules ZEN 0.54',
  sales: 5_000,
  evaluates: 'perks only, stateless, sums precomputed, all its threads',
  seconds: wallSeconds,
  aim: 40,
  async missing() {
    try {
      await import('@gorules/zen-engine')
      return undefined
    } catch (cause) {
      return `its package cannot be loaded here: ${cause instanceof Error ? cause.message : String(cause)}`
    }
  },
  async prepare(document, sales) {
    const { ZenEngine } = await import('@gorules/zen-engine')
    const engine = new ZenEngine()
    const perks = plainPerks(document)
    const sums = sumsOf(perks, sales)
    const tables = [
      { layout: 'a column per fact', table: byColumns(perks) },
      { layout: 'a column of conditions', table: byCondition(perks) },
    ]
    let best: { ms: number; run: PeerRun; way: string } | undefined
    for (const { layout, table } of tables) {
      for (const { name, loops, ask } of WAYS) {
        const decision = engine.createDecision(decisionOf(table, loops))
        const ms = await leastMs(() => ask(decision, sums.slice(0, TRIED_SALES)))
        if (best === undefined || ms < best.ms)
          best = { ms, run: () => ask(decision, sums), way: `${layout}, ${name}` }
      }
    }
    if (best === undefined) throw new Error('ZEN was asked in no way')
    return best
  },
}
