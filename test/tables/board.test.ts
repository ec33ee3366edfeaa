// E-BOARD: what is to be earned and redeemed at a place, as a member sees it and as nobody in particular does.
import { expect, test } from 'vitest'
import { compile } from '../../cloud/evaluation/compile.ts'
import type { Look } from '../../cloud/evaluation/explanation/board.ts'
import { earningBoard, redeemingBoard } from '../../cloud/evaluation/explanation/board.ts'
import type { StoreId } from '../../protocol/ids.ts'
import { program, tell } from './story.ts'

const fixed = (points: number) => ({ kind: 'fixed', points })
const perk = (id: number, change: object = {}) => ({
  id,
  title: `Perk ${id}`,
  type: 'STANDARD',
  award: fixed(10),
  ...change,
})
const reward = (id: number, change: object = {}) => ({ id, title: `Reward ${id}`, points: 5, ...change })
const GOLD = { attributes: [{ name: 'Club', value: 'Gold' }] }

const DOCUMENT = program({
  tiers: [
    { id: 1, name: 'Bronze', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 500 },
  ],
  segments: [{ id: 601, name: 'Friends', expiry: { kind: 'PERSISTENT' } }],
  earn_perks: [
    perk(101),
    perk(102, { status: 'INACTIVE' }),
    perk(103, { end: '2024-03-03' }),
    perk(104, { start: '2024-03-05' }),
    perk(105, { stores: [2] }),
    perk(106, GOLD),
    perk(107, { required_tier: 2 }),
    perk(108, { when: { segment: 601 } }),
    perk(109, { when: { all: [{ segment: 601 }, { store: [9] }] } }),
    perk(110, { type: 'CHECKIN' }),
    perk(111, { type: 'PROGRESS_ACTIVITY', award: fixed(1) }),
  ],
  bonuses: [
    { id: 201, type: 'DATE_RANGE', title: 'Later', award: fixed(2), start: '2024-04-01', end: '2024-04-30' },
    { id: 202, type: 'DATE_RANGE', title: 'Over', award: fixed(2), start: '2024-02-01', end: '2024-02-29' },
    {
      id: 203,
      type: 'FREQUENCY',
      title: 'Often',
      award: { kind: 'multiplier', percent: 150 },
      perks: [110],
      required_to_earn: 3,
      frequency: 'WEEKLY',
    },
  ],
  redeem_perks: [
    reward(301),
    reward(302, { start: '2024-03-05' }),
    reward(303, { required_tier: 2 }),
    reward(304, GOLD),
    reward(305, { voucher: { until: '2024-03-03' } }),
    reward(306, { limit: { count: 2, interval: 'MONTH', interval_count: 1 } }),
    reward(307, { home_store_only: true, points: 9_000 }),
  ],
})

const STORY = [
  '2024-03-04 09:00 | checks in | 10',
  '2024-03-04 09:05 | checks in | 10',
  '2024-03-04 09:10 | redeems 306 | 0',
]
const AT = Date.parse('2024-03-04T12:00:00Z')
const look = (store: number, member = true): Look => ({
  program: compile(DOCUMENT),
  member: member ? (tell(DOCUMENT, STORY).at(-1)?.after ?? null) : null,
  store: store as StoreId,
  ms: AT,
  offset: 0,
})
const earned = (at: Look): number[] => earningBoard(at).map((one) => one.perk.id)

test('E-BOARD-1 status, dates and store hold for everybody, attributes, tier and conditions for a member', () => {
  expect(earned(look(1, false))).toEqual([101, 106, 107, 108, 109, 110, 111])
  expect(earned(look(2, false))).toContain(105)
  expect(earned(look(1))).toEqual([101, 109, 110, 111])
})

test('E-BOARD-2 bonuses stand with the perks they look at, also those to come, with what was counted', () => {
  const [standard, , checkin] = earningBoard(look(1))
  expect(standard?.bonuses).toMatchObject([{ bonus: { id: 201 }, points: 2, count: 0 }])
  expect(checkin?.bonuses).toMatchObject([{ bonus: { id: 203 }, points: 15, count: 2 }])
  const nobody = earningBoard(look(1, false)).find((one) => one.perk.id === 110)
  expect(nobody?.bonuses).toMatchObject([{ bonus: { id: 203 }, count: 0 }])
})

test('E-BOARD-3 tier, points and home store keep no reward off the board; limits stand with it', () => {
  const rewards = redeemingBoard(look(1))
  expect(rewards.map((one) => one.perk.id)).toEqual([301, 303, 306, 307])
  expect(rewards.map((one) => one.limit)).toEqual([null, null, { remaining: 1, againOn: null }, null])
  const all = redeemingBoard(look(1, false))
  expect(all.map((one) => one.perk.id)).toEqual([301, 303, 304, 306, 307])
  expect(all.every((one) => one.limit === null)).toBe(true)
})

test('E-BOARD-3 a limit that is reached tells from when on again', () => {
  const story = [...STORY, '2024-03-04 09:15 | redeems 306 | 0']
  const state = tell(DOCUMENT, story).at(-1)?.after ?? null
  const one = redeemingBoard({ ...look(1), member: state }).find((row) => row.perk.id === 306)
  expect(one?.limit).toEqual({ remaining: 0, againOn: '2024-04-01' })
})
