// Words of HQ that belong together (E-CLAW-2): one commit, or nothing.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HqFacts } from '../../cloud/domain/hq-facts.ts'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { program } from '../tables/story.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let facts: HqFacts
let member: MemberId
const commits: number[] = []

beforeEach(async () => {
  directory = freshDirectory()
  const clock = { now: () => T0 + 1_000 }
  cloud = new CloudCore(directory.path, clock)
  await cloud.found(program({ redeem_perks: [{ id: 301, title: 'Coffee', points: 0, voucher: {} }] }))
  const till = await cloud.addStore()
  member = till.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  await cloud.ingest.submit(till.origin, till.batch())
  facts = new HqFacts(cloud.store, cloud.ingest, cloud.shelf, clock)
  for (const key of ['a', 'b', 'c'])
    await facts.record(cloud.tenant, key, {
      member,
      request: { kind: 'award', perk: 301 as RuleId, reason: '' },
      at: null,
    })
  commits.length = 0
  cloud.ingest.onCommitted(({ activities }) => commits.push(activities.length))
})

afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

const codes = async (): Promise<string[]> => (await cloud.state(member)).entitlements.map(({ code }) => code)
const statuses = async (): Promise<string[]> =>
  (await cloud.state(member)).entitlements.map(({ status }) => status)
const cancelling = (code: string) => ({
  key: `cancel-${code}`,
  request: { kind: 'entitlement', code, action: 'cancel', reason: '' } as const,
})

test('E-CLAW-2 several are cancelled in one commit; said again nothing more happens', async () => {
  const [one = '', two = '', three = ''] = await codes()
  const both = [cancelling(one), cancelling(two)]
  expect(await facts.recordTogether(cloud.tenant, member, both)).toEqual({ ok: true, value: null })
  expect(commits).toEqual([2])
  expect(await statuses()).toEqual(['cancelled', 'cancelled', 'unused'])
  const more = [...both, cancelling(three)]
  expect(await facts.recordTogether(cloud.tenant, member, more)).toEqual({ ok: true, value: null })
  expect(commits).toEqual([2, 1])
  expect(await facts.recordTogether(cloud.tenant, member, more)).toEqual({ ok: true, value: null })
  expect(commits).toEqual([2, 1])
})

test('E-CLAW-2 one that cannot be cancelled leaves the others as they are', async () => {
  const [one = ''] = await codes()
  const told = await facts.recordTogether(cloud.tenant, member, [cancelling(one), cancelling('NOBODYS')])
  expect(told).toMatchObject({ ok: false, refusal: { code: 'voucher_not_found' } })
  expect(commits).toEqual([])
  expect(await statuses()).toEqual(['unused', 'unused', 'unused'])
})

test('E-CLAW-2 a key that was used for another word is refused, and nothing is recorded', async () => {
  const [one = '', two = ''] = await codes()
  expect(await facts.recordTogether(cloud.tenant, member, [cancelling(one)])).toMatchObject({ ok: true })
  const other = { ...cancelling(two), key: cancelling(one).key }
  const told = await facts.recordTogether(cloud.tenant, member, [cancelling(two), other])
  expect(told).toMatchObject({ ok: false, refusal: { code: 'key_reused' } })
  expect(await statuses()).toEqual(['cancelled', 'unused', 'unused'])
})
