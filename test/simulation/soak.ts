// The long run: `npm run soak -- --minutes N | --worlds N [--seed S] [--operations N] [--cores N]`: one world after the other, each from the next seed, until the time is
// over or all were lived, on one core or on several; every terminal wants N operations. Tells its seed first and its progress; the first world in which something is found
// ends it, with the smallest plan that still shows it, kept as a regression. What is counted is told in README.md.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assert } from '../../protocol/result.ts'
import { foundIn } from './auditor.ts'
import { rawOperationsPerSecond } from './ceiling.ts'
import { HandGone, Hands } from './hands.ts'
import { isClean, live } from './live.ts'
import type { Lived } from './lived.ts'
import { planOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { smallest } from './shrinking.ts'

const REGRESSIONS = join(import.meta.dirname, '../regressions')
const TELL_MS = 10_000
const EXIT_FOUND = 1
/** As of one that hangs in this process. */
const EXIT_GONE = 137
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    worlds: { type: 'string' },
    seed: { type: 'string' },
    operations: { type: 'string', default: '100' },
    cores: { type: 'string', default: '1' },
  },
})
const write = (line: string): void => void process.stdout.write(`${line}\n`)
const first = Number(values.seed ?? process.env.SEED ?? '1')
const perTerminal = Number(values.operations)
const cores = Number(values.cores)
assert(
  Number.isInteger(cores) && cores >= 1 && cores <= availableParallelism(),
  `--cores is 1 to ${availableParallelism()} here`,
)
const began = Date.now()
const until = values.worlds === undefined ? began + Number(values.minutes) * 60_000 : Infinity
const seedEnd = first + Number(values.worlds ?? 'Infinity')
const histories = createHash('sha1')
/** Of worlds with an earlier one that is still lived. */
const early = new Map<number, string>()
const sums = { worlds: 0, operations: 0, calls: 0, events: 0, strikes: 0 }
let seedNext = first
let seedTold = first
let told = began
let found: number | undefined
/** Of the last line. */
let before = { operations: 0, processorUs: 0 }

write(
  `SEED=${first}, ${perTerminal} operations a terminal, ${values.worlds === undefined ? `${values.minutes} minutes` : `${values.worlds} worlds`}${cores === 1 ? '' : `, ${cores} cores`}`,
)
const hands = new Hands(cores, perTerminal)
try {
  await hands.work(next, take)
} catch (cause) {
  if (!(cause instanceof HandGone)) throw cause
  if (found === undefined) {
    write(cause.message)
    process.exit(EXIT_GONE)
  }
}
if (found !== undefined) await fail(planOf(found, { perTerminal }))
write(`nothing found: ${progress(seedNext - 1)}`)
write(`history of ${sums.worlds} worlds: ${histories.digest('hex').slice(0, 12)}`)
write(
  `raw better-sqlite3 in memory, two rows with a key and two commits an operation: ${rawOperationsPerSecond()} operations/s of processor time`,
)

function next(): number | undefined {
  return found === undefined && Date.now() < until && seedNext < seedEnd ? seedNext++ : undefined
}

function take({ seed, clean, history, operations, calls, events, strikes }: Lived): void {
  if (!clean) {
    found ??= seed
    // What others live is not waited for.
    hands.dismiss()
  }
  early.set(seed, history)
  for (let of = early.get(seedTold); of !== undefined; of = early.get(++seedTold)) {
    histories.update(of)
    early.delete(seedTold)
  }
  sums.worlds += 1
  sums.operations += operations
  sums.calls += calls
  sums.events += events
  sums.strikes += strikes
  if (Date.now() - told < TELL_MS) return
  told = Date.now()
  write(`${progress(seed)}, lately ${lately()} operations/s`)
}

/** Of processor time, of all cores together: what else the machine does says nothing about us. */
function progress(seed: number): string {
  const perSecond = (count: number): number => Math.round((count * 1e6) / hands.processorUs)
  return (
    `SEED=${seed}: ${sums.worlds} worlds, ${sums.operations} operations (${perSecond(sums.operations)}/s of processor time), ` +
    `${sums.calls} calls (${perSecond(sums.calls)}/s), ${sums.events} events (${perSecond(sums.events)}/s), ${sums.strikes} strikes, ${Math.round((Date.now() - began) / 1000)} s`
  )
}

/** Operations a second since the line before: the first seconds compile the code. */
function lately(): number {
  const now = { operations: sums.operations, processorUs: hands.processorUs }
  const perSecond = ((now.operations - before.operations) * 1e6) / (now.processorUs - before.processorUs)
  before = now
  return Math.round(perSecond)
}

async function fail(plan: Plan): Promise<never> {
  write(`SEED=${plan.seed}: found something, looking for the smallest plan that shows it`)
  const small = await smallest(plan, async (candidate) => !isClean(await live(candidate)))
  const sentences = foundIn((await live(small)).findings)
  for (const sentence of sentences.slice(0, 20)) write(`  ${sentence}`)
  mkdirSync(REGRESSIONS, { recursive: true })
  const path = join(REGRESSIONS, `seed-${small.seed}.json`)
  writeFileSync(path, `${JSON.stringify({ found: sentences.slice(0, 3), plan: small }, null, 2)}\n`)
  write(`kept as ${path}`)
  process.exit(EXIT_FOUND)
}
