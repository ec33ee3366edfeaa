// E-DOC-1: what is wrong with a program document, where, and what to do. Each row changes one thing of a sound document.
import { describe, expect, test } from 'vitest'
import { checkDocument, dayOfDate } from '../../cloud/evaluation/check.ts'
import { DAY_MS } from '../../protocol/time.ts'

const SOUND = {
  name: 'Corner shop',
  currency: 'GBP',
  currency_digits: 2,
  lateness: 'honour',
  goodwill_points_max: 100,
  grant_points_max: 500,
  voucher_secret: 'sixteen letters or more',
  tiers: [
    { id: 1, name: 'Bronze', point_floor: 0 },
    { id: 2, name: 'Silver', point_floor: 100, entry_perk: 301 },
  ],
  earn_perks: [
    {
      id: 101,
      title: 'Points',
      type: 'STANDARD',
      award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'floor' },
      start: '2024-01-01',
      end: '2024-12-31',
      required_tier: 1,
    },
    { id: 102, title: 'Hello', type: 'CHECKIN', award: { kind: 'fixed', points: 5 }, once_per_day: true },
  ],
  bonuses: [
    {
      id: 201,
      title: 'Hour',
      type: 'TIME',
      award: { kind: 'multiplier', percent: 100 },
      schedule: [{ days: ['MON'], from: '22:00', to: '02:00' }],
      perks: [101],
    },
    {
      id: 202,
      title: 'Days',
      type: 'DATE_RANGE',
      award: { kind: 'fixed', points: 5 },
      start: '2024-02-01',
      end: '2024-02-29',
    },
    {
      id: 203,
      title: 'Often',
      type: 'FREQUENCY',
      award: { kind: 'fixed', points: 5 },
      required_to_earn: 3,
      frequency: 'FROM_DATE',
      from_date: '2024-02-01',
    },
  ],
  redeem_perks: [
    {
      id: 301,
      title: 'Coffee',
      points: 50,
      limit: { count: 1, interval: 'DAY', interval_count: 7 },
      voucher: { valid_days: 30 },
    },
    { id: 302, title: 'Cake', points: 80, limit: { count: 1, interval: 'ALL_TIME' } },
  ],
}

/** The sound document with the value at a JSON pointer replaced, or taken away. */
function changed(pointer: string, value: unknown): unknown {
  const copy = structuredClone(SOUND) as unknown
  const steps = pointer.split('/').slice(1)
  const last = steps.pop() ?? ''
  let at = copy as Record<string, unknown>
  for (const step of steps) at = at[step] as Record<string, unknown>
  if (value === undefined) delete at[last]
  else at[last] = value
  return copy
}

function issuesOf(document: unknown): string[] {
  const checked = checkDocument(document)
  return checked.ok ? [] : checked.issues.map(({ path, message }) => `${path}: ${message}`)
}

test('E-DOC-1 a sound document has no issues', () => {
  expect(issuesOf(SOUND)).toEqual([])
})

describe('E-DOC-1 what a schema cannot say', () => {
  test.each<[change: string, value: unknown, issues: string[]]>([
    [
      '/bonuses/1/id',
      201,
      ['/bonuses/1/id: id 201 is used at /bonuses/0/id already; give every rule its own'],
    ],
    [
      '/redeem_perks/1/id',
      2,
      ['/redeem_perks/1/id: id 2 is used at /tiers/1/id already; give every rule its own'],
    ],
    [
      '/tiers/0/point_floor',
      5,
      ['/tiers/0/point_floor: the first tier starts at 0, so that every member has one'],
    ],
    [
      '/tiers/1/point_floor',
      0,
      ['/tiers/1/point_floor: floors must rise: 0 comes after 0; reorder the tiers'],
    ],
    ['/earn_perks/0/required_tier', 9, ['/earn_perks/0/required_tier: there is no tier 9']],
    ['/bonuses/1/required_tier', 101, ['/bonuses/1/required_tier: there is no tier 101']],
    ['/redeem_perks/0/required_tier', 9, ['/redeem_perks/0/required_tier: there is no tier 9']],
    ['/tiers/1/entry_perk', 302, ['/tiers/1/entry_perk: there is no redeem perk 302 with a voucher']],
    ['/tiers/1/entry_perk', 999, ['/tiers/1/entry_perk: there is no redeem perk 999 with a voucher']],
    ['/bonuses/0/perks', [101, 999], ['/bonuses/0/perks/1: there is no earn perk 999']],
    ['/bonuses/0/perks', [301], ['/bonuses/0/perks/0: there is no earn perk 301']],
    [
      '/bonuses/0/perks',
      [101, 102],
      ['/bonuses/0/perks/1: perk 102 is not STANDARD: bonuses look at the points of sales; leave it out'],
    ],
    [
      '/earn_perks/1/award',
      { kind: 'per_item', points: 1 },
      ['/earn_perks/1/award/kind: a CHECKIN perk has no lines to count; use "fixed"'],
    ],
    ['/earn_perks/1/skus', ['tea'], ['/earn_perks/1/skus: a CHECKIN perk has no basket; leave it out']],
    [
      '/earn_perks/1/categories',
      ['FOOD'],
      ['/earn_perks/1/categories: a CHECKIN perk has no basket; leave it out'],
    ],
    [
      '/earn_perks/1/minimum_amount',
      100,
      ['/earn_perks/1/minimum_amount: a CHECKIN perk has no basket; leave it out'],
    ],
    [
      '/redeem_perks/0/limit/interval_count',
      undefined,
      ['/redeem_perks/0/limit/interval_count: say how many intervals'],
    ],
    [
      '/redeem_perks/1/limit/interval_count',
      2,
      ['/redeem_perks/1/limit/interval_count: ALL_TIME takes no interval_count'],
    ],
    ['/earn_perks/0/start', '2024-02-30', ['/earn_perks/0/start: there is no day 2024-02-30']],
    ['/bonuses/1/end', '2023-02-29', ['/bonuses/1/end: there is no day 2023-02-29']],
    ['/bonuses/2/from_date', '2024-13-01', ['/bonuses/2/from_date: there is no day 2024-13-01']],
    ['/earn_perks/0/end', '2023-12-31', ['/earn_perks/0/end: the end lies before the start; exchange them']],
    [
      '/bonuses/2/from_date',
      undefined,
      ['/bonuses/2/from_date: from_date goes with FROM_DATE, and only with it'],
    ],
    [
      '/bonuses/2/frequency',
      'WEEKLY',
      ['/bonuses/2/from_date: from_date goes with FROM_DATE, and only with it'],
    ],
  ])('%s as %j', (change, value, issues) => {
    expect(issuesOf(changed(change, value))).toEqual(issues)
  })

  test('several issues are all told', () => {
    const [bronze] = SOUND.tiers
    expect(issuesOf({ ...SOUND, tiers: [bronze, { ...bronze, id: 101, entry_perk: 999 }] }).length).toBe(3)
  })
})

describe('E-DOC-1 what the schema says', () => {
  test.each<[change: string, value: unknown, path: string]>([
    ['/name', '', '/name'],
    ['/currency', 'pounds', '/currency'],
    ['/currency_digits', 5, '/currency_digits'],
    ['/lateness', 'maybe', '/lateness'],
    ['/voucher_secret', 'short', '/voucher_secret'],
    ['/tiers/0/id', 0, '/tiers/0/id'],
    ['/tiers/0/id', 1.5, '/tiers/0/id'],
    ['/tiers/0/colour', 'red', '/tiers/0'],
    ['/earn_perks/0/award/unit', 0, '/earn_perks/0/award/unit'],
    ['/earn_perks/0/award/rounding', 'up', '/earn_perks/0/award/rounding'],
    ['/earn_perks/0/start', '1.1.2024', '/earn_perks/0/start'],
    ['/earn_perks/0/stores', [], '/earn_perks/0/stores'],
    ['/bonuses/0/schedule/0/from', '24:00', '/bonuses/0/schedule/0/from'],
    ['/bonuses/0/schedule/0/days', [], '/bonuses/0/schedule/0/days'],
    ['/bonuses/0/award/percent', 0, '/bonuses/0/award/percent'],
    ['/bonuses/2/required_to_earn', 0, '/bonuses/2/required_to_earn'],
    ['/redeem_perks/0/limit/count', 0, '/redeem_perks/0/limit/count'],
    ['/redeem_perks/0/limit/interval', 'WEEK', '/redeem_perks/0/limit/interval'],
    ['/redeem_perks/0/voucher/valid_days', 0, '/redeem_perks/0/voucher/valid_days'],
  ])('%s as %j', (change, value, path) => {
    const checked = checkDocument(changed(change, value))
    if (checked.ok) throw new Error('the document has an issue')
    expect(checked.issues.map((issue) => issue.path)).toEqual([path])
    expect(checked.issues[0]?.message).toMatch(/\w{3}/)
  })

  test.each([null, undefined, 5, 'text', [], {}, { ...SOUND, __proto__: null, tiers: null }])(
    '%j is no program document',
    (input) => {
      expect(checkDocument(input).ok).toBe(false)
    },
  )
})

test.each<[string, number | undefined]>([
  ['1970-01-01', 0],
  ['1969-12-31', -1],
  ['2024-02-29', Date.UTC(2024, 1, 29) / DAY_MS],
  ['2023-02-29', undefined],
  ['2024-00-10', undefined],
  ['2024-01-32', undefined],
  ['0000-00-00', undefined],
])('E-DOC-1 %s is day %s', (date, day) => {
  expect(dayOfDate(date)).toBe(day)
})
