// P-LEASE, U-4 to U-8 and: shops, tills, links and a cloud, all real, on lines that are cut and mended. After each story the books add up.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { VoucherUses } from '../../cloud/domain/accounts/operations/voucher-use.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { idText } from '../../protocol/ids.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import {
  DOWN_PAUSE_MS,
  LEASES_PAUSE_MS,
  LEASES_POSTPONED_MAX,
  LEASES_SWEEP_MS,
  LEASE_MARGIN_MS,
  RESERVATION_MS_MAX,
} from '../../protocol/limits.ts'
import { verify as verifyEdge } from '../../edge/verify.ts'
import { verify as verifyCloud } from '../../cloud/verify.ts'
import { Shops } from '../support/shops.ts'
import type { Shop } from '../support/shops.ts'
import { program } from '../tables/story.ts'

const COFFEE = 301
const ONCE = 302
const FEW = 303
const MONEY = 304
const HOUR = 3_600_000
const DAY = 24 * HOUR

const offlineProgram = (offline: ProgramDocument['offline']): ProgramDocument =>
  program({
    grant_points_max: 10_000,
    redeem_perks: [
      { id: COFFEE, title: 'Coffee', points: 100, voucher: { valid_days: 30 } },
      { id: ONCE, title: 'Once', points: 0, limit: { count: 1, interval: 'ALL_TIME' } },
      { id: FEW, title: 'Few', points: 0, budget: { total: 8 } },
      { id: MONEY, title: 'Off', points: 0, money: { points: 1, money: 1 } },
    ],
    ...(offline === undefined ? {} : { offline }),
  })

const HALF = { share_percent: 50, redemption_max: 200, total_max: 400, stores_max: 3 }

let world: Shops
let a: Shop
let b: Shop
let member: MemberId

async function begin(offline: ProgramDocument['offline'] = HALF, points = 1_000): Promise<void> {
  world = await Shops.open(offlineProgram(offline), 2)
  a = world.shop(0)
  b = world.shop(1)
  member = await a.enrol('1')
  await a.done('grant', { member: String(member), points })
  await world.pass()
}

const leased = async (shop: Shop, subject = 'points'): Promise<number> =>
  (await world.leases({ store: shop.store }))
    .filter((lease) => lease.subject === subject)
    .reduce((sum, lease) => sum + outstandingOf(lease), 0)

test('A-1 P-SYNC-12: what was given elsewhere is in a confirmed answer DOWN_PAUSE_MS after the cloud took it', async () => {
  await begin()
  await b.done('checkin', { member: String(member) })
  await world.pass()
  const told = async (): Promise<unknown> => {
    const view = await b.till.member(member)
    return view.ok && [view.value.balance, view.value.status]
  }
  expect(await told()).toEqual([1_000, 'confirmed'])
  void a.start('grant', { member: String(member), points: 10 })
  await world.system.settle()
  expect(await balance()).toBe(1_010)
  expect(await told()).toEqual([1_000, 'confirmed'])
  await world.system.advance(DOWN_PAUSE_MS)
  expect(await told()).toEqual([1_010, 'confirmed'])
})

const balance = async (): Promise<number> => (await world.cloud.state(member)).balance

afterEach(async () => {
  for (const shop of world.shops) await shop.mend()
  await world.pass(3_000)
  expect(await world.check()).toEqual([])
  for (const shop of world.shops)
    expect(await verifyEdge(shop.directory)).toMatchObject({ ok: true, problems: [] })
  expect(await verifyCloud(world.cloud.directory)).toMatchObject({ ok: true, problems: [] })
  await world.close()
})

describe('spending offline', () => {
  beforeEach(() => begin())

  test('U-6 A-10 P-LEASE-2 a share is leased ahead of need, spent offline inside its cap, and no further', async () => {
    expect(await leased(a)).toBe(400)
    expect(await a.redeem(member, COFFEE)).toBe('cloud')
    await a.cut()
    expect(await a.redeem(member, COFFEE)).toBe('lease')
    expect(await a.redeem(member, MONEY, { points: 250 })).toBe('lease_exhausted')
    expect(await a.redeem(member, MONEY, { points: 200 })).toBe('lease')
    expect(await a.redeem(member, COFFEE)).toBe('lease')
    expect(await a.redeem(member, COFFEE)).toBe('lease_exhausted')
    await a.mend()
    expect(await balance()).toBe(500)
    expect(await world.conflicts()).toEqual([])
  })

  test('A-10 what nobody leased is refused', async () => {
    await b.write('checkin', { member: String(member) })
    const stranger = await b.enrol('2')
    await b.cut()
    expect(await b.redeem(stranger, COFFEE)).toBe('points_insufficient')
    expect(await b.use('NOBODYS')).toBe('authority_missing')
  })

  test('S30 a member redeems in three partitioned stores: no more than was leased', async () => {
    const c = await world.add('Third')
    for (const shop of [b, c]) await shop.done('checkin', { member: String(member) })
    await world.pass()
    const granted = (await Promise.all([a, b, c].map((shop) => leased(shop)))).reduce((x, y) => x + y)
    expect(granted).toBeLessThanOrEqual(500)
    for (const shop of [a, b, c]) await shop.cut()
    let spent = 0
    for (const shop of [a, b, c])
      for (let n = 0; n < 12; n++)
        if ((await shop.redeem(member, MONEY, { points: 50 })) === 'lease') spent += 50
    expect(spent).toBeGreaterThan(0)
    expect(spent).toBeLessThanOrEqual(granted)
    for (const shop of [a, b, c]) await shop.mend()
    expect(await balance()).toBe(1_000 - spent)
    expect(await world.conflicts()).toEqual([])
  })

  test('A-13 reserve, capture and cancel under a lease; what is cancelled can be spent again', async () => {
    await a.cut()
    const reserved = await a.done('redemption', { member: String(member), perk: COFFEE, capture: false })
    expect(reserved.redemption).toMatchObject({ stage: 'reserved', authority: 'lease' })
    await a.done('redemption_cancel', { redemption: reserved.receipt.id })
    const again = await a.done('redemption', { member: String(member), perk: COFFEE, capture: false })
    await a.done('redemption_capture', { redemption: again.receipt.id })
    for (let n = 0; n < 3; n++) expect(await a.redeem(member, COFFEE)).toBe('lease')
    expect(await a.redeem(member, COFFEE)).toBe('lease_exhausted')
    await a.mend()
    expect(await balance()).toBe(600)
  })

  test('A-13 a reservation that runs out by time puts its rights back', async () => {
    await a.cut()
    await a.done('redemption', { member: String(member), perk: MONEY, points: 200, capture: false })
    await world.pass(RESERVATION_MS_MAX + 1_000)
    for (let n = 0; n < 4; n++) expect(await a.redeem(member, COFFEE)).toBe('lease')
  })

  test('P-LEASE-1 a lease is used up in the transaction of its fact, and survives a kill', async () => {
    await a.cut()
    expect(await a.redeem(member, MONEY, { points: 150 })).toBe('lease')
    await a.restart()
    await a.cut()
    expect(await a.redeem(member, MONEY, { points: 200 })).toBe('lease')
    expect(await a.redeem(member, COFFEE)).toBe('lease_exhausted')
    expect(await a.redeem(member, MONEY, { points: 50 })).toBe('lease')
  })

  test('A-10 the cashier sees what can be spent here, and until when', async () => {
    const until = new Date(world.system.now + DAY).toISOString().slice(0, 13)
    expect(await a.till.member(member)).toMatchObject({
      value: { offline: { points: 400, redemption_max: 200 } },
    })
    // The store asks how far the budgets are used up.
    const asked = a.till.perks(member)
    await world.pass()
    const perks = await asked
    const untils = perks.ok
      ? perks.value.perks.map((perk) => [perk.id, perk.offline_until?.slice(0, 10)])
      : []
    expect(untils).toContainEqual([COFFEE, '2026-01-06'])
    expect(a.till.status().leases).toMatchObject({ points: 400, clock_trusted: true })
    expect(until > '2026-01-06').toBe(true)
  })
})

describe('recalls', () => {
  beforeEach(() => begin())

  test('U-7 A-14 what another store needs is asked back at once, also from the one that asks; its key is the place of its fact', async () => {
    await b.done('checkin', { member: String(member) })
    await world.pass()
    for (const points of [200, 200, 200, 200, 200])
      expect(await b.redeem(member, MONEY, { points })).toBe('cloud')
    expect(await balance()).toBe(0)
    expect(await leased(a)).toBe(0)
    const id = a.ledger.lastId()
    expect(a.ledger.ofKey(`edge:lease:${idText(id)}`)).toMatchObject({ id })
  })

  test('U-4 U-7 what a store out of reach has is not there, and the till is told where it is', async () => {
    await a.cut()
    expect(await b.redeem(member, MONEY, { points: 700 })).toBe('lease_elsewhere')
    expect(await b.redeem(member, MONEY, { points: 600 })).toBe('cloud')
    expect(await a.redeem(member, MONEY, { points: 200 })).toBe('lease')
    await a.mend()
    expect(await balance()).toBe(200)
  })

  test('U-7 a recall races a spend: whichever comes first, nothing is spent twice', async () => {
    const both = [
      a.start('redemption', { member: String(member), perk: MONEY, points: 600 }),
      b.start('redemption', { member: String(member), perk: MONEY, points: 900 }),
    ]
    await world.pass(4_000)
    const answers = await Promise.all(both)
    const spent = answers.map((answer) => (typeof answer === 'string' ? 0 : (answer.redemption?.points ?? 0)))
    expect(spent.filter((points) => points > 0)).toHaveLength(1)
    expect(await balance()).toBe(1_000 - Math.max(...spent))
  })

  test('U-7 a store that is cut off while it is asked keeps what it has', async () => {
    a.mute()
    const asked = b.start('redemption', { member: String(member), perk: MONEY, points: 900 })
    await world.pass(3_000)
    expect(await asked).toBe('lease_elsewhere')
    expect(await a.redeem(member, MONEY, { points: 200 })).toMatch(/lease/)
  })

  test('P-LEASE-5 a grant that got lost is told again, and counts from when it was made', async () => {
    await a.cut()
    await world.cloud.ingest.record(world.cloud.tenant, () => Promise.resolve())
    expect(await leased(a)).toBe(400)
    await a.restart()
    await a.mend()
    expect(a.ledger.leases.of(member, 'points', 0)[0]).toMatchObject({ granted: 400 })
  })
})

describe('what is not points', () => {
  test('P-LEASE-4 U-7 a voucher leased to one store and presented in another is asked back', async () => {
    await begin()
    const { vouchers } = await a.done('redemption', { member: String(member), perk: COFFEE })
    const code = vouchers[0]?.code ?? ''
    await world.pass()
    expect(await leased(a, 'voucher')).toBe(1)
    expect(await b.use(code)).toBe('cloud')
    await a.cut()
    expect(await a.use(code)).toMatch(/voucher_used|authority_missing|lease_exhausted/)
  })

  test('A-12 a voucher leased here is used offline, once; elsewhere it is not there meanwhile', async () => {
    await begin()
    const { vouchers } = await a.done('redemption', { member: String(member), perk: COFFEE })
    const code = vouchers[0]?.code ?? ''
    await world.pass()
    await a.cut()
    expect(await b.use(code)).toBe('lease_elsewhere')
    expect(await a.use(code)).toBe('lease')
    expect(await a.use(code)).toBe('voucher_used')
    await a.mend()
    expect(await b.use(code)).toBe('voucher_used')
    expect(await world.conflicts()).toEqual([])
  })

  test('OP-11 HQ uses a voucher by the authority, once per key; a lease is asked back, and kept to where it cannot be', async () => {
    await begin()
    const { vouchers } = await a.done('redemption', { member: String(member), perk: COFFEE })
    const code = vouchers[0]?.code ?? ''
    await world.pass()
    expect(await leased(a, 'voucher')).toBe(1)
    const { tenant } = world.cloud
    const uses = new VoucherUses(world.cloud)
    const use = async (key: string, wanted = code): Promise<string> => {
      const asked = uses.use(tenant, { code: wanted, store: null, key })
      await world.pass(3_000)
      const used = await asked
      return used.ok ? 'used' : used.refusal.code
    }
    await a.cut()
    expect(await use('one')).toBe('lease_elsewhere')
    await a.mend()
    expect(await use('two')).toBe('used')
    expect(await use('two')).toBe('used')
    expect(await use('three')).toBe('voucher_used')
    expect(await use('two', 'OTHER')).toBe('key_reused')
    expect(await use('four', 'NOBODYS')).toBe('voucher_not_found')
    expect(await a.use(code)).toBe('voucher_used')
    expect(await world.conflicts()).toEqual([])
  })

  test('A-12 a voucher that was issued here offline can be used here offline', async () => {
    await begin()
    await a.cut()
    const { vouchers } = await a.done('redemption', { member: String(member), perk: COFFEE })
    expect(await a.use(vouchers[0]?.code ?? '')).toBe('lease')
    await a.mend()
    expect(await world.conflicts()).toEqual([])
  })

  test('E-OFF-2 a limited perk is redeemed offline by one store only', async () => {
    await begin()
    await b.done('checkin', { member: String(member) })
    await world.pass()
    await a.cut()
    await b.cut()
    const answers = [await a.redeem(member, ONCE), await b.redeem(member, ONCE)]
    expect(answers.filter((answer) => answer === 'lease')).toHaveLength(1)
    expect(await a.redeem(member, ONCE)).toBe('limit_reached')
  })

  test('E-OFF-2 a budget is shared out, and never redeemed more often than it allows', async () => {
    await begin()
    await world.pass(LEASES_SWEEP_MS)
    const [here, there] = [await leased(a, 'budget'), await leased(b, 'budget')]
    expect([here, there]).toEqual([2, 2])
    await a.cut()
    for (let n = 0; n < here; n++) expect(await a.redeem(member, FEW)).toBe('lease')
    expect(await a.redeem(member, FEW)).toBe('lease_exhausted')
    let online = 0
    while ((await b.redeem(member, FEW)) === 'cloud') online += 1
    expect(online).toBe(8 - here)
  })
})

describe('time', () => {
  beforeEach(() => begin({ ...HALF, hours: 4 }))

  test('A-10 A-14 a lease ends a margin before it expires, and goes back when it does', async () => {
    await a.cut()
    await world.leap(4 * HOUR - LEASE_MARGIN_MS)
    expect(await a.redeem(member, COFFEE)).toBe('lease_expired')
    expect(await leased(a)).toBe(400)
    await world.leap(HOUR)
    await a.mend()
    expect(
      (await world.leases({ store: a.store, open: true })).every(({ expires }) => expires > world.system.now),
    ).toBe(true)
  })

  test('U-8 what expired at a store out of reach stays kept for what it may have spent', async () => {
    await a.cut()
    expect(await a.redeem(member, MONEY, { points: 200 })).toBe('lease')
    await world.leap(8 * HOUR)
    expect(await b.redeem(member, MONEY, { points: 900 })).toBe('lease_elsewhere')
    await a.mend()
    expect(await balance()).toBe(800)
    expect(await b.redeem(member, MONEY, { points: 800 })).toBe('cloud')
  })

  test('A-10 A-14 by a clock that is suspect nothing is spent and nothing expires', async () => {
    const lease = a.ledger.leases.of(member, 'points', 0)[0]?.lease ?? 0
    await a.cut()
    a.jumpClock(3_650 * DAY)
    await a.restart()
    await world.pass(LEASES_SWEEP_MS)
    expect(a.till.status().leases).toMatchObject({ clock_trusted: false })
    expect(await a.redeem(member, COFFEE)).toBe('lease_expired')
    await world.leap(5 * HOUR)
    expect(a.ledger.leases.one(lease)).toMatchObject({ returned: 0 })
    await a.mend()
    await world.pass(LEASES_SWEEP_MS)
    expect(a.ledger.leases.one(lease)).toMatchObject({ returned: 400 })
  })

  test('U-6 looks wait while a store drains a backlog, LEASES_POSTPONED_MAX pauses at most', async () => {
    world.cloud.drains = () => true
    await b.done('checkin', { member: String(member) })
    await world.pass((LEASES_POSTPONED_MAX - 2) * LEASES_PAUSE_MS)
    expect(await leased(b)).toBe(0)
    await world.pass(4 * LEASES_PAUSE_MS)
    expect(await leased(b)).toBeGreaterThan(0)
  })

  test('U-6 a lease is renewed before it ends while the store is in reach', async () => {
    const [before] = await world.leases({ store: a.store })
    await world.leap(3 * HOUR)
    await world.pass(LEASES_SWEEP_MS)
    const [after] = await world.leases({ store: a.store })
    expect(after?.lease).toBe(before?.lease)
    expect(after?.expires ?? 0).toBeGreaterThan(before?.expires ?? 0)
  })
})

test('U-8 U-5 a store that is never heard of: what it had comes back, and what it presents later is risk', async () => {
  await begin({ ...HALF, hours: 1, write_off_days: 2 })
  await a.cut()
  expect(await a.redeem(member, MONEY, { points: 200 })).toBe('lease')
  await world.leap(2 * DAY + 2 * HOUR)
  await world.pass(LEASES_SWEEP_MS)
  expect(await leased(a)).toBe(0)
  expect(await b.redeem(member, MONEY, { points: 1_000 })).toBe('cloud')
  await a.mend()
  expect(await balance()).toBe(-200)
  expect(await world.conflicts()).toContain('spent_beyond_lease')
})

test('U-6 a program that lowers the caps: what was leased above them is asked back, and no till spends more', async () => {
  await begin()
  await b.cut()
  await world.publish(offlineProgram({ ...HALF, redemption_max: 100, total_max: 100 }))
  await world.pass(LEASES_SWEEP_MS * 2)
  expect(await leased(a)).toBe(100)
  await a.cut()
  expect(await a.redeem(member, MONEY, { points: 101 })).toBe('lease_exhausted')
  expect(await a.redeem(member, COFFEE)).toBe('lease')
})

describe('risk', () => {
  const RISK = { per_member: 150, per_store: 200, per_outage: 180, uses_per_outage: 2 }

  test('E-OFF-1 A-11 without the merchant’s word nothing is risked', async () => {
    await begin({ share_percent: 0 })
    await a.cut()
    expect(await leased(a)).toBe(0)
    expect(await a.redeem(member, COFFEE)).toBe('authority_missing')
  })

  test('A-11 P-LEASE-3 U-5 risk up to its limits, booked and told, over a restart', async () => {
    await begin({ share_percent: 0, risk: RISK })
    await b.redeem(member, MONEY, { points: 900 })
    await a.cut()
    expect(await a.redeem(member, COFFEE)).toBe('risk')
    expect(await a.redeem(member, COFFEE)).toBe('authority_missing')
    await a.restart()
    await a.cut()
    expect(await a.redeem(member, MONEY, { points: 50 })).toBe('risk')
    expect(await a.redeem(member, MONEY, { points: 1 })).toBe('authority_missing')
    await a.mend()
    expect(await balance()).toBe(-50)
    expect(await world.conflicts()).toEqual(['risk_used', 'risk_used'])
    await a.cut()
    expect(await a.redeem(member, MONEY, { points: 100 })).toBe('points_insufficient')
  })

  test('A-11 a lease first, risk for the rest', async () => {
    await begin({ ...HALF, total_max: 100, redemption_max: 100, risk: RISK })
    await a.cut()
    expect(await a.redeem(member, MONEY, { points: 150 })).toBe('risk')
    expect(a.ledger.leases.risked(member, 0)).toMatchObject({ memberPoints: 50, outageUses: 1 })
  })
})

test('U-2 a decision whose fact is out of reach for weeks is not spent twice', async () => {
  await begin({ share_percent: 0 })
  const key = 'kept'
  const asked = b.start('redemption', { member: String(member), perk: MONEY, points: 1_000 }, key)
  await world.system.settle()
  const answer = await asked
  expect(typeof answer).toBe('object')
  await b.cut()
  await world.leap(20 * DAY)
  expect(await a.redeem(member, MONEY, { points: 1 })).toBe('points_insufficient')
})
