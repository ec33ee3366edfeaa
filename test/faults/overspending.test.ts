// Canary of figure O: where members really spent what they did not have, and nobody had agreed to risk it, the rigs' count is not zero.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'
import { overspent } from '../rigs/frame/spending.ts'
import type { OfflineRules } from '../rigs/frame/spending.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const RULES: OfflineRules = {
  share_percent: 50,
  redemption_max: 100,
  total_max: 100,
  stores_max: 2,
  risk: { per_member: 100, per_store: 100, per_outage: 100, uses_per_outage: 1 },
}

let directory: ReturnType<typeof freshDirectory>
beforeEach(() => void (directory = freshDirectory()))
afterEach(() => directory.remove())

/** What a store recorded that gave a coffee of 100 points to a member with `granted`. */
async function afterACoffee(granted: number): Promise<Awaited<ReturnType<typeof overspent>>> {
  const cloud = new CloudCore(directory.path, { now: () => T0 + 3_600_000 })
  await cloud.found({ ...SMALL_PROGRAM, offline: RULES })
  const store = await cloud.addStore()
  const member = store.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  store.grant({ at: T0 + 1, member }, granted)
  store.redeem({ at: T0 + 2, member }, COFFEE, 100, 0)
  await cloud.ingest.submit(store.origin, store.batch())
  await cloud.store.close()
  return overspent(directory.path, RULES)
}

test('a balance below zero that nobody had agreed to risk is counted, and told', async () => {
  const { O, deficit, faults } = await afterACoffee(20)
  expect(deficit).toBeGreaterThan(0)
  expect(O).toBeGreaterThanOrEqual(deficit)
  expect(faults.join()).toContain('nobody allowed')
})

test('who spends what the member has is nothing of it; that no authority stood behind it is told', async () => {
  const { O, deficit, faults } = await afterACoffee(500)
  expect([O, deficit]).toEqual([0, 0])
  expect(faults.join()).toContain('nobody allowed')
})
