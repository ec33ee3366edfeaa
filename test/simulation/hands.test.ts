// Worlds that other processes live are the worlds that this one would: the same for the same seed, and told whichever process is ready.
import { expect, test } from 'vitest'
import { Hands } from './hands.ts'
import { livedFrom } from './lived.ts'
import type { Lived } from './lived.ts'

const SEEDS = [6, 7, 11]
const PER_TERMINAL = 4

async function livedBy(hands: Hands): Promise<Lived[]> {
  const left = [...SEEDS]
  const told: Lived[] = []
  await hands.work(
    () => left.shift(),
    (lived) => told.push(lived),
  )
  return told.toSorted((a, b) => a.seed - b.seed)
}

test('the same seed is the same run, on one core as on two', { timeout: 60_000 }, async () => {
  const here: Lived[] = []
  for (const seed of SEEDS) here.push(await livedFrom(seed, PER_TERMINAL))
  const hands = new Hands(2, PER_TERMINAL)
  const apart = await livedBy(hands)
  const uncounted = (lived: Lived): unknown => ({ ...lived, processorUs: 0 })
  expect(apart.map(uncounted)).toEqual(here.map(uncounted))
  expect(hands.processorUs).toBeGreaterThan(process.cpuUsage().user)
})
