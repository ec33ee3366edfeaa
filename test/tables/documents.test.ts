// E-DOC-1, E-DOC-3: why a program document is refused, where, and by which code. Each row changes something of a sound document.
import { describe, expect, test } from 'vitest'
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import { dayOfDate } from '../../cloud/evaluation/check/dates.ts'
import { ERRORS, ISSUES_MAX } from '../../cloud/evaluation/check/issue.ts'
import type { DocumentIssue, ErrorCode } from '../../cloud/evaluation/check/issue.ts'
import { CONDITIONS_MAX, CONDITION_DEPTH_MAX } from '../../cloud/evaluation/document/conditions.ts'
import { DAY_MS } from '../../protocol/time.ts'
import { SOUND_PROGRAM, changedProgram } from '../support/sound-program.ts'
import type { Change } from '../support/sound-program.ts'

function issuesOf(document: unknown): readonly DocumentIssue[] {
  const checked = checkDocument(document)
  return checked.ok ? [] : checked.issues
}

type Row = [code: ErrorCode, change: string, value: unknown, path?: string]

const weekday = { number: 'weekday', is: 'eq', value: 1 }
const nested = (levels: number): object => (levels === 1 ? weekday : { not: nested(levels - 1) })
const cycle: Change[] = [
  ['/segments/0/when', { any: [weekday, { segment: 702 }] }],
  ['/segments/1/when', { not: { segment: 701 } }],
]

const ROWS: readonly Row[] = [
  ['id_duplicate', '/bonuses/1/id', 201],
  ['id_duplicate', '/redeem_perks/1/id', 2],
  ['id_duplicate', '/stamp_cards/0/id', 11],
  ['id_duplicate', '/rules/1/id', 701],
  ['id_duplicate', '/challenges/0/requirements/1/id', 511],
  ['name_duplicate', '/groups/-', { name: 'one of', stacking: 'all' }, '/groups/1/name'],

  ['tier_threshold_choice', '/tiers/2/point_floor', 900, '/tiers/2'],
  ['tier_threshold_choice', '/tiers/1/point_floor', undefined, '/tiers/1'],
  ['tier_first_unreachable', '/tiers/0/point_floor', 5],
  ['tier_order', '/tiers/1/point_floor', 0],
  ['tier_order', '/tiers/2/reach', { match: 'any', of: [{ metric: 0, at_least: 100 }] }],
  ['tier_order', '/tiers/2/reach', { match: 'all', of: [{ metric: 11, at_least: 0 }] }],

  ['reference_unknown', '/earn_perks/0/required_tier', 9],
  ['reference_unknown', '/bonuses/1/required_tier', 101],
  ['reference_unknown', '/redeem_perks/0/required_tier', 9],
  ['reference_unknown', '/response_challenges/0/required_tier', 9],
  ['reference_unknown', '/tiers/1/entry_perk', 999],
  ['reference_unknown', '/tiers/2/exit_cancels', [301, 101], '/tiers/2/exit_cancels/1'],
  ['reference_unknown', '/tiers/2/reach/of/0/metric', 13],
  ['reference_unknown', '/tiers/2/keep/of/0/metric', 101],
  ['reference_unknown', '/bonuses/0/perks', [101, 999], '/bonuses/0/perks/1'],
  ['reference_unknown', '/bonuses/0/perks', [301], '/bonuses/0/perks/0'],
  ['reference_unknown', '/bonuses/1/group', 'none'],
  ['reference_unknown', '/earn_perks/4/metric', 13],
  ['reference_unknown', '/redeem_perks/1/metric', 13],
  ['reference_unknown', '/stamp_cards/0/metric', 13],
  ['reference_unknown', '/stamp_cards/0/reward', 101],
  ['reference_unknown', '/challenges/0/requirements/0/perk', 301],
  ['reference_unknown', '/challenges/0/reward', { perk: 999 }, '/challenges/0/reward/perk'],
  ['reference_unknown', '/response_challenges/0/reward/metric', 13],
  ['reference_unknown', '/response_challenges/0/prize/reward/perk', 999],
  ['reference_unknown', '/rules/0/effect/metric', 13],
  ['reference_unknown', '/rules/1/effect/segment', 901],
  ['reference_unknown', '/rules/2/effect/perk', 101],
  ['reference_unknown', '/redeem_perks/0/when/any/0/tier', 9],
  ['reference_unknown', '/redeem_perks/0/when/any/1/holds', 9],
  ['reference_unknown', '/redeem_perks/0/when/any/2/aggregate', 9],
  ['reference_unknown', '/segments/0/when/metric', 13],
  ['reference_unknown', '/bonuses/2/when/all/0/segment', 9],
  ['reference_unknown', '/rules/0/when/all/2/applied', 701],
  ['voucher_missing', '/tiers/1/entry_perk', 302],
  ['voucher_missing', '/stamp_cards/0/reward', 302],
  ['voucher_missing', '/rules/2/effect/perk', 302],
  ['voucher_missing', '/redeem_perks/4/voucher', undefined],

  ['field_unusable', '/earn_perks/1/skus', ['tea']],
  ['field_unusable', '/earn_perks/1/categories', ['FOOD']],
  ['field_unusable', '/earn_perks/1/minimum_amount', 100],
  ['field_unusable', '/earn_perks/4/tenders', ['cash']],
  ['field_unusable', '/earn_perks/4/completes_referral', true],
  ['field_unusable', '/earn_perks/6/metric', 11],
  ['field_unusable', '/earn_perks/6/caps', { per_day: 1 }],
  ['field_unusable', '/earn_perks/6/group', 'one of'],
  ['award_unusable', '/earn_perks/1/award', { kind: 'per_item', points: 1 }, '/earn_perks/1/award/kind'],
  ['award_unusable', '/earn_perks/5/award', SOUND_PROGRAM.earn_perks[0].award, '/earn_perks/5/award/kind'],
  ['award_unusable', '/earn_perks/6/award', { kind: 'per_item', points: 1 }, '/earn_perks/6/award/kind'],
  ['award_unusable', '/earn_perks/6/award/points', 10],
  ['interval_count_choice', '/redeem_perks/0/limit/interval_count', undefined],
  ['interval_count_choice', '/redeem_perks/1/limit/interval_count', 2],
  [
    'limit_too_long',
    '/redeem_perks/1/limit',
    { count: 1, interval: 'MONTH', interval_count: 37 },
    '/redeem_perks/1/limit/interval_count',
  ],
  ['date_unknown', '/redeem_perks/0/voucher', { from: '2023-02-29' }, '/redeem_perks/0/voucher/from'],
  [
    'end_before_start',
    '/redeem_perks/0/voucher',
    { from: '2024-03-02', until: '2024-03-01' },
    '/redeem_perks/0/voucher/until',
  ],
  ['money_ratio', '/redeem_perks/2/money/money', 100_000_001, '/redeem_perks/2/money'],
  ['draw_without_end', '/response_challenges/0/end', undefined],

  ['bonus_perk_unfit', '/bonuses/0/perks', [101, 107], '/bonuses/0/perks/1'],
  ['bonus_metrics_mixed', '/bonuses/0/perks', [101, 104], '/bonuses/0/perks/1'],
  ['group_mixed', '/bonuses/1/group', 'one of'],
  ['group_mixed', '/earn_perks/3/group', 'one of'],

  ['condition_too_deep', '/segments/0/when', nested(CONDITION_DEPTH_MAX + 1), deepest()],
  ['condition_too_large', '/segments/0/when', { any: Array.from({ length: CONDITIONS_MAX }, () => weekday) }],
  ['window_unusable', '/segments/0/when/part', 'balance', '/segments/0/when/window'],
  ['segment_cycle', '/segments/1/when', { segment: 702 }, '/segments/1/when/segment'],

  // E-OFF-3
  ['offline_bounds_crossed', '/offline', { redemption_max: 10, total_max: 9 }, '/offline/redemption_max'],
  ['offline_bounds_crossed', '/offline', { total_max: 9 }, '/offline/total_max'],

  ['date_unknown', '/earn_perks/0/start', '2024-02-30'],
  ['date_unknown', '/bonuses/1/end', '2023-02-29'],
  ['date_unknown', '/bonuses/2/from_date', '2024-13-01'],
  ['date_unknown', '/segments/1/expiry/on', '2024-04-31'],
  ['date_unknown', '/metrics/0/expiry/days/1', '02-30'],
  ['date_unknown', '/points/expiry', { kind: 'fixed', days: ['00-10'] }, '/points/expiry/days/0'],
  ['end_before_start', '/earn_perks/0/end', '2023-12-31'],
  ['end_before_start', '/challenges/0/end', '2024-02-29'],
  ['from_date_choice', '/bonuses/2/from_date', undefined],
  ['from_date_choice', '/bonuses/2/frequency', 'WEEKLY', '/bonuses/2/from_date'],

  ['nesting_too_deep', '/segments/0/when', nested(200), `/segments/0/when${'/not'.repeat(98)}`],
  ['schema_mismatch', '/currency', 'pounds'],
]

function deepest(): string {
  return `/segments/0/when${'/not'.repeat(CONDITION_DEPTH_MAX)}`
}

test('E-DOC-1 a sound document has no issues', () => {
  expect(issuesOf(changedProgram())).toEqual([])
})

describe('E-DOC-1, E-DOC-3 what a schema cannot say', () => {
  test.each<Row>([...ROWS])('%s: %s as %j', (code, change, value, path) => {
    const issues = issuesOf(changedProgram([change, value]))
    expect(issues.map((issue) => [issue.path, issue.code])).toEqual([[path ?? change, code]])
    // A person reads it: what is wrong, and after it what to do.
    expect(issues[0]?.message).toMatch(/\w.*[;:,?,] .*\w|^say |^must /)
  })

  test('every code has a row', () => {
    expect(new Set(ROWS.map(([code]) => code))).toEqual(new Set(ERRORS))
  })

  test('segments that ask for each other are a circle, told once and with the way', () => {
    const issues = issuesOf(changedProgram(...cycle))
    expect(issues.map(({ path, code }) => [path, code])).toEqual([
      ['/segments/1/when/not/segment', 'segment_cycle'],
    ])
    expect(issues[0]?.message).toContain('701 asks for 702 asks for 701')
    expect(issuesOf(changedProgram(cycle[0] ?? ['', null]))).toEqual([])
  })

  test('a long chain of segments is walked without overflowing', () => {
    const segments = Array.from({ length: 998 }, (_, index) => ({
      id: 10_000 + index,
      name: 'Link',
      when: { any: [weekday, { segment: 10_000 + ((index + 1) % 998) }] },
      expiry: { kind: 'PERSISTENT' },
    }))
    const codes = issuesOf(changedProgram(['/segments', [...SOUND_PROGRAM.segments, ...segments]]))
    expect(codes.map(({ code }) => code)).toEqual(['segment_cycle'])
  })

  test('several issues are all told', () => {
    const issues = issuesOf(
      changedProgram(['/tiers/2/id', 101], ['/tiers/1/entry_perk', 999], ['/bonuses/1/end', '2024-01-31']),
    )
    expect(issues.map(({ code }) => code)).toEqual(['id_duplicate', 'reference_unknown', 'end_before_start'])
  })

  test('at most ISSUES_MAX are told', () => {
    const same = Array.from({ length: ISSUES_MAX + 20 }, () => SOUND_PROGRAM.redeem_perks[1])
    expect(issuesOf(changedProgram(['/redeem_perks', same])).length).toBe(ISSUES_MAX)
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
    ['/tier_period/lasts/kind', 'century', '/tier_period/lasts'],
    ['/metrics/1/expiry/after', {}, '/metrics/1/expiry/after'],
    ['/earn_perks/0/award/unit', 0, '/earn_perks/0/award/unit'],
    ['/earn_perks/0/award/rounding', 'up', '/earn_perks/0/award/rounding'],
    ['/earn_perks/0/start', '1.1.2024', '/earn_perks/0/start'],
    ['/earn_perks/0/stores', [], '/earn_perks/0/stores'],
    ['/earn_perks/1/type', 'DANCE', '/earn_perks/1/type'],
    ['/bonuses/0/schedule/0/from', '24:00', '/bonuses/0/schedule/0/from'],
    ['/bonuses/0/schedule/0/days', [], '/bonuses/0/schedule/0/days'],
    ['/bonuses/0/award/percent', 0, '/bonuses/0/award/percent'],
    ['/bonuses/2/required_to_earn', 0, '/bonuses/2/required_to_earn'],
    ['/redeem_perks/0/limit/count', 0, '/redeem_perks/0/limit/count'],
    ['/redeem_perks/0/limit/interval', 'WEEK', '/redeem_perks/0/limit/interval'],
    ['/redeem_perks/0/voucher/valid_days', 0, '/redeem_perks/0/voucher/valid_days'],
    ['/challenges/0/reward', { metric: 0 }, '/challenges/0/reward'],
    ['/rules/1/effect', { kind: 'message' }, '/rules/1/effect'],
    ['/bonuses/2/when', { colour: 'red' }, '/bonuses/2/when'],
    ['/bonuses/2/when/all/1/number', 'height', '/bonuses/2/when/all/1/number'],
    ['/bonuses/2/when/all/2/not', { store: [] }, '/bonuses/2/when/all/2/not/store'],
  ])('%s as %j', (change, value, path) => {
    const issues = issuesOf(changedProgram([change, value]))
    expect(issues.map((issue) => [issue.path, issue.code])).toEqual([[path, 'schema_mismatch']])
    expect(issues[0]?.message).toMatch(/\w{3}/)
  })

  test('all places that do not fit are told at once', () => {
    const issues = issuesOf(
      changedProgram(['/name', ''], ['/bonuses/0/award/percent', 0], ['/bonuses/2/when/all/1/is', 'near']),
    )
    expect(issues.map(({ path }) => path)).toEqual([
      '/name',
      '/bonuses/0/award/percent',
      '/bonuses/2/when/all/1/is',
    ])
  })

  test.each([null, undefined, 5, 'text', [], {}, { ...SOUND_PROGRAM, __proto__: null, tiers: null }])(
    '%j is no program document',
    (input) => {
      expect(checkDocument(input).ok).toBe(false)
    },
  )

  test('a document nested without end is refused, not walked', () => {
    const depth = 100_000
    const input: unknown = JSON.parse(`{"a":${'{"not":'.repeat(depth)}1${'}'.repeat(depth)}}`)
    expect(issuesOf(input).map(({ code }) => code)).toEqual(['nesting_too_deep'])
  })
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
