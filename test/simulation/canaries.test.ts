// Every planted bug is hunted for in fresh worlds (`npm run test:long`); the smallest plan that shows each runs in `npm test`, from test/regressions.
import { expect, test } from 'vitest'
import { live } from './live.ts'
import { BUGS, BUG_NAMES, planOf } from './plan.ts'
import { smallest } from './shrinking.ts'

const SEED = Number(process.env.SEED ?? '7')
const SIZE = { perTerminal: 160, operationsMax: 160 }
/** Worlds in which a planted bug may stay unseen: not every world gives it an occasion. */
const WORLDS_MAX = 60

test.each(BUG_NAMES)('canary: "%s" is found out', { timeout: 240_000 }, async (bug) => {
  const found: string[] = []
  for (let seed = SEED; seed < SEED + WORLDS_MAX && found.length === 0; seed++)
    found.push(...(await live(planOf(seed, SIZE, bug))).findings[BUGS[bug]])
  expect(found.length).toBeGreaterThan(0)
})

test('a world that does not end is made smaller as any other that fails', { timeout: 120_000 }, async () => {
  const plan = planOf(SEED, SIZE, 'timer without rest')
  const small = await smallest(plan, async (candidate) => (await live(candidate)).findings.stuck.length > 0)
  expect([small.stores, small.terminalsPerStore, small.operationsPerTerminal]).toEqual([1, 1, 1])
})
