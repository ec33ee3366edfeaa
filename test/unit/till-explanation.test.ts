// Why a record came to what it came to, and what was nearly reached (X), as the store's page shows it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ExplanationAnswerShape } from '../../edge/till/answers.ts'
import type { Explanation } from '../../edge/till/answers.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import type { FactId, MemberId, RuleId } from '../../protocol/ids.ts'
import { NEAR_PERKS_MAX } from '../../protocol/limits.ts'
import { validator } from '../../protocol/validation.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { TillUnderTest, sale } from '../support/till-under-test.ts'

const shape = validator(ExplanationAnswerShape)
let shop: TillUnderTest
beforeEach(() => {
  shop = new TillUnderTest()
})
afterEach(() => shop.remove())

function explained(id: string): Explanation {
  const told = shop.till.explanation(Number(id) as FactId)
  if (!told.ok) throw new Error(told.refusal.detail)
  expect(shape.accepts(told.value) || shape.explain(told.value)).toBe(true)
  return told.value
}

test('X-1 X-2: what a sale met, on the state before it, and what it left missing', async () => {
  const member = await shop.member('1')
  const first = await shop.done('sale', sale(2_000, member))
  const second = await shop.done('sale', sale(1_000, member))
  await shop.done('sale', sale(60_000, member))
  // Later sales change nothing about what an earlier one met.
  const told = explained(second.receipt.id)
  expect(told.as_it_was).toBe(true)
  const bonus = told.considered.find(({ rule }) => rule === 201)
  expect(bonus).toMatchObject({ applied: false })
  expect(bonus?.hint).not.toBeNull()
  expect(told.program).toEqual({ version: 1, name: SMALL_PROGRAM.name })
  expect(told.considered.find(({ rule }) => rule === 101)).toMatchObject({ applied: true, points: 10 })
  // 50 for enrolling, 20 and 10 for the two sales.
  expect(told.near).toEqual([
    { what: 'tier', id: 2, title: 'Silver', missing: 420, unit: 'points' },
    { what: 'perk', id: 301, title: 'Coffee', missing: 20, unit: 'points' },
  ])
  expect(explained(first.receipt.id).near[1]).toMatchObject({ title: 'Coffee', missing: 30 })
})

test('X-1: an enrolment is explained on a member who was nothing yet', async () => {
  const told = explained(await shop.member('1'))
  expect(told).toMatchObject({
    as_it_was: true,
    considered: [{ title: 'Welcome', applied: true, points: 50 }],
  })
  expect(told.near[0]).toMatchObject({ title: 'Silver', missing: 450 })
})

test('X-1: once the cloud has counted the record, the member is looked at as now, and that is said', async () => {
  const member = await shop.member('1')
  const { receipt } = await shop.done('sale', sale(2_000, member))
  const state = { ...newState(), balance: 480, lifetime: 480, tier: 1 as RuleId, facts: 9 }
  shop.send(Number(member) as MemberId, state, { covers: shop.ledger.seq })
  const told = explained(receipt.id)
  expect(told.as_it_was).toBe(false)
  expect(told.near).toEqual([{ what: 'tier', id: 2, title: 'Silver', missing: 20, unit: 'points' }])
})

test('X-2: perks are named by what they lack, the nearest few of those that only the price stands in the way of', async () => {
  const perk = (id: number, points: number, more = {}) => ({
    id: id as RuleId,
    title: `P${points}`,
    points,
    ...more,
  })
  shop.remove()
  shop = new TillUnderTest({
    program: {
      ...SMALL_PROGRAM,
      redeem_perks: [
        ...(SMALL_PROGRAM.redeem_perks ?? []),
        perk(310, 900),
        perk(311, 60),
        perk(312, 70, { stores: [9] }),
        perk(313, 300),
        perk(314, 40),
      ],
    },
  })
  const told = explained(await shop.member('1'))
  const perks = told.near.filter(({ what }) => what === 'perk')
  expect(perks).toHaveLength(NEAR_PERKS_MAX)
  expect(perks.map(({ title, missing }) => [title, missing])).toEqual([
    ['P60', 10],
    ['Coffee', 50],
    ['P300', 250],
  ])
})

test('X-1 E-EXP-3: what reacts to a sale is told with its receipt and on a quote, of a member', async () => {
  shop.remove()
  shop = new TillUnderTest({
    program: {
      ...SMALL_PROGRAM,
      challenges: [
        {
          id: 901 as RuleId,
          title: 'Regular',
          join: 'opt_in',
          requirements: [{ id: 911 as RuleId, title: 'Buy', perk: 101 as RuleId, quantity: 2 }],
        },
      ],
    },
  })
  const member = await shop.member('1')
  const { receipt } = await shop.done('sale', sale(2_000, member))
  const expected = { rule: 901, type: 'CHALLENGE', applied: false, condition: 'not_joined', hint: 'join it' }
  expect(explained(receipt.id).reactions).toMatchObject([expected])
  const quoted = await shop.till.quote({ member, lines: [{ sku: 'x', amount: 500 as never }] })
  expect(quoted).toMatchObject({ ok: true, value: { reactions: [expected] } })
  const guest = await shop.done('sale', sale(2_000))
  expect(explained(guest.receipt.id).reactions).toEqual([])
})

test('X-1 X-2: a guest learns what a member would get and lacks nothing; what is not recorded here is refused', async () => {
  const { receipt } = await shop.done('sale', sale(2_000))
  const told = explained(receipt.id)
  expect(told.near).toEqual([])
  expect(told.considered.find(({ rule }) => rule === 101)?.hint).toBe(
    'with a member this sale earns 20 points here',
  )
  expect(shop.till.explanation(99 as FactId)).toMatchObject({
    ok: false,
    refusal: { code: 'fact_not_found' },
  })
})

test('X-1: without a program there is nothing to consider', async () => {
  shop.remove()
  shop = new TillUnderTest({ program: null })
  const { receipt } = await shop.done('sale', sale(2_000))
  expect(explained(receipt.id)).toMatchObject({ considered: [], near: [] })
})
