// Several stores, a cloud and a hostile world, from one seed: after the healing every acknowledged operation is counted once, every balance is the
// canonical fold, and every edge agrees with the cloud. SEED=n repeats a run; RUNS=n makes more.
import { expect, test } from 'vitest'
import { audit } from './auditor.ts'
import type { Findings } from './auditor.ts'
import { World } from './world.ts'
import type { Plan } from './world.ts'

const SEED = Number(process.env.SEED ?? '7')
const RUNS = Number(process.env.RUNS ?? '4')
const NOTHING: Findings = { lost: [], duplicated: [], phantoms: [], balances: [], edges: [] }

async function live(plan: Plan): Promise<{ findings: Findings; world: World }> {
  const world = new World(plan)
  try {
    await world.build()
    await world.time.runUntil(() => world.terminals.every((terminal) => terminal.idle), 24 * 3_600_000)
    await world.heal()
    return { findings: await audit(world), world }
  } finally {
    await world.destroy()
  }
}

test.each(Array.from({ length: RUNS }, (_, n) => SEED + n))(
  'L-2 K-2 M-1 I-2 I-3 N-3 whatever breaks, nothing is lost, nothing counts twice, all agree (SEED=%i)',
  async (seed) => {
    const { findings, world } = await live({ seed, stores: 3, operationsPerTerminal: 40 })
    expect(findings).toEqual(NOTHING)
    const kinds = new Set(world.terminals.flatMap(({ operations }) => operations.map(({ kind }) => kind)))
    expect(kinds.size).toBeGreaterThanOrEqual(5)
    expect(Object.values(world.happened).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(2)
  },
)

test('canary: a cloud that knows no business keys is found out', async () => {
  const found: string[] = []
  for (let seed = SEED; seed < SEED + 6 && found.length === 0; seed++) {
    const { findings } = await live({
      seed,
      stores: 3,
      operationsPerTerminal: 40,
      bug: 'cloud counts keys twice',
    })
    found.push(...findings.duplicated)
  }
  expect(found.length).toBeGreaterThan(0)
})

test('canary: terminals that forget their keys are found out', async () => {
  const { findings } = await live({
    seed: SEED,
    stores: 2,
    operationsPerTerminal: 30,
    bug: 'terminals forget keys',
  })
  expect(findings.duplicated.length).toBeGreaterThan(0)
})
