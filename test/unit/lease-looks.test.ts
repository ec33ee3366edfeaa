// U-6: what starts a look for leases, and how many members may wait for one. What a look gives is in leases.test.ts.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HqFacts } from '../../cloud/domain/hq-facts.ts'
import type { HqRequest } from '../../cloud/domain/hq-requests.ts'
import type { Committed, Ingest } from '../../cloud/domain/ingest/ingest.ts'
import { Grants } from '../../cloud/domain/leases/grants.ts'
import type { ActivityRow } from '../../cloud/store/port.ts'
import { LEASES_COMMIT_MAX, LEASES_PENDING_MAX, LEASES_UNSEEN_MAX } from '../../protocol/limits.ts'
import type { RuleId } from '../../protocol/ids.ts'
import { outstandingOf } from '../../protocol/leases.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { Shops } from '../support/shops.ts'
import type { Shop } from '../support/shops.ts'
import { program } from '../tables/story.ts'

const COFFEE = 301 as RuleId
const OFF = 304

test('U-6 D-1 what HQ gives is lent at once to the home store and where the member was lately, and spent there offline', async () => {
  const redeem_perks = [
    { id: COFFEE, title: 'Coffee', points: 100, voucher: { valid_days: 30 } },
    { id: OFF, title: 'Off', points: 0, money: { points: 1, money: 1 } },
  ]
  const offline = { share_percent: 50, redemption_max: 200, total_max: 400 }
  const world = await Shops.open(program({ grant_points_max: 10_000, redeem_perks, offline }), 2)
  const { cloud, system } = world
  const [visited, home] = [world.shop(0), world.shop(1)]
  const member = await visited.enrol('1')
  await visited.done('grant', { member: String(member), points: 1_000 })
  await world.pass()
  const facts = new HqFacts(cloud.store, cloud.ingest, cloud.shelf, system.clock)
  const say = async (key: string, request: HqRequest): Promise<void> => {
    expect(await facts.record(cloud.tenant, key, { member, request, at: null })).toMatchObject({ ok: true })
    await world.pass()
  }
  const lent = async ({ store }: Shop, subject: string): Promise<number> =>
    (await world.leases({ store }))
      .filter((lease) => lease.subject === subject)
      .reduce((sum, lease) => sum + outstandingOf(lease), 0)

  expect([await lent(visited, 'points'), await lent(home, 'points')]).toEqual([400, 0])
  await say('home', { kind: 'profile', home_store: home.store })
  expect([await lent(visited, 'points'), await lent(home, 'points')]).toEqual([400, 100])
  await say('more', { kind: 'adjustment', points: 1_000, reason: 'sorry', by: 'HQ' })
  expect([await lent(visited, 'points'), await lent(home, 'points')]).toEqual([400, 400])
  await say('gift', { kind: 'award', perk: COFFEE, reason: 'birthday' })
  expect([await lent(visited, 'voucher'), await lent(home, 'voucher')]).toEqual([0, 1])

  // It was never in that store.
  await home.cut()
  const [gift] = (await cloud.state(member)).entitlements
  expect(await home.use(gift?.code ?? '')).toBe('lease')
  expect(await home.redeem(member, OFF, { points: 200 })).toBe('lease')
  await home.mend()
  expect((await cloud.state(member)).balance).toBe(1_800)
  expect(await world.conflicts()).toEqual([])
  expect(await world.check()).toEqual([])
  await world.close()
})

describe('who waits', () => {
  let directory: ReturnType<typeof freshDirectory>
  let cloud: CloudCore
  let grants: Grants
  let tell: (activities: readonly Partial<ActivityRow>[]) => void
  let looks = 0

  beforeEach(async () => {
    directory = freshDirectory()
    cloud = new CloudCore(directory.path, { now: () => Date.UTC(2026, 0, 5, 10) })
    await cloud.found(program({ offline: { share_percent: 50 } }))
    looks = 0
    const ingest = {
      onCommitted: (listener: (committed: Committed) => void) => {
        tell = (rows) =>
          listener({ activities: rows as readonly ActivityRow[], touched: new Set(), leases: [] })
      },
      // What each commit does is the tests' of leases.
      record: async () => void (looks += 1),
    } as unknown as Ingest
    grants = new Grants({
      store: cloud.store,
      ingest,
      shelf: cloud.shelf,
      clock: cloud.clock,
      reached: () => new Map(),
      drains: () => false,
      after: () => () => undefined,
      onFault: (cause) => {
        throw cause
      },
    })
    grants.start()
  })

  afterEach(async () => {
    await grants.stop()
    await cloud.store.close()
    directory.remove()
  })

  const EARNED = [
    { kind: 'grant', rule: 0, index: 0, amount: 10, of: 0 },
  ] as unknown as ActivityRow['effects']
  const row = (member: number, more: Partial<Record<keyof ActivityRow, unknown>>): Partial<ActivityRow> =>
    ({
      tenant: cloud.tenant,
      store: 0,
      kind: 'grant',
      at: 0,
      effects: EARNED,
      member,
      ...more,
    }) as Partial<ActivityRow>

  async function looked(rows: readonly Partial<ActivityRow>[]): Promise<number> {
    looks = 0
    tell(rows)
    await grants.flush()
    return looks
  }

  test.each<[string, number, Partial<Record<keyof ActivityRow, unknown>>]>([
    ['HQ gives or takes something', 1, {}],
    ['HQ says where a member is at home', 1, { kind: 'profile', effects: [] }],
    ['what a till did moves points', 1, { store: 3 }],
    ['time takes something', 1, { kind: 'moment' }],
    ['a member comes into a store', 1, { kind: 'checkin', store: 3, effects: [] }],
    ['nothing is moved', 0, { kind: 'segment', effects: [] }],
    ['nobody is named', 0, { member: 0 }],
  ])('U-6 %s: %i look', async (_, count, more) => {
    expect(await looked([row(1, more)])).toBe(count)
  })

  test('U-6 LEASES_PENDING_MAX members wait at most, whoever else comes gets theirs at the next visit', async () => {
    const atTills = Array.from({ length: LEASES_PENDING_MAX + LEASES_COMMIT_MAX }, (_, at) =>
      row(at + 1, { kind: 'checkin', store: 3, effects: [] }),
    )
    expect(await looked(atTills)).toBe(LEASES_PENDING_MAX / LEASES_COMMIT_MAX)
    expect(await looked(atTills.slice(-1))).toBe(1)
  })

  test('U-6 a word of HQ about everybody leaves room for who stands at a till', async () => {
    const everybody = Array.from({ length: LEASES_UNSEEN_MAX + 5_000 }, (_, at) => row(at + 1, {}))
    const atTill = row(1_000_000, { kind: 'checkin', store: 3 })
    expect(await looked([...everybody, atTill])).toBe(LEASES_UNSEEN_MAX / LEASES_COMMIT_MAX + 1)
  })
})
