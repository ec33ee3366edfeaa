// The rewards world: a program with each kind of gate and bonus, two places, and what only documents say. The cases about perks, transactions, vouchers,
// challenges and views run in it; the other files run in the plain one.
import type { Json, Row } from '../../cloud/collections/collection.ts'
import { changeDocument, createDocument } from '../../cloud/collections/documents.ts'
import { eq } from '../../cloud/collections/query.ts'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Writes } from '../../cloud/store/port.ts'
import type { RuleId, StoreId } from '../../protocol/ids.ts'

/** Case files that run in it. */
export const REWARDS_FILES: readonly string[] = ['boards', 'challenges', 'transactions', 'vouchers']

const rule = (id: number): RuleId => id as RuleId
const fixed = (points: number) => ({ kind: 'fixed', points }) as const
/** The second place; the first is the node's first store. */
const BRANCH = [2 as StoreId]
const CLUB = [
  { name: 'Club', value: 'Gold' },
  { name: 'Club', value: 'Platinum' },
]

const earn = (id: number, title: string, points: number, more: object = {}) => ({
  id: rule(id),
  title,
  type: 'STANDARD' as const,
  award: fixed(points),
  ...more,
})
const redeem = (id: number, title: string, points: number, more: object = {}) => ({
  id: rule(id),
  title,
  points,
  voucher: {},
  ...more,
})
const challenge = (id: number, title: string, perk: number, more: object = {}) => ({
  id: rule(id),
  title,
  join: 'opt_in' as const,
  requirements: [{ id: rule(id + 50), title: `${title}: twice`, perk: rule(perk), quantity: 2 }],
  ...more,
})

export const REWARDS: ProgramDocument = {
  name: 'Rewards',
  currency: 'USD',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 1000,
  grant_points_max: 1000,
  voucher_secret: 'a secret for the rewards of conformance only',
  tiers: [
    { id: rule(1), name: 'Bronze', point_floor: 0 },
    { id: rule(2), name: 'Silver', point_floor: 500 },
    { id: rule(3), name: 'Gold', point_floor: 1000 },
  ],
  earn_perks: [
    earn(101, 'Purchase', 10, { completes_referral: true }),
    earn(102, 'Check in', 5, { type: 'CHECKIN' }),
    earn(103, 'Lap', 1, { type: 'PROGRESS_ACTIVITY' }),
    earn(104, 'Club day', 3, { attributes: CLUB }),
    earn(105, 'Silver day', 4, { required_tier: rule(2) }),
    earn(106, 'Summer menu', 6, { start: '2026-07-01', end: '2026-07-31' }),
    earn(107, 'Dinner', 2),
    earn(108, 'Refer a friend', 25, { type: 'REFERRAL' }),
    earn(109, 'Coupon', 8, { type: 'COUPON' }),
    earn(110, 'Retired', 1, { status: 'INACTIVE' }),
    earn(111, 'Secret', 7),
    earn(112, 'Quiet', 9),
  ],
  bonuses: [
    {
      id: rule(201),
      type: 'TIME',
      title: 'Happy Monday',
      award: { kind: 'multiplier', percent: 100 },
      perks: [rule(107)],
      schedule: [{ days: ['MON', 'TUE'], from: '08:00', to: '12:00' }],
    },
    {
      id: rule(202),
      type: 'DATE_RANGE',
      title: 'Summer',
      award: { kind: 'multiplier', percent: 50 },
      perks: [rule(107)],
      start: '2026-07-01',
      end: '2026-07-31',
    },
    {
      id: rule(203),
      type: 'FREQUENCY',
      title: 'Three a week',
      award: fixed(20),
      perks: [rule(107), rule(104)],
      required_to_earn: 3,
      frequency: 'WEEKLY',
    },
    {
      id: rule(204),
      type: 'FREQUENCY',
      title: 'Since June',
      award: fixed(6),
      perks: [rule(109)],
      required_to_earn: 2,
      frequency: 'FROM_DATE',
      from_date: '2026-06-02',
    },
  ],
  redeem_perks: [
    redeem(301, 'Mug', 50),
    redeem(302, 'Tea for silver', 20, {
      required_tier: rule(2),
      limit: { count: 2, interval: 'DAY', interval_count: 1 },
    }),
    redeem(303, 'Home mug', 10, { home_store_only: true }),
    redeem(304, 'Club pin', 5, { attributes: CLUB }),
    redeem(305, 'Once a month', 10, { limit: { count: 1, interval: 'MONTH', interval_count: 1 } }),
    redeem(306, 'Drunk at once', 5, { voucher: { initial_status: 'used' } }),
    redeem(307, 'Handed out', 5, {
      voucher: { initial_status: 'issued', external_code: 'EXT-1', valid_days: 27 },
    }),
    redeem(308, 'Spring menu', 5, { end: '2026-05-31' }),
    redeem(309, 'Cinema', 15, { start: '2026-06-01', voucher: { external_url: 'https://cinema.example' } }),
    redeem(310, 'At the branch', 5, { stores: BRANCH }),
    redeem(311, 'Secret reward', 5),
    redeem(312, 'Once ever', 5, { limit: { count: 1, interval: 'ALL_TIME' } }),
    redeem(313, 'Retired reward', 5, { status: 'INACTIVE' }),
  ],
  challenges: [
    challenge(401, 'Run around', 103),
    challenge(402, 'Laps at the branch', 103, { stores: BRANCH }),
    challenge(403, 'Branch people', 103, { home_stores: BRANCH }),
    challenge(404, 'Active members', 103, { require_active_membership: true }),
    challenge(405, 'Newcomers', 103, { from_membership: { days: 30 } }),
    challenge(406, 'Club run', 103, { attributes: CLUB }),
    challenge(407, 'June only', 103, { start: '2026-06-01', end: '2026-06-30', reward: { perk: rule(301) } }),
  ],
}

/** Categories, orders and flags, which no program says and no endpoint of the platform writes. */
export async function configureRewards(tx: Writes, names: Map<string, string>, now: number): Promise<void> {
  const edit = { now, by: 'a test' }
  const category = async (name: string, order: number | null): Promise<number> => {
    const columns: Row = { name, display_order: order }
    const row = await createDocument(
      tx,
      CONFIGURATION.perk_categories,
      { tenant: 1, columns, body: {} },
      edit,
    )
    const id = Number(row.id)
    names.set(`category:${name}`, String(id))
    return id
  }
  const perk = async (
    id: number,
    columns: Row,
    body: { readonly [name: string]: Json } = {},
  ): Promise<void> => {
    const [row] = await tx.rows(CONFIGURATION.perks, { tenants: [1], where: eq('rule', id), limit: 1 })
    await changeDocument(tx, CONFIGURATION.perks, { tenant: 1, id: Number(row?.id), columns, body }, edit)
  }
  const second = await category('Second', 2)
  const first = await category('First', 1)
  await category('Empty', null)
  await perk(107, { category: first, display_order: 2 })
  await perk(109, { category: first, display_order: 3 })
  await perk(101, { category: first, display_order: 1 }, { description: 'Ten for each' })
  await perk(102, { category: second })
  await perk(108, { display_order: 7 }, { display_name: 'Bring a friend' })
  await perk(111, { invisible: true })
  await perk(112, {}, { silent: true })
  await perk(305, { display_order: 1 }, { fine_print: 'One a month', picture_card: 'https://pic.example/1' })
  await perk(301, { display_order: 2 })
  await perk(311, { invisible: true })
}
