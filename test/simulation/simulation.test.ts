// Several stores, a cloud and a hostile world, from one seed: after the healing every acknowledged operation is counted once, every balance is the
// canonical fold, and every edge agrees with the cloud. SEED=n repeats a run; RUNS=n makes more; `npm run soak` makes many.
import { expect, test } from 'vitest'
import { foundIn } from './auditor.ts'
import { live } from './live.ts'
import { USUAL_STRIKES, planOf } from './plan.ts'
import { smallest } from './shrinking.ts'

const SEED = Number(process.env.SEED ?? '9')
const RUNS = Number(process.env.RUNS ?? '12')
const SIZE = { perTerminal: 160, operationsMax: 160 }

test(
  'L-2 K-2 M-1 I-2 I-3 N-3 P-LEASE-3 whatever breaks, nothing is lost, nothing counts twice, nothing is overspent at any step, all agree',
  { timeout: 120_000 },
  async () => {
    const happened = new Set<string>()
    const kinds = new Set<string>()
    for (let seed = SEED; seed < SEED + RUNS; seed++) {
      const life = await live(planOf(seed, SIZE))
      expect(foundIn(life.findings), `SEED=${seed}`).toEqual([])
      expect(life.audits, `SEED=${seed}`).toBeGreaterThan(0)
      for (const strike of Object.keys(life.happened)) happened.add(strike)
      for (const kind of life.kinds) kinds.add(kind)
    }
    expect(kinds.size).toBeGreaterThanOrEqual(6)
    if (RUNS >= 12) expect([...happened].toSorted()).toEqual(USUAL_STRIKES.toSorted())
  },
)

test('the same seed is the same run, with connections kept from earlier worlds as with files and signatures of its own', async () => {
  const plan = planOf(SEED, SIZE)
  const [kept, real] = [await live({ ...plan, real: false }), await live({ ...plan, real: true })]
  expect(real).toEqual(kept)
  expect(kept.events).toBeGreaterThan(kept.operations)
})

test('a failing plan is made smaller while it fails', async () => {
  const plan = planOf(SEED, SIZE)
  const small = await smallest(plan, async ({ stores, strikes }) => stores >= 1 && strikes['disk lost'] >= 0)
  expect([small.stores, small.terminalsPerStore, small.operationsPerTerminal]).toEqual([1, 1, 1])
  expect(Object.values(small.strikes).filter((weight) => weight > 0)).toHaveLength(1)
})
