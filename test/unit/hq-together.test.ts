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
const cancelling = (code: string) =>
  ({ kind: 'entitlement', code, action: 'cancel', reason: 'goods came back' }) as const
const cancel = (key: string, ...list: string[]): ReturnType<HqFacts['recordTogether']> =>
  facts.recordTogether(cloud.tenant, key, member, list.map(cancelling))

test('E-CLAW-2 several are cancelled in one commit; said again nothing more happens', async () => {
  const [one = '', two = '', three = ''] = await codes()
  expect(await cancel('k', one, two)).toEqual({ ok: true, value: { replayed: false } })
  expect(commits).toEqual([2])
  expect(await statuses()).toEqual(['cancelled', 'cancelled', 'unused'])
  expect(await cancel('k', one, two)).toEqual({ ok: true, value: { replayed: true } })
  expect(await cancel('another', three)).toEqual({ ok: true, value: { replayed: false } })
  expect(await cancel('k', one, two)).toEqual({ ok: true, value: { replayed: true } })
  expect(commits).toEqual([2, 1])
})

test('E-CLAW-2 one that cannot be cancelled leaves the others as they are, and the key free', async () => {
  const [one = ''] = await codes()
  expect(await cancel('k', one, 'NOBODYS')).toMatchObject({ refusal: { code: 'voucher_not_found' } })
  expect(commits).toEqual([])
  expect(await statuses()).toEqual(['unused', 'unused', 'unused'])
  expect(await cancel('k', one)).toMatchObject({ ok: true })
})

test('E-CLAW-2 Q-3 a key that was used for other words is refused, and nothing is recorded', async () => {
  const [one = '', two = '', three = ''] = await codes()
  expect(await cancel('k', one, two)).toMatchObject({ ok: true })
  for (const others of [[one], [two, one], [two], [one, two, three], [one, three], [three]])
    expect(await cancel('k', ...others), others.join(' ')).toMatchObject({ refusal: { code: 'key_reused' } })
  expect(await cancel('a', three), 'the key of another request').toMatchObject({
    refusal: { code: 'key_reused' },
  })
  expect(await statuses()).toEqual(['cancelled', 'cancelled', 'unused'])
})
