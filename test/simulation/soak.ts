// The long run: `npm run soak -- --minutes N | --worlds N [--seed S] [--operations N]`: one world after the other, each from the next seed, until the time is
// over or all were lived; every terminal wants N operations. Tells its seed first and its progress; the first world in which something is found ends it, with the smallest plan that still
// shows it, kept as a regression. What is counted is told in README.md.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { foundIn } from './auditor.ts'
import { rawOperationsPerSecond } from './ceiling.ts'
import { isClean, live } from './live.ts'
import { planOf } from './plan.ts'
import type { Plan } from './plan.ts'
import { smallest } from './shrinking.ts'

const REGRESSIONS = join(import.meta.dirname, '../regressions')
const TELL_MS = 10_000
const EXIT_FOUND = 1
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    worlds: { type: 'string' },
    seed: { type: 'string' },
    operations: { type: 'string', default: '100' },
  },
})
const write = (line: string): void => void process.stdout.write(`${line}\n`)
const first = Number(values.seed ?? process.env.SEED ?? '1')
const perTerminal = Number(values.operations)
const began = Date.now()
const until = values.worlds === undefined ? began + Number(values.minutes) * 60_000 : Infinity
const worldsMax = Number(values.worlds ?? 'Infinity')
const histories = createHash('sha1')
const sums = { worlds: 0, operations: 0, calls: 0, events: 0, strikes: 0 }
let told = began
/** Of the last line. */
let before = { operations: 0, processorUs: 0 }

write(
  `SEED=${first}, ${perTerminal} operations a terminal, ${values.worlds === undefined ? `${values.minutes} minutes` : `${values.worlds} worlds`}`,
)
for (let seed = first; Date.now() < until && sums.worlds < worldsMax; seed++) {
  const plan = planOf(seed, { perTerminal })
  const life = await live(plan)
  if (!isClean(life)) await fail(plan)
  histories.update(life.history)
  sums.worlds += 1
  sums.operations += life.operations
  sums.calls += life.calls
  sums.events += life.events
  sums.strikes += Object.values(life.happened).reduce((sum, count) => sum + count, 0)
  if (Date.now() - told < TELL_MS) continue
  told = Date.now()
  write(`${progress(seed)}, lately ${lately()} operations/s`)
}
write(`nothing found: ${progress(first + sums.worlds - 1)}`)
write(`history of ${sums.worlds} worlds: ${histories.digest('hex').slice(0, 12)}`)
write(
  `raw better-sqlite3 in memory, two rows with a key and two commits an operation: ${rawOperationsPerSecond()} operations/s of processor time`,
)

/** Of processor time: what else the machine does says nothing about us. */
function progress(seed: number): string {
  const perSecond = (count: number): number => Math.round((count * 1e6) / processorUs())
  return (
    `SEED=${seed}: ${sums.worlds} worlds, ${sums.operations} operations (${perSecond(sums.operations)}/s of processor time), ` +
    `${sums.calls} calls (${perSecond(sums.calls)}/s), ${sums.events} events (${perSecond(sums.events)}/s), ${sums.strikes} strikes, ${Math.round((Date.now() - began) / 1000)} s`
  )
}

/** Operations a second since the line before: the first seconds compile the code. */
function lately(): number {
  const now = { operations: sums.operations, processorUs: processorUs() }
  const perSecond = ((now.operations - before.operations) * 1e6) / (now.processorUs - before.processorUs)
  before = now
  return Math.round(perSecond)
}

function processorUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

async function fail(plan: Plan): Promise<never> {
  write(`SEED=${plan.seed}: found something, looking for the smallest plan that shows it`)
  const small = await smallest(plan, async (candidate) => !isClean(await live(candidate)))
  const found = foundIn((await live(small)).findings)
  for (const sentence of found.slice(0, 20)) write(`  ${sentence}`)
  mkdirSync(REGRESSIONS, { recursive: true })
  const path = join(REGRESSIONS, `seed-${small.seed}.json`)
  writeFileSync(path, `${JSON.stringify({ found: found.slice(0, 3), plan: small }, null, 2)}\n`)
  write(`kept as ${path}`)
  process.exit(EXIT_FOUND)
}
