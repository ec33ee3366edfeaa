// How fast is the pure core? Ours evaluates everything: 50 earn perks with categories, minimum amounts, dates, tiers, once-per-day limits; four bonuses
// (two schedules, a date range, a frequency); the state (balance, lifetime, tier, counters) and the effects. The peers find only the points of
// the perks, without a state; that much is compared on each of 1,000 sales before anything is timed. What each side does is in README.md.
import type { Program } from '../cloud/evaluation/compile.ts'
import { compile } from '../cloud/evaluation/compile.ts'
import type { ProgramDocument } from '../cloud/evaluation/document/program.ts'
import type { Sale } from '../protocol/facts.ts'
import type { BenchOptions, Stopwatch } from './bench.ts'
import { inTurns, tell, tellSkipped } from './bench.ts'
import { closures } from './evaluation/closures.ts'
import { elaboratePerk, memberGrowth, programGrowth } from './evaluation/growth.ts'
import { categoriesFor, documentOf, salesOf } from './evaluation/input.ts'
import { lateFacts } from './evaluation/late-facts.ts'
import type { Peer, Prepared } from './evaluation/peer.ts'
import { realFile } from './evaluation/real-file.ts'
import { rulesEngine } from './evaluation/rules-engine.ts'
import { pointsOfNew, rateOf } from './evaluation/stepping.ts'
import { zen } from './evaluation/zen.ts'

const PEERS: readonly Peer[] = [closures, rulesEngine, zen]
const PERKS = 50
const STEPS = 100_000
const COMPARED = 1_000
const ROUNDS = 9
/** In no order of members, as when a history is folded; and over and over, as when a sale is evaluated right after it was decoded. */
const SETS = [
  { name: 'sales from memory', sales: STEPS, members: 10_000 },
  { name: 'sales in cache', sales: 1_000, members: 500 },
]

/** Refuses to time sides that do not compute the same. */
async function compare(peer: Peer, document: ProgramDocument, sales: readonly Sale[]): Promise<void> {
  const ours = pointsOfNew(compile({ ...document, bonuses: [] }), sales)
  const { run } = await peer.prepare(document, sales)
  const theirs = await run()
  for (const [index, points] of ours.entries()) {
    if (points !== theirs[index])
      throw new Error(`${peer.name} gives ${theirs[index]} points on ${sales[index]?.key}, we ${points}`)
  }
}

async function peerRate({ run }: Prepared, seconds: Stopwatch): Promise<number> {
  const start = seconds()
  const { length } = await run()
  return length / (seconds() - start)
}

async function besidePeers(document: ProgramDocument, program: Program): Promise<void> {
  for (const { name, sales: count, members } of SETS) {
    const sales = salesOf(count, members, categoriesFor(PERKS))
    for (const peer of PEERS) {
      const figure = `core beside ${peer.name}: facts per second, ${PERKS} perks, 5 lines, full state and effects, ${name}`
      const missing = await peer.missing?.()
      if (missing !== undefined) {
        tellSkipped('evaluation', figure, missing)
        continue
      }
      await compare(peer, document, sales.slice(0, COMPARED))
      const side = await peer.prepare(document, sales.slice(0, peer.sales))
      const rates = await inTurns(
        () => rateOf(program, sales, members, STEPS, peer.seconds),
        () => peerRate(side, peer.seconds),
        { measured: true, rounds: ROUNDS },
      )
      tell({
        bench: 'evaluation',
        figure,
        ...rates,
        peerName: `${peer.name} (${peer.evaluates})`,
        unit: 'facts/s',
        notes: {
          aim: `1,500,000 facts/s and ${peer.aim} times the peer`,
          ...(side.way === undefined ? {} : { way: side.way }),
          members,
          sales: count,
        },
      })
    }
  }
}

export async function bench({ sales }: BenchOptions): Promise<void> {
  const document = documentOf(PERKS)
  await besidePeers(document, compile(document))
  await programGrowth()
  await elaboratePerk()
  await memberGrowth()
  await lateFacts()
  await realFile(sales)
}
