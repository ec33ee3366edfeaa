// Reading at the till: quotes, members, perks, status, history.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  HistoryAnswerShape,
  MemberAnswerShape,
  PerksAnswerShape,
  QuoteAnswerShape,
  StatusAnswerShape,
} from '../../edge/till/answers.ts'
import type { FactId, MemberId, RuleId, Seq } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { validator } from '../../protocol/validation.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { TillUnderTest, decision, sale } from '../support/till-under-test.ts'

/** What the program's second tier gives. */
const GIFT_PERK = { id: 302 as RuleId, title: 'Gift', points: 0, voucher: {} }

let shop: TillUnderTest

beforeEach(() => {
  shop = new TillUnderTest()
})

afterEach(() => {
  shop.remove()
})

describe('reading', () => {
  test('quotes: what a sale would earn and why, in its shape; nothing is written', async () => {
    const quotes = validator(QuoteAnswerShape)
    const member = await shop.member('1')
    const seq = shop.ledger.seq
    const quoted = await shop.till.quote({ member, lines: [{ sku: 'x', amount: 46_000 as never }] })
    if (!quoted.ok) throw new Error(quoted.refusal.detail)
    expect(quotes.accepts(quoted.value) || quotes.explain(quoted.value)).toBe(true)
    expect(quoted.value).toMatchObject({
      points: 460,
      entries: [{ kind: 'earn', rule: 101, title: '1 point per pound', points: 460 }],
      tier: { name: 'Bronze' },
      tier_after: { name: 'Silver' },
      vouchers: [{ perk: 302, title: 'Gift' }],
      status: 'provisional',
    })
    expect(quoted.value.considered.map(({ rule, applied, condition }) => [rule, applied, condition])).toEqual(
      [
        [101, true, null],
        [102, false, 'no_matching_line'],
        [201, false, 'frequency'],
      ],
    )
    expect(shop.ledger.seq).toBe(seq)
    const { receipt: _place, ...sold } = await shop.done('sale', {
      member,
      lines: [{ sku: 'x', amount: 46_000 }],
    })
    expect(sold).toMatchObject({ points: 460, member: { balance: 510 } })
  })

  test('E-SPEND-10 quotes: what the member could redeem on the basket, and what the till redeems by itself', async () => {
    const quotes = validator(QuoteAnswerShape)
    shop.publish(2, {
      ...SMALL_PROGRAM,
      redeem_perks: [
        {
          id: 303 as RuleId,
          title: 'Points off',
          points: 0,
          money: { points: 3, money: 1 },
        },
        { id: 304 as RuleId, title: 'Stamp', points: 10, method: 'AUTO' },
        { id: 305 as RuleId, title: 'Coffee', points: 20 },
        GIFT_PERK,
      ],
    })
    const member = await shop.member('1')
    const lines = [{ sku: 'x', amount: 1_000 as never }]
    const quoted = await shop.till.quote({ member, lines })
    if (!quoted.ok) throw new Error(quoted.refusal.detail)
    expect(quotes.accepts(quoted.value) || quotes.explain(quoted.value)).toBe(true)
    // 50 points for enrolling.
    expect(quoted.value.offers).toEqual([
      { perk: 303, title: 'Points off', points: 48, metric: 0, discount: 16, auto: false },
      { perk: 304, title: 'Stamp', points: 10, metric: 0, discount: null, auto: true },
    ])
    expect(await shop.till.quote({ lines })).toMatchObject({ value: { offers: [] } })
  })

  test('E-EXP-1 quotes: what is collected beside points does not look like points', async () => {
    const stamp = { kind: 'per_item', points: 1 } as const
    shop.publish(2, {
      ...SMALL_PROGRAM,
      metrics: [{ id: 7 as RuleId, name: 'Stamps' }],
      earn_perks: [
        ...SMALL_PROGRAM.earn_perks,
        { id: 104 as RuleId, title: 'A stamp per mug', type: 'STANDARD', award: stamp, metric: 7 },
      ],
    })
    const quotes = validator(QuoteAnswerShape)
    const lines = [{ sku: 'mug', quantity: 2, amount: 1_000 as never }]
    const quoted = await shop.till.quote({ member: await shop.member('1'), lines })
    if (!quoted.ok) throw new Error(quoted.refusal.detail)
    expect(quotes.accepts(quoted.value) || quotes.explain(quoted.value)).toBe(true)
    expect(quoted.value.points).toBe(10)
    expect(quoted.value.entries).toEqual([
      { kind: 'earn', rule: 101, title: '1 point per pound', points: 10 },
      { kind: 'earn', rule: 104, title: 'A stamp per mug', points: 2, metric: 7 },
    ])
    const metrics = quoted.value.considered.map((one) => [one.rule, one.points, one.metric])
    expect(metrics).toEqual([
      [101, 10, undefined],
      [102, 0, undefined],
      [104, 2, 7],
      [201, 0, undefined],
    ])
    const guest = await shop.till.quote({ lines })
    if (!guest.ok) throw new Error(guest.refusal.detail)
    expect(guest.value.considered.map(({ hint, metric }) => [metric, hint])).toContainEqual([
      7,
      'with a member this sale earns 2 of Stamps here',
    ])
  })

  test('quotes: a guest is told what a member would get', async () => {
    const quoted = await shop.till.quote({ lines: [{ sku: 'x', amount: 1000 as never }] })
    expect(quoted).toMatchObject({
      value: {
        points: 0,
        entries: [],
        tier: null,
        considered: [{ rule: 101, applied: false, condition: 'member', points: 0 }, {}, {}],
      },
    })
  })

  test('a member’s page, the perks and the status fit their shapes', async () => {
    const id = await shop.member('1')
    await shop.done('sale', sale(20_000, id))
    const member = await shop.till.member(Number(id) as MemberId)
    const perks = await shop.till.perks(Number(id) as MemberId)
    if (!member.ok || !perks.ok) throw new Error('refused')
    const members = validator(MemberAnswerShape)
    expect(members.accepts(member.value) || members.explain(member.value)).toBe(true)
    expect(member.value).toMatchObject({
      id,
      name: 'Jane Doe',
      identities: [{ kind: 'card', value: '1' }],
      tier: { id: 1, name: 'Bronze' },
      balance: 250,
      next_tier: { id: 2, name: 'Silver', point_floor: 500, missing: 250 },
      status: 'provisional',
      as_of: null,
    })
    const offers = validator(PerksAnswerShape)
    expect(offers.accepts(perks.value) || offers.explain(perks.value)).toBe(true)
    expect(perks.value.perks).toMatchObject([
      { id: 301, title: 'Coffee', points: 100, available: true, refused: null },
      { id: 302, available: true },
    ])
    const statuses = validator(StatusAnswerShape)
    const status = shop.till.status()
    expect(statuses.accepts(status) || statuses.explain(status)).toBe(true)
    expect(status).toMatchObject({
      store: { id: 1, name: 'Bath', zone: 'Europe/London' },
      seq: 2,
      synced_seq: 0,
      unsynced: 2,
      oldest_unsynced_at: '2026-01-05T10:00:00.000Z',
      program: { version: 1, name: 'Small', currency: 'GBP', currency_digits: 2 },
    })
  })

  test('perks: points that are missing are said, with or without a member', async () => {
    const id = await shop.member('1')
    expect(await shop.till.perks(Number(id) as MemberId)).toMatchObject({
      value: {
        perks: [
          { id: 301, available: false, refused: 'points_insufficient' },
          { id: 302, available: true },
        ],
      },
    })
    expect(await shop.till.perks(undefined)).toMatchObject({
      value: {
        perks: [
          { id: 301, available: true },
          { id: 302, available: true },
        ],
      },
    })
  })

  test('E-SPEND-6 perks: how often the limit allows it still, and from when on again', async () => {
    const limit = { count: 1, interval: 'DAY', interval_count: 3 } as const
    shop.publish(2, {
      ...SMALL_PROGRAM,
      redeem_perks: [
        { id: 301 as RuleId, title: 'Coffee', points: 10, limit },
        {
          id: 303 as RuleId,
          title: 'Points off',
          points: 0,
          money: { points: 3, money: 1 },
        },
        GIFT_PERK,
      ],
    })
    const id = await shop.member('1')
    const told = (change: object) => ({
      value: {
        perks: [{ id: 301, ...change }, { id: 303, points: 3, remaining: null }, { id: 302 }],
      },
    })
    expect(await shop.till.perks(Number(id) as MemberId)).toMatchObject(
      told({ available: true, remaining: 1, again_from: null }),
    )
    shop.online()
    shop.link.decide = () =>
      Promise.resolve(decision({ perk: 301 as RuleId, points: 10 as Points, member: Number(id) as MemberId }))
    await shop.done('redemption', { member: id, perk: 301 })
    expect(await shop.till.perks(Number(id) as MemberId)).toMatchObject(
      told({ available: false, refused: 'limit_reached', remaining: 0, again_from: '2026-01-08' }),
    )
  })

  test('A-15 perks: what is left of budgets is the cloud’s word, others’ leases taken off; unknown without it', async () => {
    shop.publish(2, {
      ...SMALL_PROGRAM,
      redeem_perks: [
        { id: 301 as RuleId, title: 'Cake', points: 1, budget: { total: 20, per_store: 6 } },
        { id: 302 as RuleId, title: 'Tea', points: 1, budget: { total: 3 }, voucher: {} },
        { id: 303 as RuleId, title: 'Jam', points: 1 },
      ],
    })
    const id = Number(await shop.member('1')) as MemberId
    let asked = 0
    shop.link.tellBudgets = () => {
      asked += 1
      const row = { redeemed_here: 0, leased: 0, leased_here: 0 }
      return Promise.resolve({
        type: 'budgets',
        question: 1,
        budgets: [
          { ...row, perk: 301 as RuleId, redeemed: 11, redeemed_here: 6, leased: 4, leased_here: 1 },
          { ...row, perk: 302 as RuleId, redeemed: 3 },
        ],
      })
    }
    const unknown = { total: 20, left: null, per_store: 6, left_here: null, offline: 0 }
    expect(await shop.till.perks(id)).toMatchObject({
      value: { status: 'provisional', perks: [{ available: true, budget: unknown }, {}, { budget: null }] },
    })
    expect(asked).toBe(0)
    shop.online()
    expect(await shop.till.perks(id)).toMatchObject({
      value: {
        perks: [
          { available: false, refused: 'budget_spent', budget: { left: 6, left_here: 0 } },
          {
            available: false,
            refused: 'budget_spent',
            budget: { total: 3, left: 0, per_store: null, left_here: null },
          },
          { available: true },
        ],
      },
    })
    expect(asked).toBe(1)
  })

  test('history: newest first, in pages, of the store or of a member, settled by acknowledgement and correction', async () => {
    const histories = validator(HistoryAnswerShape)
    const id = await shop.member('1')
    for (let at = 1; at <= 6; at++) await shop.done('sale', sale(at * 100, at % 2 === 0 ? id : undefined))
    shop.till.acknowledged(4 as Seq, 1)
    shop.till.takeCorrections({
      type: 'corrections',
      cursor: 1,
      corrections: [
        {
          fact: (3 * 2 ** 33 + 3) as FactId,
          revision: 1,
          points: 1 as Points,
          goodwill: 3 as Points,
          cause: 0 as FactId,
        },
      ],
      conflicts: [],
    })
    const seqs: number[] = []
    let before: string | undefined
    for (;;) {
      const page = shop.till.history(before === undefined ? { limit: 3 } : { limit: 3, before })
      if (!page.ok) throw new Error(page.refusal.detail)
      expect(histories.accepts(page.value) || histories.explain(page.value)).toBe(true)
      seqs.push(...page.value.facts.map((fact) => Number(fact.id) % 2 ** 33))
      if (page.value.next === null) break
      before = page.value.next
    }
    expect(seqs).toEqual([7, 6, 5, 4, 3, 2, 1])
    const own = shop.till.history({ member: id })
    if (!own.ok) throw new Error('refused')
    expect(own.value.facts.map(({ kind, points, status, amount }) => [kind, points, status, amount])).toEqual(
      [
        ['sale', 31, 'provisional', 600],
        ['sale', 4, 'provisional', 400],
        ['sale', 4, 'confirmed', 200],
        ['enrolment', 50, 'confirmed', null],
      ],
    )
    const rest = shop.till.history({ member: id, before: own.value.facts[1]?.id ?? '', limit: 1 })
    expect(rest).toMatchObject({
      value: { facts: [{ points: 4, amount: 200 }], next: own.value.facts[2]?.id },
    })
    const beforeGuest = shop.till.history({ member: id, before: String(3 * 2 ** 33 + 6) })
    expect(beforeGuest).toMatchObject({
      value: { facts: [{ amount: 400 }, { amount: 200 }, {}], next: null },
    })
    expect(shop.till.history({ before: 'x' })).toMatchObject({ refusal: { code: 'input_invalid' } })
    expect(shop.till.history({ member: '1' })).toMatchObject({ refusal: { code: 'input_invalid' } })
  })

  test('a rule that the program no longer has keeps its title on returns', async () => {
    const member = await shop.member('1')
    const { receipt } = await shop.done('sale', sale(1000, member))
    await shop.system.advance(60_000)
    const [perPound] = SMALL_PROGRAM.earn_perks
    shop.publish(
      2,
      {
        ...SMALL_PROGRAM,
        earn_perks: perPound === undefined ? [] : [{ ...perPound, id: 150 as never, title: 'New' }],
        bonuses: [],
      },
      shop.system.now,
    )
    await shop.system.advance(1)
    const back = await shop.done('return', { lines: [{ sale: receipt.id, line: 0, amount: 1000 }] })
    expect(back.entries).toEqual([{ kind: 'reverse', rule: 101, title: '1 point per pound', points: -10 }])
  })
})
