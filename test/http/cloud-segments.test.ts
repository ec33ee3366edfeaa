// E-SEG over a real socket: what a member view says beyond points, who is in a segment, what its members spent. Every good answer is checked against the
// shape its route promises (support/cloud-node.ts).
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MemberId } from '../../protocol/ids.ts'
import { CloudUnderTest, items, pick } from '../support/cloud-node.ts'
import type { Answer, Device } from '../support/cloud-node.ts'
import { HQ_PROGRAM, JOINED, KEEN, PHOTO, VISIT } from '../support/hq-program.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 5, 1, 12)
const time = { now: T0 + 10 * DAY }
const PROGRAM = {
  ...HQ_PROGRAM,
  segments: [
    ...(HQ_PROGRAM.segments ?? []),
    {
      id: 502,
      name: 'Spenders',
      when: { aggregate: 601, is: 'ge', value: 2_000 },
      expiry: { kind: 'PERSISTENT' },
    },
  ],
  aggregates: [
    { id: 601, name: 'Spent in 30 days', of: 'total_spend', window: { kind: 'rolling', days: 30 } },
  ],
}
let cloud: CloudUnderTest
let device: Device
const members: MemberId[] = []

const refused = (answer: Answer): unknown => [answer.status, pick(answer.json, 'code')]
const seen = async (member: MemberId | undefined): Promise<unknown> =>
  (await cloud.ask(`/v1/members/${member}`)).json
const say = async (member: MemberId | undefined, body: object, key: string): Promise<void> => {
  const answer = await cloud.post(`/v1/members/${member}/facts`, body, { key })
  expect(answer.status, answer.text).toBe(201)
}

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => time.now)
  await cloud.publish(PROGRAM)
  device = await cloud.addDevice('Camden')
  await device.connect()
  for (const name of ['ada', 'bob', 'cleo'])
    members.push(device.enrol({ at: T0, key: `enrol-${name}` }, [{ kind: 'card', value: name }], name))
  const [ada, bob] = members
  device.sale({ at: T0 + DAY, key: 'sale-1', ...(ada === undefined ? {} : { member: ada }) }, [
    { sku: 'mug', amount: 1_500 },
  ])
  device.sale({ at: T0 + 5 * DAY, key: 'sale-2', ...(ada === undefined ? {} : { member: ada }) }, [
    { sku: 'mug', amount: 1_001 },
  ])
  device.sale({ at: T0 + 5 * DAY, key: 'sale-3', ...(bob === undefined ? {} : { member: bob }) }, [
    { sku: 'mug', amount: 500 },
  ])
  await device.sync()
  await say(bob, { kind: 'segment', segment: 502, action: 'include' }, 'bob-in')
})
afterAll(() => cloud.stop())

test('E-SEG-1 a member view says in which segments the member is, why, and the figures behind it', async () => {
  const [ada, bob, cleo] = members
  expect(await seen(ada)).toMatchObject({
    segments: [{ id: 502, name: 'Spenders', by: 'condition', until: null }],
    aggregates: [{ id: 601, name: 'Spent in 30 days', of: 'total_spend', value: 2_501 }],
    open_referral: null,
  })
  expect(await seen(bob)).toMatchObject({ segments: [{ id: 502, by: 'hq' }] })
  expect(await seen(cleo)).toMatchObject({ segments: [], aggregates: [{ value: 0 }] })
})

test('E-SEG-3 members of a segment come by id, a page at a time', async () => {
  const [ada, bob] = members
  const first = await cloud.ask('/v1/segments/502/members?limit=1')
  expect(items(first)).toEqual([{ id: String(ada), name: 'ada', by: 'condition', until: null }])
  const second = await cloud.ask(`/v1/segments/502/members?limit=1&after=${String(pick(first.json, 'next'))}`)
  expect(items(second)).toEqual([{ id: String(bob), name: 'bob', by: 'hq', until: null }])
  const all = await cloud.ask('/v1/segments/502/members')
  expect(items(all).length).toBe(2)
  expect(pick(all.json, 'next')).toBeNull()
  expect(items(await cloud.ask(`/v1/segments/${KEEN}/members`))).toEqual([])
})

test('E-SEG-3 a segment spends what its members of now spent in each period', async () => {
  const answer = await cloud.ask(
    '/v1/segments/502/metrics?periods=ever,2026-06-06..2026-06-06,2026-06-03..2026-06-05',
  )
  expect(answer.json).toEqual({
    segment: { id: 502, name: 'Spenders' },
    currency: 'GBP',
    members: 2,
    periods: [
      {
        period: 'ever',
        total_spend: 3_001,
        order_count: 3,
        average_transaction_value: 1_000,
        visit_count: 3,
      },
      {
        period: '2026-06-06..2026-06-06',
        total_spend: 1_501,
        order_count: 2,
        average_transaction_value: 750,
        visit_count: 2,
      },
      {
        period: '2026-06-03..2026-06-05',
        total_spend: 0,
        order_count: 0,
        average_transaction_value: 0,
        visit_count: 0,
      },
    ],
  })
  expect((await cloud.ask('/v1/segments/502/metrics')).json).toMatchObject({ periods: [{ period: 'ever' }] })
})

test.each([
  ['/v1/segments/999/members', 404, 'segment_not_found'],
  ['/v1/segments/x/metrics', 404, 'segment_not_found'],
  ['/v1/segments/502/metrics?periods=2026-06-05..2026-06-03', 400, 'input_invalid'],
  ['/v1/segments/502/metrics?periods=2026-02-30..2026-06-03', 400, 'input_invalid'],
  ['/v1/segments/502/metrics?periods=yesterday', 400, 'input_invalid'],
  ['/v1/segments/502/metrics?periods=2026-04-01..2026-06-03', 400, 'input_invalid'],
  [
    `/v1/segments/502/metrics?periods=${Array.from({ length: 25 }, () => 'ever').join(',')}`,
    400,
    'input_invalid',
  ],
])('E-SEG-3 %s is refused: %i %s', async (path, status, code) => {
  expect(refused(await cloud.ask(path))).toEqual([status, code])
})

test('E-CH-5 a member view says how far challenges are, and whether the member takes part', async () => {
  const [, , cleo] = members
  const before = await seen(cleo)
  expect(pick(before, 'challenges', 0)).toMatchObject({ id: JOINED, status: 'not_joined', first_day: null })
  await say(cleo, { kind: 'challenge', challenge: JOINED, action: 'join' }, 'cleo-joins')
  await say(cleo, { kind: 'activity', perk: VISIT, quantity: 2 }, 'cleo-visits')
  expect(pick(await seen(cleo), 'challenges', 0)).toEqual({
    id: JOINED,
    title: 'Visits',
    join: 'opt_in',
    status: 'taking_part',
    first_day: null,
    last_day: null,
    completed_on: null,
    requirements: [{ id: 411, title: 'Three', perk: VISIT, quantity: 3, done: 2, completed: false }],
  })
  await say(cleo, { kind: 'activity', perk: VISIT, quantity: 1 }, 'cleo-again')
  expect(pick(await seen(cleo), 'challenges', 0)).toMatchObject({
    status: 'completed',
    completed_on: '2026-06-11',
    requirements: [{ done: 3, completed: true }],
  })
})

test('E-RSP-1 a member view says which responses counted and how many more may', async () => {
  const [, bob] = members
  await say(bob, { kind: 'response', challenge: PHOTO }, 'bob-photo')
  expect(pick(await seen(bob), 'response_challenges', 0)).toEqual({
    id: PHOTO,
    title: 'Photo',
    type: 'photo',
    responses: 1,
    approved: 1,
    remaining: null,
    last_on: '2026-06-11',
    next_on: null,
  })
})
