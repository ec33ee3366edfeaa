// U-6, U-8 and A-11: leases when something changes under them: a store comes back, another store is visited, members are merged, the program lends less,
// a device is replaced; and what a cashier reads. Shops and a cloud as in leases.test.ts; the stories of one world are of different members.
import { afterEach, expect, test } from 'vitest'
import { HqFacts } from '../../cloud/domain/hq-facts.ts'
import type { HqRequest } from '../../cloud/domain/hq-requests.ts'
import { appendLeaseFacts } from '../../cloud/domain/leases/lease-facts.ts'
import { LeaseRounds } from '../../cloud/domain/leases/rounds.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { spendableIn } from '../../cloud/evaluation/metrics/metrics.ts'
import { decodeState } from '../../cloud/evaluation/state.ts'
import type { LeaseRow } from '../../cloud/store/lease-port.ts'
import type { MemberId, Origin, ProgramVersion, RuleId, StoreId } from '../../protocol/ids.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import { LEASES_OVER_MS, LEASES_SWEEP_MAX, LEASES_SWEEP_MS, LEASE_MARGIN_MS } from '../../protocol/limits.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import { verify } from '../../cloud/verify.ts'
import { Shops } from '../support/shops.ts'
import type { Shop } from '../support/shops.ts'
import { program } from '../tables/story.ts'

const COFFEE = 301 as RuleId
const ONCE = 302
const FEW = 303
const MONEY = 304
const HOUR = 3_600_000
const DAY = 24 * HOUR

const lending = (offline: ProgramDocument['offline'], budget = 8): ProgramDocument =>
  program({
    grant_points_max: 10_000,
    redeem_perks: [
      { id: COFFEE, title: 'Coffee', points: 100, voucher: { valid_days: 30 } },
      { id: ONCE, title: 'Once', points: 0, limit: { count: 1, interval: 'ALL_TIME' } },
      { id: FEW, title: 'Few', points: 0, budget: { total: budget } },
      { id: MONEY, title: 'Off', points: 0, money: { points: 1, money: 1 } },
    ],
    ...(offline === undefined ? {} : { offline }),
  })

const HALF = { share_percent: 50, redemption_max: 200, total_max: 5_000 }

let world: Shops
let a: Shop
let b: Shop

async function begin(offline: ProgramDocument['offline']): Promise<void> {
  world = await Shops.open(lending(offline), 2)
  a = world.shop(0)
  b = world.shop(1)
}

afterEach(async () => {
  for (const shop of world.shops) await shop.mend()
  await world.pass(3_000)
  expect(await world.check()).toEqual([])
  expect(await verify(world.cloud.directory)).toMatchObject({ ok: true, problems: [] })
  await world.close()
})

async function rich(shop: Shop, card: string, points = 1_000): Promise<MemberId> {
  const member = await shop.enrol(card)
  await shop.done('grant', { member: String(member), points })
  await world.pass()
  return member
}

async function say(member: MemberId, request: HqRequest): Promise<void> {
  const { cloud, system } = world
  const facts = new HqFacts(cloud.store, cloud.ingest, cloud.shelf, system.clock)
  const said = await facts.record(cloud.tenant, JSON.stringify([member, request]).slice(0, 60), {
    member,
    request,
    at: null,
  })
  expect(said).toMatchObject({ ok: true })
  await world.pass()
}

async function voucherOf(shop: Shop, member: MemberId): Promise<string> {
  const { vouchers } = await shop.done('redemption', { member: String(member), perk: COFFEE })
  await world.pass()
  return vouchers[0]?.code ?? ''
}

async function lent(shop: Shop, subject: string, member?: MemberId): Promise<number> {
  const filter = { store: shop.store, open: true, ...(member === undefined ? {} : { member }) }
  return (await world.leases(filter))
    .filter((lease) => lease.subject === subject)
    .reduce((sum, lease) => sum + outstandingOf(lease), 0)
}

/** Code and words of a refusal. */
async function refusal(shop: Shop, member: MemberId, perk: number, points?: number): Promise<string> {
  const call = {
    terminal: 't1',
    key: `r${perk}-${points}-${world.system.now}`,
    requestHash: new Uint8Array([1]),
  }
  const asked = shop.till.write('redemption', call, {
    member: String(member),
    perk: perk as RuleId,
    ...(points === undefined ? {} : { points }),
  })
  await world.pass(3_000)
  const result = await asked
  return result.ok ? 'done' : `${result.refusal.code}: ${result.refusal.detail}`
}

test('U-6 a store that comes back, another one that is visited, and merged members: what is lent follows', async () => {
  await begin({ ...HALF, recent_days: 1 })

  // HQ gives while the home store is out of reach, and nobody was anywhere lately.
  const atHome = await rich(a, 'home')
  await world.leap(3 * DAY)
  await say(atHome, { kind: 'profile', home_store: b.store })
  await b.cut()
  await say(atHome, { kind: 'award', perk: COFFEE, reason: 'birthday' })
  expect(await lent(b, 'voucher', atHome)).toBe(0)
  expect(await world.cloud.store.read.awaiting(b.store, 10)).toEqual([atHome])
  await b.mend()
  await world.pass()
  expect(await lent(b, 'voucher', atHome)).toBe(1)
  expect(await world.cloud.store.read.awaiting(b.store, 10)).toEqual([])

  // All of the share is in one store when the member comes into another: each has its part afterwards, and it stays so.
  const comesBy = await rich(a, 'both')
  expect([await lent(a, 'points', comesBy), await lent(b, 'points', comesBy)]).toEqual([500, 0])
  await b.done('checkin', { member: String(comesBy) })
  await world.pass()
  await world.pass()
  expect([await lent(a, 'points', comesBy), await lent(b, 'points', comesBy)]).toEqual([167, 333])
  const before = await world.leases({ member: comesBy })
  await world.pass(LEASES_SWEEP_MS * 2)
  expect(await world.leases({ member: comesBy })).toEqual(before)

  // Under the name of who was merged no till finds a lease.
  const merged = await rich(a, 'merged')
  const code = await voucherOf(a, merged)
  expect(await lent(a, 'voucher', merged)).toBe(1)
  await say(comesBy, { kind: 'merge', merged: String(merged) })
  await world.pass()
  expect((await world.leases()).filter(({ member }) => member === merged)).toEqual([])
  expect(await lent(a, 'voucher', comesBy)).toBe(1)
  await a.cut()
  expect(await a.use(code)).toBe('lease')

  // What was reserved in time is captured when the lease is over; what is cancelled after a recall goes to the balance.
  const { origin } = a
  const [lease] = (await world.leases({ store: a.store, member: comesBy })).filter(
    (row) => row.subject === 'points' && row.origin === origin,
  )
  await world.leap((lease?.expires ?? 0) - LEASE_MARGIN_MS - 60_000 - world.system.now)
  const reserve = (points: number) =>
    a.done('redemption', { member: String(comesBy), perk: MONEY, points, capture: false })
  const [first, second] = [await reserve(20), await reserve(30)]
  expect(first.redemption).toMatchObject({ authority: 'lease' })
  await world.leap(10 * 60_000)
  await a.done('redemption_capture', { redemption: first.receipt.id })
  await a.mend()
  const { balance } = await world.cloud.state(comesBy)
  await a.done('redemption_cancel', { redemption: second.receipt.id })
  await world.pass()
  expect((await world.cloud.state(comesBy)).balance).toBe(balance + 30)
  expect(await world.conflicts()).toEqual([])
})

test('U-6 a program that lends a smaller share, no entitlements, and less of a budget: what is beyond it is asked back', async () => {
  await begin(HALF)
  const member = await rich(a, '1')
  await voucherOf(a, member)
  const all = (): Promise<number[]> =>
    Promise.all(['points', 'voucher', 'uses', 'budget'].map((subject) => lent(a, subject)))
  expect(await all()).toEqual([500, 1, 1, 2])
  await b.cut()
  await world.publish(lending({ ...HALF, share_percent: 20, entitlements: false }, 1))
  await world.pass(LEASES_SWEEP_MS + 3_000)
  expect(await all()).toEqual([180, 0, 0, 0])
  // Out of reach it keeps what it was lent until it is back.
  expect(await lent(b, 'budget')).toBe(2)
  await b.mend()
  await b.done('checkin', { member: String(member) })
  await world.pass()
  expect(await lent(b, 'budget')).toBe(0)
  await world.publish(lending({ ...HALF, share_percent: 0 }))
  await world.pass(LEASES_SWEEP_MS + 3_000)
  expect(await world.leases()).toEqual([])
})

test('U-8 A-11 a device is replaced, and a voucher is risked where it was never lent; the cashier reads why not', async () => {
  const risk = { per_member: 50, per_store: 1_000, per_outage: 1_000, uses_per_outage: 1 }
  await begin({ ...HALF, total_max: 300, redemption_max: 150, stores_max: 1, risk })
  const member = await rich(a, '1')
  const [code, other] = [await voucherOf(a, member), await voucherOf(a, member)]
  await b.done('checkin', { member: String(member) })
  await a.done('checkin', { member: String(member) })
  await world.pass()
  await b.cut()
  expect(await lent(b, 'voucher')).toBe(0)
  expect([await b.use(code), await b.use(code), await b.use(other)]).toEqual([
    'risk',
    'voucher_used',
    'authority_missing',
  ])
  expect(await b.use('AAAA')).toBe('authority_missing')
  expect(await refusal(b, member, MONEY, 60)).toBe(
    'authority_missing: The store is offline, and nothing of this is kept here to be spent. It can be spent again when the link to the cloud is up.',
  )
  await b.mend()

  await a.cut()
  expect(await refusal(a, member, MONEY, 250)).toBe(
    'lease_exhausted: The store is offline: at most 150 of this member can be spent here at once, and this takes 250. Take 150 or less, or wait for the link to the cloud.',
  )
  for (const points of [150, 150]) expect(await a.redeem(member, MONEY, { points })).toBe('lease')
  expect(await refusal(a, member, MONEY, 100)).toMatch(
    /^lease_exhausted: .* all of this member that could be/,
  )
  for (const _ of [1, 2]) expect(await a.redeem(member, FEW)).toBe('lease')
  expect(await a.redeem(member, FEW)).toBe('risk')
  expect(await refusal(a, member, FEW)).toMatch(
    /^lease_exhausted: .* this store's part of what is given of it/,
  )
  const asked = b.till.write(
    'voucher_use',
    { terminal: 't1', key: 'elsewhere', requestHash: new Uint8Array([1]) },
    { code: other },
  )
  await world.pass(3_000)
  const answer = await asked
  expect(answer.ok ? '' : answer.refusal.detail).toBe(
    'It is kept for Shop 0, which cannot be reached now: try again when it can, or after 2026-02-05 10:00',
  )

  // The device is gone for good: what it had is there again a day after the lease's end, not after the month that is waited for one that is out of reach.
  await world.leap(DAY)
  expect(await refusal(a, member, MONEY, 100)).toMatch(
    /^lease_expired: .* until 2026-01-06 \d\d:\d\d\. It can be/,
  )
  await world.cloud.store.write((tx) => tx.closeOrigin(a.origin, 'retired', world.system.now as Millis))
  expect(await b.use(other)).toBe('lease_elsewhere')
  await world.leap(LEASES_OVER_MS + HOUR)
  await world.pass(LEASES_SWEEP_MS)
  expect(await b.use(other)).toBe('cloud')
})

test('A-11 CLK-5 by a clock that jumped ahead and is suspect, the risk of the day is still the day’s', async () => {
  const risk = { per_member: 1_000, per_store: 200, per_outage: 1_000, uses_per_outage: 9 }
  await begin({ share_percent: 0, risk })
  const member = await rich(b, '1')
  await b.cut()
  await b.restart()
  b.jumpClock(3 * DAY)
  b.till.lookAtClock()
  expect(b.till.status().clock.state).toBe('suspect')
  expect(await b.redeem(member, MONEY, { points: 150 })).toBe('risk')
  expect(await refusal(b, member, MONEY, 150)).toMatch(/^authority_missing/)
  expect(await b.redeem(member, MONEY, { points: 50 })).toBe('risk')
  b.jumpClock(-3 * DAY)
})

test('U-6 leases of stores out of reach do not keep others from being renewed', async () => {
  await begin(HALF)
  const now = world.system.now as Millis
  const programs = new Programs([
    {
      version: 1 as ProgramVersion,
      effectiveFrom: hybridTime(now - DAY),
      document: JSON.stringify(lending(HALF)),
    },
  ])
  const away = LEASES_SWEEP_MAX + 10
  const rows = Array.from({ length: away + 1 }, (_, at) => ({
    lease: at + 1,
    origin: (at < away ? 1 : 2) as Origin,
    store: (at < away ? 1 : 2) as StoreId,
    member: (at + 1) as MemberId,
    expires: (now + HOUR + at) as Millis,
  })) as LeaseRow[]
  const read = {
    leasesEnding: (_: number, after: Pick<LeaseRow, 'expires' | 'lease'>, until: Millis, limit: number) =>
      Promise.resolve(
        rows.filter(({ expires }) => expires > after.expires && expires <= until).slice(0, limit),
      ),
    leasesOverdue: () => Promise.resolve([]),
  }
  const rounds = new LeaseRounds()
  const reach = new Map([[2 as StoreId, 2 as Origin]])
  const looks = []
  for (let n = 0; n < 4; n++)
    looks.push((await rounds.next(read, 1, programs, now, reach, LEASES_SWEEP_MAX))?.members.size)
  expect(looks).toEqual([0, 1, 0, 1])
})

test('P-LEASE-3 what was taken back before excuses no grant of what is not there', async () => {
  await begin({ share_percent: 0 })
  const member = await rich(a, 'taken')
  await say(member, { kind: 'adjustment', points: -900, reason: 'mistaken', by: 'grace' })
  const { cloud, system } = world
  const state = (await cloud.store.read.member(member))?.state
  const decoded = state ? decodeState(state) : undefined
  const left = decoded === undefined ? 0 : spendableIn(decoded, 0)
  expect(left).toBeGreaterThan(0)
  const lend = (amount: number): Promise<void> =>
    cloud.ingest.record(cloud.tenant, async (tx, own) => {
      const lease = (await tx.lastLease()) + 1
      const line = { subject: 'points', member, item: 0, code: null, amount, cap: amount } as const
      const { origin, store } = b
      const expires = (system.now + HOUR) as Millis
      await appendLeaseFacts(own, 1 as ProgramVersion, 'granted', [
        { ...line, origin, store, lease, expires },
      ])
    })
  await expect(lend(left + 1)).rejects.toThrow(
    `member ${member}: metric 0: 1 more is given out than there is`,
  )
  await lend(left)
  await world.leap(3 * HOUR)
})

test('P-LEASE-3 what a store spent beyond its leases and nobody booked is told by verify, whatever was taken back before', async () => {
  const risk = { per_member: 500, per_store: 500, per_outage: 500, uses_per_outage: 5 }
  await begin({ ...HALF, total_max: 100, redemption_max: 100, stores_max: 1, risk })
  const member = await rich(a, 'beyond')
  await say(member, { kind: 'adjustment', points: -500, reason: 'mistaken', by: 'grace' })
  await a.cut()
  expect([await a.redeem(member, COFFEE), await a.redeem(member, COFFEE)]).toEqual(['lease', 'risk'])
  await a.mend()
  await world.pass(3_000)
  const { cloud } = world
  const { tenant } = cloud
  const booked = (points: number): Promise<void> =>
    cloud.store.write((tx) => tx.addToBooks([{ tenant, member, metric: 0, risk: points, lost: 0 }]))
  await booked(-1)
  expect(await verify(cloud.directory)).toMatchObject({
    ok: false,
    lease_mismatches: 1,
    problems: ['stores spent 100 without a right to it, where 99 are booked as risk'],
  })
  await booked(1)
})

test('P-LEASE-6 what is lent beyond a limit or a budget is told by verify', async () => {
  await begin(HALF)
  const member = await rich(a, 'bounds')
  await world.pass()
  expect(['lease', 'cloud']).toContain(await a.redeem(member, ONCE))
  await world.pass(3_000)
  const { cloud, system } = world
  const lend = async (subject: 'uses' | 'budget', item: number, amount: number): Promise<void> => {
    const { origin, store } = b
    const expires = (system.now + HOUR) as Millis
    const whose = subject === 'budget' ? (0 as MemberId) : member
    const line = { origin, store, subject, member: whose, item, code: null, amount, cap: 1, expires }
    await cloud.ingest.record(cloud.tenant, async (tx, own) => {
      const lease = (await tx.lastLease()) + 1
      await appendLeaseFacts(own, 1 as ProgramVersion, 'granted', [{ ...line, lease }])
    })
  }
  expect(await verify(cloud.directory)).toMatchObject({ ok: true, problems: [] })
  await lend('uses', ONCE, 1)
  await lend('budget', FEW, 9)
  const found = await verify(cloud.directory)
  expect(found).toMatchObject({ ok: false, fold_mismatches: 0, lease_mismatches: 2 })
  expect(found.problems).toEqual([
    expect.stringContaining(`perk ${ONCE}: 1 more redeemed by right, lent and held than its limit allows`),
    expect.stringMatching(new RegExp(`^budget of perk ${FEW}: 0 redeemed and \\d+ lent, where there are 8`)),
  ])
  // Given back, all is within again.
  await world.leap(3 * HOUR)
})
