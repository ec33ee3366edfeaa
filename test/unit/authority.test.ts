// U-1: one decision at a time, and what was allowed is held back from the next: by metric, by use, by the points a redemption names.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Basket } from '../../protocol/facts.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { MemberId, RuleId, Seq } from '../../protocol/ids.ts'
import { CLOCK_SKEW_MS_MAX, HOLD_MS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import { hybridTime } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { program } from '../tables/story.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const DAY = 86_400_000

const PROGRAM: ProgramDocument = program({
  metrics: [{ id: 7, name: 'Stamps' }],
  earn_perks: [
    {
      id: 102,
      title: 'Stamps',
      type: 'STANDARD',
      award: { kind: 'per_item', points: 1 },
      metric: 7,
    },
  ],
  redeem_perks: [
    { id: 301, title: 'Coffee', points: 60 },
    { id: 302, title: 'Cake', points: 2, metric: 7 },
    { id: 303, title: 'Points off', points: 0, money: { points: 3, money: 1 } },
    { id: 305, title: 'With tea', points: 1, when: { basket: { skus: ['tea'] } } },
    { id: 306, title: 'Biscuit', points: 1, limit: { count: 1, interval: 'DAY', interval_count: 1 } },
    { id: 304, title: 'Two drinks', points: 0, voucher: { uses: 2, valid_days: 1 } },
  ],
})

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let till: OriginWriter
let member: MemberId
const time = { now: T0 }

beforeEach(async () => {
  directory = freshDirectory()
  time.now = T0
  cloud = new CloudCore(directory.path, { now: () => time.now })
  await cloud.found(PROGRAM)
  till = await cloud.addStore()
  member = till.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  till.grant({ at: T0 + 1, member }, 100)
  till.sale({ at: T0 + 2, member }, [{ sku: 'tea', pieces: 3, amount: 900 }])
  time.now = T0 + 1_000
  await cloud.ingest.submit(till.origin, till.batch())
})

afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

let asked = 0
const ask = (
  question: { perk: number; points?: number; basket?: Basket } | { voucher: string },
  at: number = time.now,
): Promise<Decision> => {
  asked += 1
  return cloud.authority.decide(cloud.tenant, till.store, {
    type: 'authorise',
    question: asked,
    key: `r-${asked}`,
    member: 'perk' in question ? member : (0 as MemberId),
    at: hybridTime(at),
    offset: 0 as never,
    perk: 'perk' in question ? (question.perk as RuleId) : null,
    points: 'perk' in question && question.points !== undefined ? (question.points as Points) : null,
    basket: 'perk' in question ? (question.basket ?? null) : null,
    voucher: 'voucher' in question ? question.voucher : null,
  })
}

test('U-2 what was allowed is held for HOLD_MS_MAX, and longer until its store was heard of as a whole', async () => {
  await ask({ perk: 301 })
  const held = async (at: number): Promise<number> =>
    (await cloud.store.read.openHolds(cloud.tenant, member, at as never)).length
  const end = time.now + HOLD_MS_MAX
  expect([await held(end - 1), await held(end)]).toEqual([1, 1])
  const contact = { origin: till.origin, saidSeq: till.seq as Seq, software: '', program: 1 as never }
  await cloud.store.write((tx) => tx.saveContact({ ...contact, contactAt: end as never }))
  expect([await held(end - 1), await held(end)]).toEqual([1, 0])
})

describe('U-1 what was allowed is held back', () => {
  test('E-SPEND-8 from the account of its metric only', async () => {
    expect(await ask({ perk: 302 })).toMatchObject({ refused: null, points: 2 })
    expect(await ask({ perk: 302 })).toMatchObject({ refused: 'points_insufficient' })
    expect(await ask({ perk: 301 })).toMatchObject({ refused: null, points: 60 })
    expect(await ask({ perk: 301 })).toMatchObject({ refused: 'points_insufficient' })
  })

  test('E-SPEND-9 just what the discount uses of the points that were named', async () => {
    expect(await ask({ perk: 303, points: 50 })).toMatchObject({ refused: null, points: 48 })
    expect(await ask({ perk: 303, points: 53 })).toMatchObject({ refused: 'points_insufficient' })
    expect(await ask({ perk: 303, points: 52 })).toMatchObject({ refused: null, points: 51 })
    expect(await ask({ perk: 303 })).toMatchObject({ refused: 'input_invalid' })
  })

  test('E-SPEND-11 what a basket must hold is asked of the one in the question', async () => {
    const basketWith = (sku: string): Basket => ({
      lines: [{ sku, category: null, quantity: 1000 as never, amount: 300 as never }],
      tenders: [],
    })
    expect(await ask({ perk: 305 })).toMatchObject({ refused: 'condition_unmet' })
    expect(await ask({ perk: 305, basket: basketWith('cake') })).toMatchObject({ refused: 'condition_unmet' })
    expect(await ask({ perk: 305, basket: basketWith('tea') })).toMatchObject({ refused: null, points: 1 })
  })

  test('E-SPEND-5 a use of an entitlement that has another one left', async () => {
    till.redeem({ at: T0 + 10, member }, 304, 0, (await ask({ perk: 304 })).hold)
    await cloud.ingest.submit(till.origin, till.batch(4, 4))
    const code = (await cloud.state(member)).entitlements[0]?.code ?? ''
    expect(await ask({ voucher: code })).toMatchObject({ refused: null, perk: 304, member })
    expect(await ask({ voucher: code })).toMatchObject({ refused: null })
    expect(await ask({ voucher: code })).toMatchObject({ refused: 'voucher_used' })
  })
})

test('E-ENT-4 time has come to the moment of the question, though no fact has brought it', async () => {
  till.redeem({ at: T0 + 10, member }, 304, 0, (await ask({ perk: 304 })).hold)
  await cloud.ingest.submit(till.origin, till.batch(4, 4))
  const code = (await cloud.state(member)).entitlements[0]?.code ?? ''
  time.now = T0 + 3 * DAY
  expect(await ask({ voucher: code })).toMatchObject({ refused: 'voucher_expired' })
  expect(await ask({ voucher: 'NOBODYS' })).toMatchObject({ refused: 'voucher_not_found' })
})

describe('U-1 P-TIME-7 a store whose clock is ahead of the cloud is decided for by the cloud', () => {
  const AHEAD = 10 * 365 * DAY
  const TEN_SECONDS = 10_000

  test('in another year a limit allows no more than today', async () => {
    const { hold } = await ask({ perk: 306 })
    till.redeem({ at: time.now, member }, 306, 1, hold)
    await cloud.ingest.submit(till.origin, till.batch(4, 4))
    expect(await ask({ perk: 306 }, time.now + AHEAD)).toMatchObject({ refused: 'limit_reached' })
  })

  test('what it then booked in that year counts today as well, and takes the place of nothing', async () => {
    const ahead = await ask({ perk: 306 }, time.now + AHEAD)
    till.redeem({ at: time.now + AHEAD, member }, 306, 1, ahead.hold)
    await cloud.ingest.submit(till.origin, till.batch(4, 4))
    expect(await ask({ perk: 306 })).toMatchObject({ refused: 'limit_reached' })
  })

  test('a voucher has not expired', async () => {
    till.redeem({ at: T0 + 10, member }, 304, 0, (await ask({ perk: 304 })).hold)
    await cloud.ingest.submit(till.origin, till.batch(4, 4))
    const code = (await cloud.state(member)).entitlements[0]?.code ?? ''
    expect(await ask({ voucher: code }, time.now + AHEAD)).toMatchObject({ refused: null, perk: 304 })
  })

  test('within CLOCK_SKEW_MS_MAX it is the store’s day', async () => {
    const midnight = T0 + 14 * 3_600_000
    time.now = midnight - TEN_SECONDS
    till.redeem({ at: time.now, member }, 306, 1, (await ask({ perk: 306 })).hold)
    await cloud.ingest.submit(till.origin, till.batch(4, 4))
    const beyond = time.now + CLOCK_SKEW_MS_MAX + 1
    expect(await ask({ perk: 306 }, beyond)).toMatchObject({ refused: 'limit_reached' })
    expect(await ask({ perk: 306 }, beyond - 1)).toMatchObject({ refused: null })
  })
})
