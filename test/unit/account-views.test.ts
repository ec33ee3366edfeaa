// The member view's accounts and tier: as of now, whether or not what fell due is booked (E-TIME-3), and of the shapes the API promises.
import { expect, test } from 'vitest'
import { AccountViewShape, TierProgressViewShape } from '../../cloud/domain/account-shapes.ts'
import { accountViews, tierProgressView } from '../../cloud/domain/account-views.ts'
import type { Program } from '../../cloud/evaluation/compile.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { stateAt } from '../../cloud/evaluation/time/time.ts'
import { hybridTime, localDay } from '../../protocol/time.ts'
import { validator } from '../../protocol/validation.ts'
import { MEMBER } from '../tables/sentences.ts'
import { POINT_PER_POUND, program, programsOf, tell } from '../tables/story.ts'

const DOCUMENT = program({
  tiers: [
    { id: 1, name: 'Bronze', point_floor: 0 },
    {
      id: 2,
      name: 'Silver',
      reach: { match: 'all', of: [{ metric: 0, at_least: 10, window: { kind: 'calendar_year' } }] },
    },
  ],
  tier_period: { lasts: { kind: 'calendar_year' }, downgrade: 'recompute' },
  earn_perks: [POINT_PER_POUND, { ...POINT_PER_POUND, id: 102, metric: 7 }],
  points: { pending_days: 3, history_days: 366 },
  metrics: [{ id: 7, name: 'Miles', decimals: 2, expiry: { kind: 'rolling', after: { days: 9 } } }],
})
const STORY = ['2024-03-04 10:00 | buys tea 12.00']

function seenAt(text: string): { inForce: Program | null; state: MemberState; day: number } {
  const last = tell(DOCUMENT, STORY).at(-1)
  if (last === undefined) throw new Error('there is a story')
  const ms = Date.parse(text)
  const inForce = programsOf(DOCUMENT).program(hybridTime(ms))
  return { inForce, state: stateAt(inForce, last.after, MEMBER, ms), day: localDay(ms, 0) }
}

function accountsAt(text: string): ReturnType<typeof accountViews> {
  const { inForce, state, day } = seenAt(text)
  return accountViews(inForce, state, day)
}

test('E-MET-11 E-MET-8 an account tells what is pending, when it is ready and what earned it', () => {
  const [points, miles] = accountsAt('2024-03-05T10:00Z')
  expect(points).toMatchObject({
    metric: 0,
    name: 'Points',
    balance: 0,
    pending: 12,
    life_time: 12,
    mtd: 12,
    lots: [],
  })
  expect(points?.pending_lots).toEqual([
    {
      amount: 12,
      earned_by: expect.stringMatching(/^[0-9]+$/) as string,
      earned_on: '2024-03-04',
      ready_at: '2024-03-07T00:00:00.000Z',
      expires_at: null,
    },
  ])
  expect(miles).toMatchObject({
    metric: 7,
    name: 'Miles',
    decimals: 2,
    balance: 12,
    ytd: null,
    lots: [{ amount: 12, expires_at: '2024-03-13T23:59:59.999Z' }],
    pending_lots: [],
  })
})

test('E-TIME-3 the accounts are told as of now', () => {
  const [points, miles] = accountsAt('2024-03-20T10:00Z')
  expect(points).toMatchObject({ balance: 12, pending: 0, lots: [{ amount: 12, expires_at: null }] })
  expect(miles).toMatchObject({ balance: 0, lots: [] })
})

test('E-TIER-7 E-TIME-3 the tier is told with its end and what keeps it', () => {
  const at = (text: string): ReturnType<typeof tierProgressView> => {
    const { inForce, state, day } = seenAt(text)
    return tierProgressView(inForce, state, day)
  }
  expect(at('2024-03-20T10:00Z')).toEqual({
    next: null,
    keep: {
      tier: { id: 2, name: 'Silver' },
      match: 'all',
      thresholds: [{ metric: 0, window: { kind: 'calendar_year' }, at_least: 10, reached: 12, missing: 0 }],
      until: '2024-12-31T23:59:59.999Z',
    },
  })
  expect(at('2025-02-01T10:00Z').keep).toMatchObject({
    until: '2025-12-31T23:59:59.999Z',
    thresholds: [{ missing: 10 }],
  })
  expect(at('2026-02-01T10:00Z')).toMatchObject({ keep: null, next: { tier: { name: 'Silver' } } })
})

test('E-MET-11 accounts and progress have the shapes of the API', () => {
  const { inForce, state, day } = seenAt('2024-03-05T10:00Z')
  const accounts = accountViews(inForce, state, day)
  expect(accounts.map((account) => validator(AccountViewShape).accepts(account))).toEqual([true, true])
  expect(validator(TierProgressViewShape).accepts(tierProgressView(inForce, state, day))).toBe(true)
})
