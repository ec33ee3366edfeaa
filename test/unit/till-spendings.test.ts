// Spending at the till: decided by the cloud, carried by the fact, settled here.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { RESERVATION_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { SpendingQuestion } from '../../edge/till/cloud-link.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'
import { ORIGIN, TillUnderTest, decision, sale, stranger } from '../support/till-under-test.ts'

const POINTS_OFF = 303 as RuleId
const MONEY_PROGRAM = {
  ...SMALL_PROGRAM,
  redeem_perks: [
    ...SMALL_PROGRAM.redeem_perks,
    {
      id: POINTS_OFF,
      title: 'Points off',
      points: 0,
      money: { points: 3, money: 1 },
    },
  ],
}

let shop: TillUnderTest
let member: string

beforeEach(async () => {
  shop = new TillUnderTest()
  member = await shop.member('1')
  await shop.done('sale', sale(40_000, member))
  shop.online()
  shop.link.decide = ({ perk, voucher }) =>
    Promise.resolve(
      decision({
        perk: perk ?? COFFEE,
        points: (voucher === null ? 100 : 0) as Points,
        member: Number(member) as MemberId,
      }),
    )
})

afterEach(() => {
  shop.remove()
})

const facts = () => shop.ledger.latest(100).map(({ bytes }) => decodeStoredFact(bytes))
const spendings = () => shop.link.asked.filter((asked): asked is SpendingQuestion => 'perk' in asked)

describe('redemptions', () => {
  test('A-7 the cloud decides; its hold goes on the fact, and the answer brings the voucher', async () => {
    const receipt = await shop.done('redemption', { member, perk: COFFEE }, 'key-7')
    expect(receipt).toMatchObject({
      kind: 'redemption',
      points: -100,
      member: { balance: 350 },
      entries: [{ kind: 'spend', rule: COFFEE, title: 'Coffee', points: -100 }],
      redemption: { id: receipt.receipt.id, stage: 'captured', perk: COFFEE, points: 100 },
      vouchers: [{ perk: COFFEE, title: 'Coffee', expires_at: '2026-02-05T00:00:00.000Z' }],
    })
    expect(facts()[0]).toMatchObject({ kind: 'redemption', stage: 'captured', of: 0, hold: 77, points: 100 })
    expect(spendings()).toMatchObject([
      { key: 'key-7', member: Number(member), perk: COFFEE, voucher: null, offset: 0 },
    ])
  })

  test('A-7 M-4 it is theirs for whom it was decided, also where the card is another member’s when the answer comes', async () => {
    const identities = [{ kind: 'card', value: '1' }] as const
    const other = stranger(5)
    const { decide } = shop.link
    shop.link.decide = (question) => {
      shop.send(other, { balance: 900 }, { identities })
      return decide(question)
    }
    const receipt = await shop.done('redemption', { member: identities[0], perk: COFFEE })
    expect(shop.ledger.members.holder(identities[0])).toBe(other)
    expect(spendings()).toMatchObject([{ member: Number(member) }])
    expect(facts()[0]).toMatchObject({ kind: 'redemption', hold: 77, member: Number(member) })
    expect(receipt).toMatchObject({ member: { id: member, balance: 350 } })
  })

  test('E-SPEND-9 points as money: the points are named to the cloud, and the answer says what they take off', async () => {
    shop.publish(2, MONEY_PROGRAM)
    shop.link.decide = ({ perk, points }) =>
      Promise.resolve(
        decision({
          perk: perk ?? COFFEE,
          points: ((points ?? 0) - 2) as Points,
          member: Number(member) as MemberId,
        }),
      )
    const receipt = await shop.done('redemption', { member, perk: POINTS_OFF, points: 101 })
    expect(spendings()).toMatchObject([{ perk: POINTS_OFF, points: 101, voucher: null }])
    expect(receipt).toMatchObject({
      points: -99,
      redemption: { perk: POINTS_OFF, points: 99, discount: 33 },
    })
    const coffee = await shop.done('redemption', { member, perk: COFFEE })
    expect(spendings().at(-1)).toMatchObject({ perk: COFFEE, points: null })
    expect(coffee).toMatchObject({ redemption: { perk: COFFEE, discount: null } })
  })

  test('E-SPEND-11 the basket goes with the question: as it is said, or as a sale of this store has it', async () => {
    const lines = [{ sku: 'tea', amount: 500 as never }]
    const tenders = [{ type: 'card', amount: 500 as never }]
    await shop.done('redemption', { member, perk: COFFEE, basket: { lines, tenders } })
    const said = { lines: [{ sku: 'tea', category: null, quantity: 1000, amount: 500 }], tenders }
    expect(spendings().at(-1)).toMatchObject({ perk: COFFEE, basket: said })
    const bought = await shop.done('sale', { lines, tenders })
    await shop.done('redemption', { member, perk: COFFEE, sale: bought.receipt.id })
    expect(spendings().at(-1)).toMatchObject({ perk: COFFEE, basket: said })
    await shop.done('redemption', { member, perk: COFFEE })
    expect(spendings().at(-1)).toMatchObject({ perk: COFFEE, basket: null })
    const refusedWith = (input: object) => shop.refused('redemption', { member, perk: COFFEE, ...input })
    expect(await refusedWith({ sale: bought.receipt.id, basket: { lines } })).toBe('input_invalid')
    expect(await refusedWith({ sale: member })).toBe('sale_not_found')
    expect(await refusedWith({ sale: String(stranger(5)) })).toBe('sale_not_found')
    expect(await refusedWith({ basket: { lines, tenders: [{ type: 'card', amount: 1 }] } })).toBe(
      'amount_mismatch',
    )
  })

  test('E-SPEND-9 points as money take no more off than the basket comes to', async () => {
    shop.publish(2, MONEY_PROGRAM)
    shop.link.decide = ({ perk }) =>
      Promise.resolve(
        decision({ perk: perk ?? COFFEE, points: 7 as Points, member: Number(member) as MemberId }),
      )
    const basket = { lines: [{ sku: 'sweet', amount: 1 as never }] }
    expect(await shop.done('redemption', { member, perk: POINTS_OFF, points: 9, basket })).toMatchObject({
      redemption: { perk: POINTS_OFF, points: 7, discount: 1 },
    })
  })

  test('A-7 without a live link, or without an answer, there is no authority', async () => {
    shop.link.decide = () => Promise.resolve('unreachable')
    expect(await shop.refused('redemption', { member, perk: COFFEE }, 'again')).toBe('authority_missing')
    shop.offline()
    expect(await shop.refused('redemption', { member, perk: COFFEE }, 'again')).toBe('authority_missing')
    expect(await shop.refused('voucher_use', { code: 'ABCDEFGH' })).toBe('authority_missing')
    expect(spendings()).toHaveLength(1)
    expect(shop.ledger.seq).toBe(2)
  })

  test('A-7 the cloud’s refusal is passed on; a code nobody here knows is a fault of ours', async () => {
    const refusing = (refused: string) => {
      shop.link.decide = () => Promise.resolve(decision({ hold: 0, refused, detail: 'No.' }))
    }
    refusing('points_insufficient')
    expect(await shop.write('redemption', { member, perk: COFFEE })).toMatchObject({
      refusal: { code: 'points_insufficient', detail: 'No.' },
    })
    refusing('from_the_future')
    expect(await shop.refused('redemption', { member, perk: COFFEE })).toBe('fault')
    expect(shop.ledger.seq).toBe(2)
  })

  test('K-2 a repeated redemption is not decided twice', async () => {
    await shop.done('redemption', { member, perk: COFFEE }, 'once')
    expect(await shop.write('redemption', { member, perk: COFFEE }, 'once')).toMatchObject({
      value: { replayed: true },
    })
    expect(spendings()).toHaveLength(1)
  })

  test('L-6 a decision whose fact could not be stored is asked for again under the same key', async () => {
    const pages = shop.database.pragma('page_count', { simple: true }) as number
    shop.database.pragma(`max_page_count = ${pages}`)
    const filler = { lines: Array.from({ length: 4_000 }, (_, at) => ({ sku: `sku-${at}`, amount: 1 })) }
    const group = [shop.start('redemption', { member, perk: COFFEE }, 'k')]
    shop.link.decide = async () => {
      group.push(shop.start('sale', filler))
      return Promise.resolve(
        decision({ perk: COFFEE, points: 100 as Points, member: Number(member) as MemberId }),
      )
    }
    await shop.system.settle()
    expect(await group[0]).toMatchObject({ refusal: { code: 'storage_full' } })
    shop.database.pragma(`max_page_count = ${pages + 1_000}`)
    shop.till.lookAtDisk()
    shop.link.decide = () =>
      Promise.resolve(decision({ perk: COFFEE, points: 100 as Points, member: Number(member) as MemberId }))
    expect(await shop.done('redemption', { member, perk: COFFEE }, 'k')).toMatchObject({
      member: { balance: 350 },
    })
    expect(spendings().map(({ key }) => key)).toEqual(['k', 'k'])
  })
})

describe('reservations', () => {
  const reserve = () => shop.done('redemption', { member, perk: COFFEE, capture: false })

  test('A-7 a reservation is captured or cancelled once, also without a link', async () => {
    const first = await reserve()
    expect(first).toMatchObject({ points: -100, vouchers: [], redemption: { stage: 'reserved' } })
    const second = await reserve()
    shop.offline()
    const captured = await shop.done('redemption_capture', { redemption: first.receipt.id })
    expect(captured).toMatchObject({
      points: 0,
      member: { balance: 250 },
      vouchers: [{ perk: COFFEE }],
      redemption: { id: first.receipt.id, stage: 'captured', points: 100 },
    })
    const cancelled = await shop.done('redemption_cancel', { redemption: second.receipt.id })
    expect(cancelled).toMatchObject({
      points: 100,
      member: { balance: 350 },
      redemption: { stage: 'cancelled' },
    })
    for (const redemption of [first.receipt.id, second.receipt.id])
      expect(await shop.refused('redemption_capture', { redemption })).toBe('redemption_settled')
    const again = second.receipt.id
    expect(await shop.refused('redemption_cancel', { redemption: again })).toBe('redemption_settled')
    expect(await shop.refused('void', { fact: again })).toBe('redemption_settled')
    expect(facts()[0]).toMatchObject({ of: Number(second.receipt.id), hold: 77 })
    expect(shop.ledger.sequels.reservations()).toEqual([])
  })

  test('A-7 captured twice in one group: the first one settles it', async () => {
    const redemption = (await reserve()).receipt.id
    const both = [
      shop.start('redemption_capture', { redemption }),
      shop.start('redemption_capture', { redemption }),
    ]
    await shop.system.settle()
    expect((await Promise.all(both)).map(({ ok }) => ok)).toEqual([true, false])
  })

  test('E-SPEND-12 what was captured is given back by cancelling or voiding it, also without a link', async () => {
    const first = await shop.done('redemption', { member, perk: COFFEE })
    const second = await shop.done('redemption', { member, perk: COFFEE })
    const reserved = await reserve()
    shop.offline()
    const capture = await shop.done('redemption_capture', { redemption: reserved.receipt.id })
    expect(await shop.done('redemption_cancel', { redemption: first.receipt.id })).toMatchObject({
      points: 100,
      member: { balance: 250 },
      redemption: { id: first.receipt.id, stage: 'cancelled' },
    })
    expect(await shop.done('void', { fact: second.receipt.id })).toMatchObject({
      kind: 'void',
      points: 100,
      member: { balance: 350 },
    })
    expect(await shop.done('void', { fact: capture.receipt.id })).toMatchObject({ points: 100 })
    for (const { receipt } of [first, second, reserved]) {
      expect(await shop.refused('redemption_cancel', { redemption: receipt.id })).toBe('redemption_settled')
      expect(await shop.refused('void', { fact: receipt.id })).toMatch(/already_voided|redemption_settled/)
    }
  })

  test('E-SPEND-12 a void of a reservation ends it: nothing is left to cancel when its time is over', async () => {
    const redemption = (await reserve()).receipt.id
    await shop.done('void', { fact: redemption })
    expect(shop.ledger.sequels.reservations()).toEqual([])
  })

  test('E-SPEND-12 what was used is not given back', async () => {
    const captured = await shop.done('redemption', { member, perk: COFFEE })
    const code = captured.vouchers?.[0]?.code ?? ''
    await shop.done('voucher_use', { code })
    const id = captured.receipt.id
    expect(await shop.refused('redemption_cancel', { redemption: id })).toBe('voucher_used')
    expect(await shop.refused('void', { fact: id })).toBe('voucher_used')
  })

  test('what is no redemption of this store is not found', async () => {
    for (const redemption of [member, String(stranger(5)), String(ORIGIN * 2 ** 33 + 99), '4'])
      expect(await shop.refused('redemption_cancel', { redemption })).toBe('redemption_not_found')
  })

  test('A-7 nobody settles it: the edge cancels it by a fact of its own when its time is over', async () => {
    const { receipt } = await reserve()
    await shop.system.advance(RESERVATION_MS_MAX - 1)
    expect(shop.ledger.seq).toBe(3)
    await shop.system.advance(1)
    expect(shop.ledger.seq).toBe(4)
    expect(facts()[0]).toMatchObject({
      kind: 'redemption',
      stage: 'cancelled',
      of: Number(receipt.id),
      terminal: 'edge',
      key: `edge:expire:${receipt.id}`,
    })
    expect(await shop.till.member(Number(member) as MemberId)).toMatchObject({ value: { balance: 450 } })
    expect(await shop.refused('redemption_capture', { redemption: receipt.id })).toBe('redemption_settled')
    await shop.system.advance(RESERVATION_MS_MAX)
    expect(shop.ledger.seq).toBe(4)
  })

  test('A-7 a reservation that ran out while the edge was down is cancelled at the start', async () => {
    await reserve()
    shop.system.now += RESERVATION_MS_MAX
    shop.restart()
    await shop.system.advance(0)
    expect(facts()[0]).toMatchObject({ stage: 'cancelled' })
  })

  test('A-7 a settled reservation is left alone, and a later one still ends', async () => {
    const first = await reserve()
    await shop.system.advance(60_000)
    await reserve()
    await shop.done('redemption_capture', { redemption: first.receipt.id })
    await shop.system.advance(RESERVATION_MS_MAX - 60_000)
    expect(shop.ledger.seq).toBe(5)
    await shop.system.advance(60_000)
    expect(shop.ledger.seq).toBe(6)
  })
})

describe('vouchers', () => {
  test('A-7 a voucher is used by its code; whose it is comes with the decision', async () => {
    const bought = await shop.done('redemption', { member, perk: COFFEE })
    const code = bought.vouchers[0]?.code ?? ''
    const used = await shop.done('voucher_use', { code: ` ${code.toLowerCase()} ` })
    expect(used).toMatchObject({
      kind: 'voucher_use',
      points: 0,
      member: { id: member },
      voucher: { code, perk: COFFEE, title: 'Coffee' },
    })
    expect(spendings().at(-1)).toMatchObject({ member: 0, perk: null, voucher: code })
    expect(facts()[0]).toMatchObject({ member: Number(member), code, hold: 77 })
    expect(await shop.till.member(Number(member) as MemberId)).toMatchObject({
      value: { vouchers: [{ code, status: 'USED' }] },
    })
  })

  test('A-7 a voucher of a member this store has not met: the cloud is asked who it is', async () => {
    const owner = stranger(5)
    shop.link.decide = () => Promise.resolve(decision({ perk: COFFEE, member: owner }))
    shop.link.find = () => {
      shop.send(owner, { balance: 5 }, { name: 'Ann Lee' })
      return Promise.resolve(owner)
    }
    expect(await shop.done('voucher_use', { code: 'ABCDEFGH' })).toMatchObject({
      member: { id: String(owner), balance: 5 },
    })
    shop.link.find = () => Promise.resolve('unreachable')
    const other = stranger(6)
    shop.link.decide = (): Promise<Decision> => Promise.resolve(decision({ perk: COFFEE, member: other }))
    expect(await shop.done('voucher_use', { code: 'HGFEDCBA' })).toMatchObject({
      member: null,
      status: 'provisional',
    })
    expect(facts()[0]).toMatchObject({ member: other, code: 'HGFEDCBA' })
  })

  test('A-7 the cloud’s word on a voucher is passed on', async () => {
    shop.link.decide = () =>
      Promise.resolve(decision({ hold: 0, refused: 'voucher_used', detail: 'Used on Monday.' }))
    expect(await shop.write('voucher_use', { code: 'ABCDEFGH' })).toMatchObject({
      refusal: { code: 'voucher_used', detail: 'Used on Monday.' },
    })
  })
})
