// A program document that uses most of the schema and about which a check says nothing, neither error nor warning; and the same with something in
// it changed, for the tables of what a check says.

const once = (id: number, title: string) => ({
  id,
  title,
  award: { kind: 'fixed', points: 5 },
})

export const SOUND_PROGRAM = {
  name: 'Corner shop',
  currency: 'GBP',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 100,
  grant_points_max: 500,
  voucher_secret: 'sixteen letters or more',
  points: { expiry: { kind: 'rolling', after: { days: 365 } }, warn_days: 14, pending_days: 2 },
  metrics: [
    { id: 11, name: 'Stamps', expiry: { kind: 'fixed', days: ['12-31', '02-29'] } },
    { id: 12, name: 'Nights', decimals: 1, expiry: { kind: 'sliding', after: { months: 6 } } },
  ],
  tiers: [
    { id: 1, name: 'Bronze', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 100, entry_perk: 301, entry_points: 20 },
    {
      id: 3,
      name: 'Gold',
      reach: { match: 'any', of: [{ metric: 0, at_least: 900, window: { kind: 'calendar_year' } }] },
      keep: { match: 'all', of: [{ metric: 12, at_least: 50 }] },
      exit_cancels: [301],
    },
  ],
  tier_period: { lasts: { kind: 'membership_year' }, downgrade: 'one_step' },
  earn_perks: [
    {
      id: 101,
      title: 'Points',
      type: 'STANDARD',
      award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'floor' },
      start: '2024-01-01',
      end: '2024-12-31',
      stores: [1, 2],
      required_tier: 1,
      caps: { per_sale: 100, per_day: 200, per_member: 9000 },
      group: 'one of',
      completes_referral: true,
    },
    { ...once(102, 'Hello'), type: 'CHECKIN', once_per_day: true },
    {
      ...once(103, 'Tea'),
      type: 'STANDARD',
      categories: ['TEA'],
      tenders: ['cash'],
      minimum_amount: 300,
      group: 'one of',
      attributes: [{ name: 'club', value: 'tea' }],
    },
    { id: 104, title: 'Stamp', type: 'STANDARD', award: { kind: 'per_item', points: 1 }, metric: 11 },
    { ...once(105, 'Night'), type: 'VISITOR', metric: 12 },
    { ...once(106, 'Welcome'), type: 'REGISTRATION' },
    { id: 107, title: 'Steps', type: 'PROGRESS_ACTIVITY', award: { kind: 'fixed', points: 1 } },
  ],
  bonuses: [
    {
      id: 201,
      title: 'Hour',
      type: 'TIME',
      award: { kind: 'multiplier', percent: 100 },
      schedule: [
        { days: ['MON'], from: '22:00', to: '02:00' },
        { days: ['TUE'], from: '02:00', to: '03:00' },
      ],
      perks: [101],
    },
    { ...once(202, 'Days'), type: 'DATE_RANGE', start: '2024-02-01', end: '2024-02-29' },
    {
      ...once(203, 'Often'),
      type: 'FREQUENCY',
      required_to_earn: 3,
      frequency: 'FROM_DATE',
      from_date: '2024-02-01',
      when: {
        all: [{ segment: 701 }, { number: 'weekday', is: 'le', value: 5 }, { not: { store: [2] } }],
      },
    },
  ],
  groups: [{ name: 'one of', stacking: 'first', caps: { per_sale: 150 } }],
  redeem_perks: [
    {
      id: 301,
      title: 'Coffee',
      points: 50,
      limit: { count: 1, interval: 'DAY', interval_count: 7 },
      budget: { total: 1000, per_store: 600 },
      voucher: { valid_days: 30, from_days: 1, schedule: [{ days: ['SAT'], from: '09:00', to: '12:00' }] },
      when: { any: [{ tier: 2 }, { holds: 304 }, { aggregate: 801, is: 'ge', value: 3 }] },
    },
    { id: 302, title: 'Cake', points: 80, limit: { count: 1, interval: 'ALL_TIME' } },
    { id: 303, title: 'Money', points: 0, money: { points: 100, money: 100 } },
    { id: 304, title: 'Club', points: 0, voucher: {}, membership: { template: 'LEVEL', priority: 1 } },
    { id: 305, title: 'Club', points: 0, voucher: {}, membership: { template: 'LEVEL', priority: 2 } },
  ],
  stamp_cards: [{ id: 401, title: 'Tenth free', metric: 11, required: 10, reward: 301 }],
  challenges: [
    {
      id: 501,
      title: 'March',
      join: 'auto',
      start: '2024-03-01',
      end: '2024-03-31',
      stores: [1],
      requirements: [
        { id: 511, title: 'Shop', perk: 101, quantity: 5 },
        { id: 512, title: 'Visit', perk: 102, quantity: 31 },
      ],
      reward: { metric: 0, amount: 100 },
    },
  ],
  response_challenges: [
    {
      id: 601,
      title: 'Photo',
      type: 'photo',
      end: '2024-06-30',
      per_member: 2,
      interval_days: 1,
      overall: 500,
      reward: { metric: 12, amount: 1 },
      prize: { calculation: 'random', winners: 3, reward: { perk: 301 } },
    },
    {
      id: 602,
      title: 'Survey',
      type: 'survey',
      overall: 500,
      prize: { calculation: 'every_nth', nth: 100, reward: { perk: 301 } },
    },
  ],
  segments: [
    {
      id: 701,
      name: 'Regulars',
      when: { metric: 0, part: 'earned', window: { kind: 'rolling', days: 90 }, is: 'ge', value: 100 },
      expiry: { kind: 'PERSISTENT' },
    },
    { id: 702, name: 'Asked', expiry: { kind: 'SCHEDULED', on: '2024-12-31' } },
  ],
  aggregates: [{ id: 801, name: 'Visits', of: 'visit_count', window: { kind: 'rolling', days: 30 } }],
  rules: [
    {
      id: 901,
      title: 'Big sale',
      match: { type: 'TYPE', kinds: ['sale'] },
      when: {
        all: [
          { segment: 702 },
          { basket: { amount: 5000 } },
          { applied: 901, window: { kind: 'day' }, is: 'lt', value: 1 },
        ],
      },
      effect: { kind: 'points', metric: 12, amount: 1 },
    },
    {
      id: 902,
      title: 'Monday',
      match: { type: 'TIME', days: ['MON'], at: '09:00' },
      effect: { kind: 'segment', segment: 702, action: 'add' },
    },
    {
      id: 903,
      title: 'Thanks',
      match: { type: 'TYPE', kinds: ['referral'] },
      effect: { kind: 'award', perk: 301 },
    },
  ],
} as const

/** Value at a JSON pointer, or nothing to take it away. */
export type Change = readonly [pointer: string, value: unknown]

/** The sound program with values replaced, added or taken away; `-` as the last step adds to a list. */
export function changedProgram(...changes: readonly Change[]): unknown {
  const copy = structuredClone(SOUND_PROGRAM) as unknown
  for (const [pointer, value] of changes) {
    const steps = pointer.split('/').slice(1)
    const last = steps.pop() ?? ''
    let at = copy as Record<string, unknown>
    for (const step of steps) at = at[step] as Record<string, unknown>
    if (last === '-') (at as unknown as unknown[]).push(structuredClone(value))
    else if (value === undefined) delete at[last]
    else at[last] = structuredClone(value)
  }
  return copy
}
