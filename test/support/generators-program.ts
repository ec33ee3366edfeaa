// Generated programs: every concept of the document (parts of it in generators/), on few skus, few categories and round floors, so that conditions meet
// often. Whole sections are left out now and then, which is also how a failing case shrinks. All versions of a program have the same structure (ids,
// windows, caps, conditions) and differ in numbers, dates and status: what a program asks for is what is kept, so a version that suddenly asked
// for more would find less than the oracle, which keeps everything.
import fc from 'fast-check'
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import type { ProgramVersion } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import { MINUTE_MS, hybridTime } from '../../protocol/time.ts'
import { bonuses, earnPerks, groups } from './generators/earning.ts'
import { aggregates, challenges, responseChallenges, rules, segments } from './generators/engagement.ts'
import { metrics, points, redeemPerks, stampCards, tierPeriod, tiers } from './generators/holdings.ts'
import { AGGREGATES, DAYS, FIRST_DAY_MS, RULES, SECRET, STANDARD_PERKS } from './generators/parts.ts'

/** What a program may do without. */
const SECTIONS = [
  'points',
  'bonuses',
  'groups',
  'stamp_cards',
  'challenges',
  'response_challenges',
  'segments',
  'aggregates',
  'rules',
  'tier_period',
  'conditions',
  'stamps',
] as const
type Section = (typeof SECTIONS)[number]

interface Draft {
  [field: string]: unknown
}

const whole: fc.Arbitrary<Draft> = fc.record({
  lateness: fc.constantFrom('honour', 'rewrite'),
  goodwill_points_max: fc.constantFrom(0, 5, 1000),
  grant_points_max: fc.constantFrom(30, 1000),
  points,
  metrics,
  tiers,
  tier_period: tierPeriod,
  earn_perks: earnPerks,
  bonuses,
  groups,
  redeem_perks: redeemPerks,
  stamp_cards: stampCards,
  challenges,
  response_challenges: responseChallenges,
  segments,
  aggregates,
  rules,
})

const sections: fc.Arbitrary<Section[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Section[]>([], ['bonuses']) },
  { weight: 3, arbitrary: fc.subarray([...SECTIONS]) },
  { weight: 1, arbitrary: fc.constant<Section[]>([...SECTIONS]) },
)

/** The sections a program keeps, with whatever named the others mended. */
function having(kept: readonly Section[], { ...draft }: Draft): Draft {
  const has = (section: Section): boolean => kept.includes(section)
  const optional = [
    'points',
    'groups',
    'stamp_cards',
    'challenges',
    'response_challenges',
    'segments',
    'aggregates',
    'rules',
    'tier_period',
  ] as const
  for (const section of optional) if (!has(section)) delete draft[section]
  if (!has('bonuses')) draft.bonuses = []
  if (!has('stamps') && !has('stamp_cards'))
    draft.earn_perks = (draft.earn_perks as Draft[]).map((perk) =>
      perk.metric === undefined ? perk : { ...perk, status: 'INACTIVE' },
    )
  return mended(draft, has) as Draft
}

const ALWAYS = { number: 'weekday', is: 'ge', value: 1 }

/** Takes out what names a section that is not there. */
function mended(value: unknown, has: (section: Section) => boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => mended(one, has))
  if (typeof value !== 'object' || value === null) return value
  const found = value as Draft
  if (isDead(found, has)) return ALWAYS
  const entries = Object.entries(found).filter(
    ([name, field]) =>
      field !== undefined &&
      !(name === 'group' && !has('groups')) &&
      !(name === 'when' && !has('conditions')),
  )
  const fields = Object.fromEntries(entries.map(([name, field]) => [name, mended(field, has)]))
  const { effect } = fields as { effect?: { kind: string } }
  return effect?.kind === 'segment' && !has('segments')
    ? { ...fields, effect: { kind: 'task', task: 'write' } }
    : fields
}

function isDead(node: Draft, has: (section: Section) => boolean): boolean {
  if ('segment' in node && !('kind' in node)) return !has('segments')
  if ('aggregate' in node) return !has('aggregates')
  if (!('applied' in node)) return false
  const rule = node.applied as number
  return rule === 201 ? !has('bonuses') : RULES.includes(rule) && !has('rules')
}

/**
 * A perk that gives nothing and asks for everything that any condition could: so every version keeps the same counts.
 */
const ANCHOR = {
  id: 199,
  title: 'Asks for everything',
  type: 'CHECKIN',
  status: 'INACTIVE',
  award: { kind: 'fixed', points: 1 },
  when: {
    any: [
      ...[...STANDARD_PERKS, 201, ...RULES].map((applied) => ({ applied, is: 'ge', value: 0 })),
      ...AGGREGATES.map((aggregate) => ({ aggregate, is: 'ge', value: 0 })),
    ],
  },
}

function checkedDocument(draft: Draft): ProgramDocument {
  const checked = checkDocument({
    name: 'Generated',
    currency: 'GBP',
    currency_digits: 2,
    voucher_secret: SECRET,
    ...draft,
  })
  assert(checked.ok, `generated documents are sound: ${JSON.stringify(checked.ok ? '' : checked.issues)}`)
  return checked.document
}

/** What versions of a rule may differ in. */
const VARYING = ['award', 'status', 'start', 'end', 'point_floor', 'required', 'quantity', 'expiry'] as const

/** The first version's structure with another's numbers. */
function varied(first: Draft, other: Draft): Draft {
  const lists = ['earn_perks', 'bonuses', 'tiers', 'stamp_cards', 'metrics'] as const
  const result: Draft = { ...first }
  for (const field of ['lateness', 'goodwill_points_max', 'grant_points_max'] as const)
    result[field] = other[field]
  for (const list of lists) {
    const others = (other[list] ?? []) as Draft[]
    result[list] = ((first[list] ?? []) as Draft[]).map((rule, index) => {
      const its = others[index] ?? {}
      // Exactly one way of reaching a tier, in the first version and in all.
      const fields = VARYING.filter((field) => (field === 'point_floor' ? 'point_floor' in rule : true))
      const given = fields.filter((field) => its[field] !== undefined || field !== 'award')
      const merged = { ...rule, ...Object.fromEntries(given.map((field) => [field, its[field]])) }
      return 'point_floor' in rule && merged.point_floor === undefined
        ? { ...merged, point_floor: rule.point_floor }
        : merged
    })
  }
  return result
}

/** Up to three drafts that share a structure. */
const drafts = fc
  .tuple(fc.array(whole, { minLength: 1, maxLength: 3 }), sections)
  .map(([[first = {}, ...others], kept]) => {
    const anchored = { ...first, earn_perks: [...(first.earn_perks as Draft[]), ANCHOR] }
    return [anchored, ...others.map((other) => varied(anchored, other))].map((draft) =>
      checkedDocument(having(kept, draft)),
    )
  })

export const anyDocument: fc.Arbitrary<ProgramDocument> = drafts.map(([first]) => first as ProgramDocument)

/** One to three versions; the first is in force from the beginning or only after some days. */
export const anyVersions: fc.Arbitrary<ProgramRecord[]> = fc
  .tuple(
    drafts,
    fc.constantFrom(0, 0, 0, 3 * 1440),
    fc.array(fc.integer({ min: 0, max: DAYS * 48 }), { minLength: 3, maxLength: 3 }),
  )
  .map(([documents, first, later]) => versionsOf(documents, [first, ...later.map((half) => half * 30)]))

/** Records of documents, each in force from so many minutes after the first day's midnight. */
export function versionsOf(
  documents: readonly ProgramDocument[],
  minutes: readonly number[],
): ProgramRecord[] {
  return documents.map((document, index) => ({
    version: (index + 1) as ProgramVersion,
    effectiveFrom: hybridTime(FIRST_DAY_MS + (minutes[index] ?? 0) * MINUTE_MS),
    document: JSON.stringify(document),
  }))
}
