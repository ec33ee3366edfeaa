// Liability by month: what ran out counts in the month it ran out, whichever later fact brought the time; months without facts are there too.
import { expect, test } from 'vitest'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { Comparison } from '../../cloud/what-if/comparison.ts'
import type { RuleId } from '../../protocol/ids.ts'

const DAY = 86_400_000
const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY
const effect = (kind: Effect['kind'], amount: number, of = 0, index = 0): Effect => ({
  kind,
  amount,
  of,
  index,
  rule: 1 as RuleId,
})

test('W-1 points that ran out leave the liability in the month they ran out', () => {
  const comparison = new Comparison()
  comparison.draft.take(dayOf('2026-01-10'), [effect('earn', 100)])
  const end = Date.UTC(2026, 1, 6)
  // Brought by a fact of April; stamps (metric 7) are not points.
  comparison.draft.take(dayOf('2026-04-01'), [
    effect('expire', -100, end),
    effect('earn', 5),
    effect('earn', 9, 0, 7),
    effect('expire', -9, end, 7),
  ])
  comparison.now.take(dayOf('2026-01-10'), [effect('earn', 100), effect('goodwill', 3)])
  const { months, issued, liability } = comparison.result(2, 0).points
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
})

test('W-1 without facts there is no month', () => {
  expect(new Comparison().result(0, 0).points.months).toEqual([])
})
