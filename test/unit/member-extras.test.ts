// What a member is told about challenges, responses, segments and figures: views over the states that stories end in.
import { describe, expect, test } from 'vitest'
import { memberExtrasView } from '../../cloud/domain/member-extras.ts'
import type { MemberExtras } from '../../cloud/domain/member-extras-shapes.ts'
import { periodsOf, segmentFigures } from '../../cloud/domain/segment-figures.ts'
import { documentOf } from '../tables/account.ts'
import { POINT_PER_POUND, programsOf, tell } from '../tables/story.ts'
import { millisOf } from '../../protocol/time.ts'

const PROGRAM = {
  tiers: [],
  earn_perks: [
    POINT_PER_POUND,
    { id: 102, title: 'Visit', type: 'CHECKIN', award: { kind: 'fixed', points: 1 } },
  ],
  challenges: [
    {
      id: 901,
      title: 'Two visits in March',
      join: 'auto',
      start: '2024-03-05',
      end: '2024-03-31',
      home_stores: [1],
      requirements: [{ id: 911, title: 'Visits', perk: 102, quantity: 2 }],
    },
    {
      id: 902,
      title: 'In the first week',
      join: 'opt_in',
      from_membership: { days: 7 },
      requirements: [{ id: 912, title: 'Visits', perk: 102, quantity: 1 }],
    },
    {
      id: 903,
      title: 'Not any more',
      join: 'auto',
      status: 'INACTIVE',
      requirements: [{ id: 913, title: 'Visits', perk: 102, quantity: 1 }],
    },
  ],
  response_challenges: [{ id: 801, title: 'Photo', type: 'photo', per_member: 3, interval_days: 2 }],
  bonuses: [
    {
      id: 201,
      title: 'Every third sale',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 5 },
      required_to_earn: 3,
      frequency: 'WEEKLY',
    },
    {
      id: 202,
      title: 'Every second visit',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 5 },
      required_to_earn: 2,
      frequency: 'FROM_DATE',
      from_date: '2024-03-06',
      perks: [102],
    },
  ],
  redeem_perks: [
    { id: 301, title: 'Coffee', points: 1, limit: { count: 2, interval: 'DAY', interval_count: 1 } },
    { id: 302, title: 'Cake', points: 1 },
  ],
  segments: [{ id: 701, name: 'Visitors', expiry: { kind: 'ROLLING', after: { days: 2 } } }],
  aggregates: [
    { id: 981, name: 'Spent', of: 'total_spend', window: { kind: 'rolling', days: 90 } },
    { id: 986, name: 'Last seen', of: 'last_visit_days' },
  ],
  rules: [
    {
      id: 951,
      title: 'Visitors',
      match: { type: 'TYPE', kinds: ['checkin'] },
      effect: { kind: 'segment', segment: 701, action: 'add' },
    },
  ],
}

/** The member's extras after a story, as of its last row. */
function extrasAfter(...story: string[]): MemberExtras {
  const document = documentOf(PROGRAM)
  const last = tell(document, story).at(-1)
  if (last === undefined || last.fact === null) throw new Error('the last row is a fact')
  const { at, offset, store } = last.fact
  return memberExtrasView(programsOf(document).program(at), last.after, { ms: millisOf(at), offset, store })
}

const statuses = (...story: string[]): string[] =>
  extrasAfter(...story).challenges.map(({ status }) => status)

describe('E-CH-1 the status of a challenge', () => {
  test.each<[status: string, story: string[], expected: string[]]>([
    ['before any period', ['2024-03-04 10:00 | time passes'], ['upcoming', 'upcoming', 'inactive']],
    ['not eligible', ['2024-03-05 10:00 | time passes'], ['not_eligible', 'upcoming', 'inactive']],
    [
      'eligible, and not joined',
      ['2024-03-05 10:00 | enrols', '2024-03-05 11:00 | tells home store 1'],
      ['taking_part', 'not_joined', 'inactive'],
    ],
    [
      'left, and joined',
      [
        '2024-03-05 10:00 | enrols',
        '2024-03-05 11:00 | leaves challenge 901',
        '2024-03-05 12:00 | joins challenge 902',
      ],
      ['left', 'taking_part', 'inactive'],
    ],
    ['over', ['2024-03-05 10:00 | enrols', '2024-04-01 00:00 | time passes'], ['over', 'over', 'inactive']],
    [
      'completed, though it is over since',
      [
        '2024-03-05 10:00 | enrols',
        '2024-03-05 12:00 | joins challenge 902',
        '2024-03-06 10:00 | checks in',
        '2024-04-01 00:00 | time passes',
      ],
      ['over', 'completed', 'inactive'],
    ],
  ])('%s', (_, story, expected) => {
    expect(statuses(...story)).toEqual(expected)
  })
})

test('E-CH-2 a challenge tells the first and last day of the member’s own period', () => {
  const [, second] = extrasAfter('2024-03-05 10:00 | enrols').challenges
  expect([second?.first_day, second?.last_day]).toEqual(['2024-03-05', '2024-03-11'])
})

test('E-RSP-1 a response challenge tells how many responses are left and when the next may come', () => {
  const [view] = extrasAfter('2024-03-05 10:00 | responds to 801 as number 1').response_challenges
  expect(view).toMatchObject({
    responses: 1,
    approved: 1,
    remaining: 2,
    last_on: '2024-03-05',
    next_on: '2024-03-07',
  })
  const [later] = extrasAfter(
    '2024-03-05 10:00 | responds to 801 as number 1',
    '2024-03-07 10:00 | time passes',
  ).response_challenges
  expect(later?.next_on).toBeNull()
})

test('E-BON-4 a frequency tells how many are missing until it pays, and nothing before its first day', () => {
  const frequencies = (...story: string[]) =>
    extrasAfter(...story).frequencies.map(({ id, counted, missing }) => [id, counted, missing])
  const buys = (when: string): string => `${when} | buys tea 5.00`
  expect(frequencies(buys('2024-03-04 10:00'))).toEqual([
    [201, 1, 2],
    [202, 0, null],
  ])
  const paid = ['2024-03-04 10:00', '2024-03-05 10:00', '2024-03-06 10:00'].map(buys)
  expect(frequencies(...paid)).toEqual([
    [201, 3, null],
    [202, 0, 2],
  ])
  expect(frequencies(...paid, '2024-03-11 10:00 | checks in', '2024-03-11 11:00 | checks in')).toEqual([
    [201, 0, 3],
    [202, 2, 2],
  ])
})

test('E-SPEND-2 of every limit the rest and the next day are told', () => {
  const limits = (...story: string[]) => extrasAfter('2024-03-04 09:00 | is granted 9', ...story).limits
  expect(limits()).toEqual([
    { perk: 301, title: 'Coffee', limit: '2 times a day', remaining: 2, again_on: null },
  ])
  const twice = ['2024-03-04 10:00 | redeems 301', '2024-03-04 11:00 | redeems 301']
  expect(limits(...twice)).toMatchObject([{ remaining: 0, again_on: '2024-03-05' }])
})

test('E-SEG-1 a membership by rule tells its last millisecond', () => {
  expect(extrasAfter('2024-03-05 10:00 | checks in').segments).toEqual([
    { id: 701, name: 'Visitors', by: 'rule', until: '2024-03-07T23:59:59.999Z' },
  ])
  expect(extrasAfter('2024-03-05 10:00 | checks in', '2024-03-08 00:00 | time passes').segments).toEqual([])
})

test('E-AGG-1 figures are told, and null where there are none', () => {
  expect(extrasAfter('2024-03-05 10:00 | enrols').aggregates).toEqual([
    { id: 981, name: 'Spent', of: 'total_spend', value: 0 },
    { id: 986, name: 'Last seen', of: 'last_visit_days', value: null },
  ])
})

test('E-REF-3 the open referral is told', () => {
  expect(extrasAfter('2024-03-05 10:00 | enrols').open_referral).toBeNull()
  expect(extrasAfter('2024-03-05 10:00 | has #9 received').open_referral).toMatch(/^\d+$/)
})

test('E-SEG-3 figures of several members add up, ever and over days', () => {
  const states = ['3.00', '4.50'].map((amount, index) => {
    const [told] = tell(documentOf(PROGRAM), [`2024-03-0${index + 4} 10:00 | buys tea ${amount}`])
    if (told === undefined) throw new Error('the row is a fact')
    return told.after
  })
  expect(segmentFigures(states, null)).toEqual({ spend: 750, orders: 2, visits: 2 })
  const periods = periodsOf('2024-03-05..2024-03-31')
  const days = periods.ok ? (periods.value[0]?.days ?? null) : null
  expect(days).not.toBeNull()
  expect(segmentFigures(states, days)).toEqual({ spend: 450, orders: 1, visits: 1 })
  expect(segmentFigures([], null)).toEqual({ spend: 0, orders: 0, visits: 0 })
})
