// Plans that once showed something, made as small as they get, kept for good (`npm run soak` adds to them). A plan with a planted bug must still show it
// (itself or one of the next seeds) and must be clean without it; any other must be clean. An empty folder or a file that cannot be read is a failure: it would prove nothing.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { foundIn } from './auditor.ts'
import { live } from './live.ts'
import { BUGS, BUG_NAMES, STRIKES } from './plan.ts'
import type { Bug, Plan } from './plan.ts'

const FOLDER = join(import.meta.dirname, '../regressions')
const SEEDS_MAX = 40
const files = readdirSync(FOLDER)
const NUMBERS = [
  'seed',
  'stores',
  'terminalsPerStore',
  'operationsPerTerminal',
  'cards',
  'pauseMsMax',
  'beatMs',
  'latencyMsMax',
  'lateMsMax',
  'fateMsMax',
  'callsPerStrike',
] as const

/** Checked field by field: a plan with a hole in it would run another world and be clean. A strike it does not know did not happen in it. */
function planIn(file: string): Plan {
  const { plan: said } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { plan: Partial<Plan> }
  // Terminals of the first plans called at any time, and redeemed one perk.
  const first = { real: false, beatMs: 1, bounded: false }
  // What is a number is looked at below, and strikes are filled in.
  const plan = { ...first, ...said } as Plan
  for (const name of NUMBERS) expect(plan[name], `${file}: ${name}`).toSatisfy(Number.isSafeInteger)
  expect(plan.bug === undefined || plan.bug in BUGS, `${file}: bug`).toBe(true)
  const strikes = Object.fromEntries(STRIKES.map((strike) => [strike, plan.strikes[strike] ?? 0]))
  return { ...plan, strikes: strikes as Plan['strikes'] }
}

test('there is a regression for every planted bug', () => {
  expect(files.every((file) => file.endsWith('.json'))).toBe(true)
  for (const bug of BUG_NAMES)
    expect(
      files.some((file) => planIn(file).bug === bug),
      bug,
    ).toBe(true)
})

test.each(files)('%s', { timeout: 120_000 }, async (file) => {
  const { bug, ...sound } = planIn(file)
  if (bug !== undefined) expect(await seenFrom(sound, bug)).toBe(true)
  expect(foundIn((await live(sound)).findings)).toEqual([])
})

/** Whatever changes in the product changes what chance does in such a small world: the seeds after the plan's own count too. */
async function seenFrom(plan: Plan, bug: Bug): Promise<boolean> {
  for (let seed = plan.seed; seed < plan.seed + SEEDS_MAX; seed++)
    if ((await live({ ...plan, seed, bug })).findings[BUGS[bug]].length > 0) return true
  return false
}
