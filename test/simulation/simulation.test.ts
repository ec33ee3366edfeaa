// Several stores, a cloud and a hostile world, from one seed: after the healing every acknowledged operation is counted once, every balance is the
// canonical fold, and every edge agrees with the cloud. SEED=n repeats a run; RUNS=n makes more; `npm run soak` makes many.
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { foundIn } from './auditor.ts'
import { live } from './live.ts'
import { USUAL_STRIKES, eventsMaxOf, planOf } from './plan.ts'
import { smallest } from './shrinking.ts'

const SEED = Number(process.env.SEED ?? '9')
const RUNS = Number(process.env.RUNS ?? '12')
const SIZE = { perTerminal: 160, operationsMax: 160 }

test(
  'L-2 K-2 M-1 I-2 I-3 N-3 P-LEASE-3 P-LEASE-6 whatever breaks, nothing is lost, nothing counts twice, nothing is overspent at any step, all agree',
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
    expect(kinds.size).toBeGreaterThanOrEqual(7)
    if (RUNS >= 12) expect([...happened].toSorted()).toEqual(USUAL_STRIKES.toSorted())
  },
)

test('the same seed is the same run, with connections kept from earlier worlds as with files and signatures of its own', async () => {
  const plan = planOf(SEED, SIZE)
  const [kept, real] = [await live({ ...plan, real: false }), await live({ ...plan, real: true })]
  expect(real).toEqual(kept)
  expect(kept.events).toBeGreaterThan(kept.operations)
})

test('a world that does not end is told at its bound, with what repeats and where it comes from', async () => {
  const plan = { ...planOf(SEED, SIZE), stores: 1, terminalsPerStore: 2, operationsPerTerminal: 1 }
  const { findings, events } = await live({ ...plan, bug: 'timer without rest' })
  expect(events).toBeGreaterThan(eventsMaxOf(plan))
  expect(findings.stuck).toEqual([
    expect.stringMatching(
      /^does not end: 30100 events, .* of 1000 after them \d{3} × store 1: timer set by restless \(test\/simulation\/store-node\.ts:\d+\);/,
    ),
  ])
})

/** In a process of its own, which it ends. */
const HANGS = `
  const { watchForHangs } = await import(${JSON.stringify(import.meta.resolve('./hang-watch.ts'))})
  watchForHangs(77, 300)
  function turnsForEver() { for (;;); }
  setTimeout(turnsForEver, 1)
`

test('code that turns for ever is told with the seed and its place, and its process is ended', () => {
  const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', HANGS], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(stderr).toMatch(
    /^SEED=77: hangs: no event for 0\.3 s after 0; the main thread is at\s+turnsForEver \(/m,
  )
  expect(signal).toBe('SIGKILL')
})

test('a failing plan is made smaller while it fails', async () => {
  const plan = planOf(SEED, SIZE)
  const small = await smallest(plan, async ({ stores, strikes }) => stores >= 1 && strikes['disk lost'] >= 0)
  expect([small.stores, small.terminalsPerStore, small.operationsPerTerminal]).toEqual([1, 1, 1])
  expect(Object.values(small.strikes).filter((weight) => weight > 0)).toHaveLength(1)
})
