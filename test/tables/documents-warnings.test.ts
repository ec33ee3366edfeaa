// E-DOC-4: what a sound document is warned of, where, and by which code. Each row changes something of a document that nothing is said about.
import { describe, expect, test } from 'vitest'
import { sampleProgram } from '../../cloud/demo/program.ts'
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import { dayOfDate } from '../../cloud/evaluation/check/dates.ts'
import { ISSUES_MAX, WARNINGS } from '../../cloud/evaluation/check/issue.ts'
import type { DocumentWarning, WarningCode } from '../../cloud/evaluation/check/issue.ts'
import { warningsOf } from '../../cloud/evaluation/check/warnings.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { SOUND_PROGRAM, changedProgram } from '../support/sound-program.ts'
import type { Change } from '../support/sound-program.ts'

function warned(document: unknown, from: number | null = null): DocumentWarning[] {
  const checked = checkDocument(document)
  if (!checked.ok) throw new Error(`the document is sound: ${JSON.stringify(checked.issues)}`)
  return warningsOf(checked.document, from)
}

const pairs = (warnings: readonly DocumentWarning[]): string[][] =>
  warnings.map(({ path, code }) => [path, code])

interface Row {
  readonly what: string
  readonly changes: readonly Change[]
  readonly code: WarningCode
  readonly path: string
}
const row = (what: string, code: WarningCode, path: string, ...changes: Change[]): Row => ({
  what,
  changes,
  code,
  path,
})

const amount = (is: string, value: number) => ({ number: 'amount', is, value })
const fixed = (points: number) => ({ kind: 'fixed', points })
const tea = { type: 'STANDARD', skus: ['tea'], group: 'one of', title: 'Tea' }
const best: Change = ['/groups/0/stacking', 'best']
const always: Change[] = [
  ['/earn_perks/0', { id: 101, title: 'Ten', type: 'STANDARD', award: fixed(10), group: 'one of' }],
  ['/challenges', []],
]
const happy = { title: 'Happy', type: 'TIME', schedule: SOUND_PROGRAM.bonuses[0].schedule }
const unearned: Change = ['/metrics/-', { id: 13, name: 'Moons' }]
const moonTier: Change = ['/tiers/2/reach', { match: 'all', of: [{ metric: 13, at_least: 1 }] }]

const REACHED: Row[] = [
  row('a metric nothing gives', 'metric_unearned', '/metrics/2/id', unearned),
  row('a perk that costs a metric nothing gives', 'perk_unreachable', '/redeem_perks/1/metric', unearned, [
    '/redeem_perks/1/metric',
    13,
  ]),
  row('a tier by a metric nothing gives', 'tier_unreachable', '/tiers/2/reach', unearned, moonTier),
  row(
    'a perk of a tier nothing lifts to',
    'perk_unreachable',
    '/earn_perks/1/required_tier',
    unearned,
    moonTier,
    ['/earn_perks/1/required_tier', 3],
    ['/challenges', []],
  ),
  row(
    'a metric given only in the tier that it lifts to',
    'tier_unreachable',
    '/tiers/2/reach',
    unearned,
    moonTier,
    ['/earn_perks/3/metric', 13],
    ['/earn_perks/3/required_tier', 3],
  ),
  row('a segment nothing puts anybody into', 'segment_unfilled', '/rules/0/when/all/0/segment', [
    '/rules/1/effect/action',
    'remove',
  ]),
]

const CONDITIONS: Row[] = [
  row('below 3 and above 5', 'condition_never_holds', '/bonuses/2/when', [
    '/bonuses/2/when',
    { all: [amount('lt', 3), { all: [amount('gt', 5)] }] },
  ]),
  row('equal and not equal', 'condition_never_holds', '/bonuses/2/when', [
    '/bonuses/2/when',
    {
      all: [
        { aggregate: 801, is: 'eq', value: 3 },
        { aggregate: 801, is: 'ne', value: 3 },
      ],
    },
  ]),
  row(
    'an eighth day of the week',
    'condition_never_holds',
    '/bonuses/2/when/all/1',
    ['/bonuses/2/when/all/1/is', 'gt'],
    ['/bonuses/2/when/all/1/value', 7],
  ),
  row('one dead alternative', 'condition_never_holds', '/redeem_perks/0/when/any/3', [
    '/redeem_perks/0/when/any/-',
    { number: 'month', is: 'gt', value: 12 },
  ]),
  row('not what always is', 'condition_never_holds', '/bonuses/2/when', [
    '/bonuses/2/when',
    { not: { any: [{ segment: 701 }, { number: 'month', is: 'ge', value: 1 }] } },
  ]),
  row('a condition and its opposite', 'condition_never_holds', '/bonuses/2/when', [
    '/bonuses/2/when',
    { all: [{ segment: 701 }, { not: { segment: 701 } }] },
  ]),
  row('stores without a common one', 'condition_never_holds', '/bonuses/2/when', [
    '/bonuses/2/when',
    { all: [{ store: [1, 2] }, { store: [3] }] },
  ]),
  row(
    "stores that are none of the rule's",
    'condition_never_holds',
    '/bonuses/2/when',
    ['/bonuses/2/when', { store: [3] }],
    ['/bonuses/2/stores', [1]],
  ),
  row('one attribute of two values', 'condition_never_holds', '/bonuses/2/when', [
    '/bonuses/2/when',
    {
      all: [
        { attribute: 'club', in: ['a', 'b'] },
        { attribute: 'club', in: ['c'] },
      ],
    },
  ]),
  row('a basket of a check-in', 'condition_never_holds', '/earn_perks/1/when', [
    '/earn_perks/1/when',
    { basket: { amount: 1 } },
  ]),
  row(
    'a payment of a return',
    'condition_never_holds',
    '/rules/0/when/all/1',
    ['/rules/0/when', { all: [{ kind: ['return'] }, { payment: { types: ['cash'] } }] }],
    ['/rules/0/match/kinds', ['sale', 'return']],
  ),
]

const OVERLAPS: Row[] = [
  row('first: a later perk that asks for more', 'group_member_shadowed', '/earn_perks/2', ...always),
  row(
    'first: the same lines and more',
    'group_member_shadowed',
    '/earn_perks/8',
    ['/earn_perks/-', { ...tea, id: 108, award: { kind: 'per_item', points: 2 }, skus: ['tea', 'cake'] }],
    ['/earn_perks/-', { ...tea, id: 109, award: { kind: 'per_item', points: 1 }, start: '2024-01-01' }],
  ),
  row(
    'best: a later perk that gives more',
    'group_member_shadowed',
    '/earn_perks/7',
    best,
    ['/earn_perks/-', { ...tea, id: 108, award: fixed(1) }],
    ['/earn_perks/-', { ...tea, id: 109, award: fixed(2) }],
  ),
  row(
    'best: an equal one listed before',
    'group_member_shadowed',
    '/earn_perks/8',
    best,
    ['/earn_perks/-', { ...tea, id: 108, award: fixed(2) }],
    ['/earn_perks/-', { ...tea, id: 109, award: fixed(2) }],
  ),
  row(
    'first: a bonus of the same hours',
    'group_member_shadowed',
    '/bonuses/4',
    ['/groups/-', { name: 'hours', stacking: 'first' }],
    ['/bonuses/-', { ...happy, id: 204, award: fixed(2), group: 'hours' }],
    ['/bonuses/-', { ...happy, id: 205, award: fixed(9), group: 'hours', perks: [101] }],
  ),
  row('a group of nothing', 'group_empty', '/groups/1', ['/groups/-', { name: 'none', stacking: 'all' }]),
  row('levels of one priority', 'level_priority_equal', '/redeem_perks/4/membership/priority', [
    '/redeem_perks/4/membership/priority',
    1,
  ]),
  row('slots past midnight', 'schedule_overlap', '/bonuses/0/schedule/1', [
    '/bonuses/0/schedule/1/from',
    '01:59',
  ]),
  row('slots past the end of the week', 'schedule_overlap', '/bonuses/0/schedule/1', [
    '/bonuses/0/schedule/1',
    { days: ['SUN'], from: '23:00', to: '22:30' },
  ]),
  row('a day twice', 'schedule_overlap', '/redeem_perks/0/voucher/schedule/0', [
    '/redeem_perks/0/voucher/schedule/0/days',
    ['SAT', 'SAT'],
  ]),
]

const WORTH: Row[] = [
  row(
    'a bonus of an inactive perk',
    'bonus_without_perk',
    '/bonuses/0/perks',
    ['/earn_perks/0/status', 'INACTIVE'],
    ['/challenges', []],
  ),
  row('a bonus on other days', 'bonus_without_perk', '/bonuses/1/perks', [
    '/bonuses/1',
    { ...SOUND_PROGRAM.bonuses[1], perks: [101], start: '2025-02-01', end: '2025-02-28' },
  ]),
  row('a bonus in other stores', 'bonus_without_perk', '/bonuses/0/perks', ['/bonuses/0/stores', [3]]),
  row(
    'a percentage of little',
    'bonus_always_zero',
    '/bonuses/0/award/percent',
    ['/bonuses/0/award/percent', 19],
    ['/earn_perks/1/award/points', 5],
    ['/bonuses/0/perks', [102]],
  ),
  row(
    'a percentage of what is capped',
    'bonus_always_zero',
    '/bonuses/0/award/percent',
    ['/bonuses/0/award/percent', 20],
    ['/earn_perks/0/caps', { per_sale: 4 }],
  ),
  row('points that give all back', 'money_gives_back_all', '/redeem_perks/2/money', [
    '/redeem_perks/2/money/money',
    10_000,
  ]),
]

const OFFLINE: Row[] = [
  row(
    'E-OFF-3 less than anything costs',
    'offline_never_enough',
    '/offline/redemption_max',
    ['/offline', { redemption_max: 1 }],
    ['/redeem_perks/2', { id: 303, title: 'Money', points: 200 }],
  ),
  row('E-OFF-3 risk without a bound beside it', 'risk_never_taken', '/offline/risk/per_store', [
    '/offline',
    { risk: { per_member: 5, per_outage: 5, uses_per_outage: 1 } },
  ]),
  row('E-OFF-3 risk without a use', 'risk_never_taken', '/offline/risk/uses_per_outage', [
    '/offline',
    { risk: { per_member: 5, per_outage: 5, per_store: 5 } },
  ]),
  row('E-OFF-3 one member more than all', 'risk_bound_idle', '/offline/risk/per_member', [
    '/offline',
    { risk: { per_member: 9, per_outage: 5, per_store: 9, uses_per_outage: 1 } },
  ]),
]

const BOUNDS: Row[] = [
  row('a cap above another', 'cap_idle', '/earn_perks/0/caps/per_sale', ['/earn_perks/0/caps/per_day', 99]),
  row('a cap of a group', 'cap_idle', '/groups/0/caps/per_sale', ['/groups/0/caps/per_member', 1]),
  row('a voucher that expires first', 'voucher_never_usable', '/redeem_perks/0/voucher/from_days', [
    '/redeem_perks/0/voucher/from_days',
    31,
  ]),
  row(
    'a limit above the budget',
    'limit_looser_than_budget',
    '/redeem_perks/0/limit/count',
    ['/redeem_perks/0/limit/count', 11],
    ['/redeem_perks/0/budget', { total: 10 }],
  ),
  row('a store above the budget', 'limit_looser_than_budget', '/redeem_perks/0/budget/per_store', [
    '/redeem_perks/0/budget/total',
    599,
  ]),
  row('points pending until after they expire', 'metric_never_spendable', '/points/pending_days', [
    '/points',
    { pending_days: 30, expiry: { kind: 'rolling', after: { days: 29 } } },
  ]),
  row('a second card of one metric', 'card_shadowed', '/stamp_cards/1/required', [
    '/stamp_cards/-',
    { ...SOUND_PROGRAM.stamp_cards[0], id: 402 },
  ]),
  row('more stamps than are ever given', 'card_never_filled', '/stamp_cards/0/required', [
    '/earn_perks/3/caps',
    { per_member: 9 },
  ]),
  row(
    'more stamps than are kept',
    'card_never_filled',
    '/stamp_cards/0/required',
    [
      '/earn_perks/3',
      { id: 104, title: 'Day', type: 'CHECKIN', award: fixed(1), metric: 11, once_per_day: true },
    ],
    ['/metrics/0/expiry', { kind: 'rolling', after: { days: 8 } }],
  ),
]

const CHALLENGES: Row[] = [
  row('an inactive perk', 'requirement_unfulfillable', '/challenges/0/requirements/1', [
    '/earn_perks/1/status',
    'INACTIVE',
  ]),
  row('other days', 'requirement_unfulfillable', '/challenges/0/requirements/1', [
    '/earn_perks/1/end',
    '2024-02-29',
  ]),
  row('other stores', 'requirement_unfulfillable', '/challenges/0/requirements/1', [
    '/earn_perks/1/stores',
    [2],
  ]),
  row('more often than there are days', 'requirement_unfulfillable', '/challenges/0/requirements/1', [
    '/challenges/0/requirements/1/quantity',
    32,
  ]),
  row('two enrolments', 'requirement_unfulfillable', '/challenges/0/requirements/1', [
    '/challenges/0/requirements/1',
    { id: 512, title: 'Join', perk: 106, quantity: 2 },
  ]),
  row('a prize beyond the last response', 'prize_never_won', '/response_challenges/1/prize/nth', [
    '/response_challenges/1/overall',
    99,
  ]),
]

const IDLE: Row[] = [
  row('a promise kept with nothing', 'field_idle', '/lateness', ['/goodwill_points_max', 0]),
  row('a second enrolment of a day', 'field_idle', '/earn_perks/5/once_per_day', [
    '/earn_perks/5/once_per_day',
    true,
  ]),
  row('a warning of no expiry', 'field_idle', '/points/warn_days', ['/points/expiry', undefined]),
  row('a window of the last visit', 'field_idle', '/aggregates/0/window', [
    '/aggregates/0/of',
    'last_visit_days',
  ]),
  row('days between one response', 'field_idle', '/response_challenges/0/interval_days', [
    '/response_challenges/0/per_member',
    1,
  ]),
  row('validity of what is used at once', 'field_idle', '/redeem_perks/4/voucher/valid_days', [
    '/redeem_perks/4/voucher',
    { initial_status: 'used', valid_days: 3 },
  ]),
  row('keeping without a period', 'field_idle', '/tiers/2/keep', ['/tier_period', undefined]),
  row('keeping the first tier', 'field_idle', '/tiers/0/keep', [
    '/tiers/0/keep',
    { match: 'all', of: [{ metric: 0, at_least: 1 }] },
  ]),
  row('leaving the first tier', 'field_idle', '/tiers/0/exit_cancels', ['/tiers/0/exit_cancels', [301]]),
  row('rising into the first tier', 'field_idle', '/tiers/0/entry_points', ['/tiers/0/entry_points', 5]),
]

/** Rows of rules that end before the program begins on this day. */
const FROM = dayOfDate('2024-03-15') ?? 0
const OVER: Row[] = [
  row('a bonus that is over', 'over_already', '/bonuses/1/end'),
  row(
    'a segment that is over',
    'over_already',
    '/segments/1/expiry/on',
    ['/segments/1/expiry/on', '2024-03-14'],
    ['/bonuses/1/status', 'INACTIVE'],
  ),
]

const NAMES = { REACHED, CONDITIONS, OVERLAPS, WORTH, OFFLINE, BOUNDS, CHALLENGES, IDLE }

test.each([
  ['the sound one of the tables', SOUND_PROGRAM],
  ['the demo', sampleProgram],
  ['the small one of the tests', SMALL_PROGRAM],
])('E-DOC-4 nothing is said of %s', (_, document) => {
  expect(warned(structuredClone(document))).toEqual([])
})

describe.each(Object.entries(NAMES))('E-DOC-4 %s', (_, rows) => {
  test.each(rows)('$what: $code', ({ changes, code, path }) => {
    const warnings = warned(changedProgram(...changes))
    expect(pairs(warnings)).toContainEqual([path, code])
    // A person reads it: what is the matter, and after it what to do or what follows.
    for (const { message } of warnings) expect(message).toMatch(/\w.*[;,] .*\w/)
  })
})

test.each(OVER)('E-DOC-4 from a day on: $what', ({ changes, code, path }) => {
  const document = changedProgram(...changes)
  expect(pairs(warned(document, FROM))).toEqual([[path, code]])
  expect(warned(document)).toEqual([])
})

test('E-DOC-4 every code has a row', () => {
  const codes = [...Object.values(NAMES).flat(), ...OVER].map(({ code }) => code)
  expect(new Set(codes)).toEqual(new Set(WARNINGS))
})

describe('E-DOC-4 what is not certain is not said', () => {
  test.each<[what: string, changes: Change[]]>([
    ['a later perk of a wider day range', [...always, ['/earn_perks/0/start', '2024-02-01']]],
    ['an earlier perk only once a day', [...always, ['/earn_perks/0/once_per_day', true]]],
    ['an earlier perk with a cap', [...always, ['/earn_perks/0/caps', { per_day: 50 }]]],
    [
      'an earlier perk that may give 0',
      [...always, ['/earn_perks/0/award', { kind: 'per_item', points: 9 }]],
    ],
    [
      'an inactive earlier perk',
      [...always, ['/earn_perks/0/status', 'INACTIVE'], ['/bonuses/0/perks', [103]]],
    ],
    ['all of a group', [...always, ['/groups/0/stacking', 'all']]],
    [
      'a dead condition of an inactive rule',
      [
        ['/rules/0/status', 'INACTIVE'],
        ['/rules/0/when', { store: [1] }],
      ],
    ],
    ['slots that touch', [['/bonuses/0/schedule/1/from', '02:00']]],
    ['an enrolment in a higher tier, which claimed sales can lift to', [['/earn_perks/5/required_tier', 2]]],
    ['a stamp that activities may give', [['/earn_perks/3/once_per_day', true]]],
    ['a tier by a metric that a rule gives', [['/tiers/2/reach/of/0/metric', 12]]],
    [
      'a number either below 3 or above 5',
      [['/bonuses/2/when', { any: [amount('lt', 3), amount('gt', 5)] }]],
    ],
  ])('%s', (_, changes) => {
    expect(warned(changedProgram(...changes))).toEqual([])
  })

  test.each([
    ['fewer lifetime points than the tier takes', 'lt', 500, ['/redeem_perks/0/when']],
    ['as many as the tier takes', 'le', 500, []],
  ])('a perk for a tier that asks for %s', (_, is, value, paths) => {
    const [coffee, ...others] = SMALL_PROGRAM.redeem_perks ?? []
    const when = { metric: 0, part: 'lifetime', is, value }
    const document = { ...SMALL_PROGRAM, redeem_perks: [{ ...coffee, required_tier: 2, when }, ...others] }
    expect(pairs(warned(document))).toEqual(paths.map((path) => [path, 'condition_never_holds']))
  })

  test('at most ISSUES_MAX are told', () => {
    const groups = Array.from({ length: 99 }, (_, index) => ({ name: `g${index}`, stacking: 'all' }))
    const idle = Array.from({ length: 5 }, (_, index) => ({
      ...SOUND_PROGRAM.earn_perks[5],
      id: 1000 + index,
      once_per_day: true,
    }))
    const document = changedProgram(
      ['/groups', [...SOUND_PROGRAM.groups, ...groups]],
      ['/earn_perks', [...SOUND_PROGRAM.earn_perks, ...idle]],
    )
    expect(warned(document).length).toBe(ISSUES_MAX)
  })
})
