// Liability and vouchers by month: what ran out counts in the month it ran out, whichever later fact brought the time; months without facts are there too.
import { expect, test } from 'vitest'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { Comparison } from '../../cloud/what-if/comparison.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import { program, programsOf, tell } from '../tables/story.ts'

const DAY = 86_400_000
const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY
const effect = (kind: Effect['kind'], amount: number, of = 0, index = 0): Effect => ({
  kind,
  amount,
  of,
  index,
  rule: 1 as RuleId,
})

test('W-1 points that ran out leave the liability in the month they ran out, and so does every other metric', () => {
  const comparison = new Comparison()
  comparison.draft.take(dayOf('2026-01-10'), [effect('earn', 100), effect('earn', 9, 0, 7)])
  const end = Date.UTC(2026, 1, 6)
  // Brought by a fact of April; stamps (metric 7) are counted by themselves.
  comparison.draft.take(dayOf('2026-04-01'), [
    effect('expire', -100, end),
    effect('earn', 5),
    effect('spend', -2, 0, 7),
    effect('expire', -4, end, 7),
    // A warning moves nothing.
    effect('expiry_warning', 3, end, 7),
  ])
  comparison.now.take(dayOf('2026-01-10'), [effect('earn', 100), effect('goodwill', 3)])
  const { points, metrics } = comparison.result(2, 0, new Map([[7, 'Stamps']]))
  const { months, issued, liability } = points
  expect(
    months.map(({ month, issued: given, liability: owed }) => [month, given.draft, owed.draft, owed.now]),
  ).toEqual([
    ['2026-01', 100, 100, 100],
    ['2026-02', 0, 0, 100],
    ['2026-03', 0, 0, 100],
    ['2026-04', 5, 5, 100],
  ])
  expect(issued).toEqual({ now: 100, draft: 105 })
  expect(liability).toEqual({ now: 100, draft: 5 })
  const nothing = { now: 0, draft: 0 }
  expect(metrics).toEqual([
    {
      metric: 7,
      name: 'Stamps',
      issued: { now: 0, draft: 9 },
      liability: { now: 0, draft: 3 },
      months: [
        { month: '2026-01', issued: { now: 0, draft: 9 }, liability: { now: 0, draft: 9 } },
        { month: '2026-02', issued: nothing, liability: { now: 0, draft: 5 } },
        { month: '2026-03', issued: nothing, liability: { now: 0, draft: 5 } },
        { month: '2026-04', issued: nothing, liability: { now: 0, draft: 3 } },
      ],
    },
  ])
})

test('W-1 without facts there is no month', () => {
  expect(new Comparison().result(0, 0, new Map()).points.months).toEqual([])
})

test('W-1 vouchers by month and perk: issued, used, run out, cancelled, taken up again, and what those left are worth', () => {
  const document = program({
    redeem_perks: [
      { id: 301, title: 'Coffee', points: 0, voucher: { valid_days: 20, value: 250 } },
      { id: 302, title: 'Club', points: 0, voucher: {} },
    ],
  })
  const comparison = new Comparison()
  const vouchers = comparison.draft.vouchers.member()
  for (const { fact, after, effects } of tell(document, [
    '2026-01-05 10:00 | is awarded 301',
    '2026-01-05 11:00 | is awarded 301',
    '2026-01-05 12:00 | is awarded 301',
    '2026-01-06 10:00 | is awarded 302',
    '2026-02-10 10:00 | uses voucher 301 of #1',
    '2026-02-11 10:00 | has cancel of 302 of #4',
    '2026-03-20 10:00 | has reinstate of 301 of #2',
  ])) {
    if (fact === null) throw new Error('every row is a fact')
    const day = localDay(millisOf(fact.at), fact.offset)
    vouchers.take(day, effects, after.entitlements, programsOf(document).program(fact.at))
  }
  const { months, perks, ...total } = comparison.result(7, 0, new Map([[301, 'Coffee']])).vouchers
  const text = (figures: Omit<typeof total, never>): string =>
    Object.entries(figures)
      .flatMap(([name, { draft }]) => (draft === 0 ? [] : [`${name} ${draft}`]))
      .join(', ')
  expect(months.map(({ month, ...figures }) => `${month}: ${text(figures)}`)).toEqual([
    // All three ran out on the 25th, though a fact of February brought it; one was used even so, and one taken up again.
    '2026-01: issued 4, expired 1, outstanding 3, value 500',
    '2026-02: used 1, cancelled 1, outstanding 1, value 250',
  ])
  expect(perks.map(({ perk, title, ...figures }) => `${perk} ${title}: ${text(figures)}`)).toEqual([
    '301 Coffee: issued 3, used 1, expired 1, outstanding 1, value 250',
    '302 : issued 1, cancelled 1',
  ])
  expect(text(total)).toBe('issued 4, used 1, expired 1, cancelled 1, outstanding 1, value 250')
})
