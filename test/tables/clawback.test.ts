// E-CLAW-1: what a return would cost, asked before it is made. Each case is a story, a planned return of it, and the answer.
import { describe, expect, test } from 'vitest'
import { deficitsOf, evaluateClawback } from '../../cloud/evaluation/spending/clawback.ts'
import type { Clawback } from '../../cloud/evaluation/spending/clawback.ts'
import { outcomeText } from '../../cloud/evaluation/state.ts'
import type { Return } from '../../protocol/facts.ts'
import { assert } from '../../protocol/result.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { POINT_PER_POUND, program, programsOf, tell } from './story.ts'

const PROGRAM = program({
  metrics: [{ id: 7, name: 'Stamps' }],
  earn_perks: [
    POINT_PER_POUND,
    {
      id: 102,
      title: 'A stamp per coffee',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 1 },
      categories: ['COFFEE'],
      metric: 7,
    },
  ],
  redeem_perks: [
    { id: 301, title: 'Voucher', points: 10, voucher: { valid_days: 5 } },
    { id: 302, title: 'Cake', points: 5 },
  ],
  stamp_cards: [{ id: 401, title: 'Card', metric: 7, required: 2, reward: 301 }],
})

/** Folds the story but for its last row, a return, and asks what that would take; then folds it, and what was told must have come true. */
function planned(document: ProgramDocument, story: readonly string[]): Clawback {
  const told = tell(document, story)
  const before = told.at(-2)
  const after = told.at(-1)
  assert(before !== undefined && after?.fact?.kind === 'return', 'the story ends with a return')
  const plan: Return = after.fact
  const text = outcomeText(before.after)
  const answer = evaluateClawback(programsOf(document).program(plan.at), before.after, plan, {
    find(id) {
      const found = told.find(({ fact }) => fact?.id === id)
      if (found?.fact === null || found === undefined) return undefined
      const { fact, effects } = found
      return { fact, effects, program: programsOf(document).program(fact.at) }
    },
  })
  expect(outcomeText(before.after)).toBe(text)
  for (const { metric, amount, missing } of answer.metrics) {
    const taken = after.effects.filter(({ kind, index }) => kind === 'reverse' && index === metric)
    expect(taken.reduce((sum, effect) => sum - effect.amount, 0)).toBe(amount)
    expect(deficitsOf(after.after).find((one) => one.metric === metric)?.deficit ?? 0).toBe(missing)
  }
  return answer
}

const metric = (id: number, amount: number, balance: number, missing: number) => ({
  metric: id,
  amount,
  balance,
  missing,
})

describe('E-CLAW-1', () => {
  test('what the return takes is there: nothing is missing', () => {
    const { metrics, unused } = planned(PROGRAM, [
      '2024-03-04 10:00 | buys tea 30.00 | 30',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -30',
    ])
    expect(metrics).toEqual([metric(0, 30, 30, 0)])
    expect(unused).toEqual([])
  })

  test('what was spent since is missing', () => {
    const { metrics } = planned(PROGRAM, [
      '2024-03-04 10:00 | buys tea 30.00 | 30',
      '2024-03-04 11:00 | redeems 302 | -5',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -30',
    ])
    expect(metrics).toEqual([metric(0, 30, 25, 5)])
  })

  test('part of a line takes its part', () => {
    const { metrics } = planned(PROGRAM, [
      '2024-03-04 10:00 | buys tea 3 x 30.00 | 30',
      '2024-03-05 10:00 | returns 1 x line 0 of #1 | -10',
    ])
    expect(metrics).toEqual([metric(0, 10, 30, 0)])
  })

  test('each metric by itself: stamps of a filled card are missing, points are not', () => {
    const { metrics, unused } = planned(PROGRAM, [
      '2024-03-04 10:00 | buys flat/COFFEE 2 x 6.00 | 6',
      '2024-03-05 10:00 | returns 2 x line 0 of #1 | -6',
    ])
    expect(metrics).toEqual([metric(0, 6, 6, 0), metric(7, 2, 0, 2)])
    expect(unused.map(({ perk, status }) => `${perk} ${status}`)).toEqual(['301 unused'])
  })

  test('unused entitlements are listed, the newest first; used, cancelled and expired ones are not', () => {
    const { unused } = planned(PROGRAM, [
      '2024-03-01 10:00 | buys tea 90.00 | 90',
      '2024-03-01 11:00 | redeems 301 | -10',
      '2024-03-04 10:00 | redeems 301 | -10',
      '2024-03-04 11:00 | redeems 301 | -10',
      '2024-03-04 12:00 | redeems 301 | -10',
      '2024-03-04 13:00 | redeems 301 | -10',
      '2024-03-04 14:00 | uses voucher 301 of #4 | 0',
      '2024-03-04 15:00 | has cancel of 301 of #5 | 0',
      '2024-03-07 10:00 | returns 1 x line 0 of #1 | -90',
    ])
    const told = tell(PROGRAM, [
      '2024-03-01 10:00 | buys tea 90.00 | 90',
      '2024-03-01 11:00 | redeems 301 | -10',
      '2024-03-04 10:00 | redeems 301 | -10',
    ])
    expect(unused).toHaveLength(2)
    expect(unused[1]?.code).toBe(told[2]?.after.entitlements[1]?.code)
    expect(unused[0]?.fact).toBeGreaterThan(unused[1]?.fact ?? 0)
  })

  test('a sale that was given back already takes nothing more', () => {
    const { metrics } = planned(PROGRAM, [
      '2024-03-04 10:00 | buys tea 30.00 | 30',
      '2024-03-05 10:00 | voids #1 | -30',
      '2024-03-05 11:00 | returns 1 x line 0 of #1 | 0',
    ])
    expect(metrics).toEqual([])
  })
})

test('E-CLAW-2 cancelling moves no points: what is missing stays a deficit', () => {
  const told = tell(PROGRAM, [
    '2024-03-04 10:00 | buys tea 30.00 | 30',
    '2024-03-04 11:00 | redeems 301 | -10',
    '2024-03-05 10:00 | returns 1 x line 0 of #1 | -30',
    '2024-03-05 10:01 | has cancel of 301 of #2 | 0',
  ]).at(-1)?.after
  assert(told !== undefined, 'the story has an end')
  expect(told.entitlements.map(({ status }) => status)).toEqual(['cancelled'])
  expect(deficitsOf(told)).toEqual([{ metric: 0, deficit: 10 }])
})
