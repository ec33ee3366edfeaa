// Overlapping exclusives: of a group only one perk or bonus is given, so a member of it that another always goes before is never given. Only what
// is certain is told. Levels of membership with one priority overlap too: which one counts would hang on their ids.
import type { ProgramDocument } from '../document/program.ts'
import { windowOf } from './dates.ts'
import type { DocumentWarning } from './issue.ts'
import type { Known } from './known.ts'
import { perksOfBonus } from './known.ts'
import { isActive, placed } from './places.ts'
import type { Item, Placed } from './places.ts'
import { rankOf } from './reachability.ts'

type Perk = Item<'earn_perks'>
type Bonus = Item<'bonuses'>

/** Members of one group that each is compared with: a group has a handful, and a check must not take the square of a document. */
const COMPARED_MAX = 200

export function* shadowWarnings(document: ProgramDocument, known: Known): Generator<DocumentWarning> {
  const perks = [...placed(document, 'earn_perks')].filter(({ item }) => item.type !== 'PROGRESS_ACTIVITY')
  yield* inGroups(known, perks, (upper, lower) => perkGoesBefore(upper, lower, known), perkGivesAsMuch)
  const bonuses = [...placed(document, 'bonuses')]
  yield* inGroups(
    known,
    bonuses,
    (upper, lower) => bonusGoesBefore(upper, lower, known),
    (upper, lower) => awardGivesAsMuch(upper.award, lower.award),
  )
  const members = new Set([...perks, ...bonuses].map(({ item }) => item.group))
  for (const { path, item } of placed(document, 'groups'))
    if (!members.has(item.name))
      yield { path, code: 'group_empty', message: `nothing is in group "${item.name}"; take it out` }
  yield* equalLevels(document)
}

function* inGroups<T extends Perk | Bonus>(
  known: Known,
  all: readonly Placed<T>[],
  goesBefore: (upper: T, lower: T) => boolean,
  givesAsMuch: (upper: T, lower: T) => boolean,
): Generator<DocumentWarning> {
  const groups = new Map<string, Placed<T>[]>()
  for (const one of all) {
    const name = one.item.group
    if (name === undefined || !isActive(one.item)) continue
    groups.set(name, [...(groups.get(name) ?? []), one].slice(-COMPARED_MAX))
    const stacking = known.groups.get(name)?.stacking
    if (stacking !== 'first' && stacking !== 'best') continue
    const earlier = (groups.get(name) ?? []).slice(0, -1)
    for (const other of earlier) {
      if (goesBefore(other.item, one.item) && (stacking === 'first' || givesAsMuch(other.item, one.item))) {
        yield shadowed(one.path, other.item, name)
        break
      }
      // Of the best a later one can win too, where it gives more and not just as much.
      if (stacking !== 'best' || !goesBefore(one.item, other.item)) continue
      if (givesAsMuch(one.item, other.item) && !givesAsMuch(other.item, one.item))
        yield shadowed(other.path, one.item, name)
    }
  }
}

function shadowed(path: string, by: Perk | Bonus, group: string): DocumentWarning {
  return {
    path,
    code: 'group_member_shadowed',
    message: `never given on a sale: ${by.id} of group "${group}" applies whenever it does and goes before it; make it ask for more, or reorder the group`,
  }
}

/** Whether `upper` is given whenever `lower` would be. */
function perkGoesBefore(upper: Perk, lower: Perk, known: Known): boolean {
  return (
    upper.type === lower.type &&
    conditionsCover(upper, lower, known) &&
    upper.once_per_day !== true &&
    linesCover(upper, lower) &&
    (upper.tenders === undefined ||
      (lower.tenders !== undefined && includes(upper.tenders, lower.tenders))) &&
    (upper.minimum_amount ?? 0) <= (lower.minimum_amount ?? 0) &&
    (upper.award.kind === 'fixed' || perkGivesAsMuch(upper, lower))
  )
}

function bonusGoesBefore(upper: Bonus, lower: Bonus, known: Known): boolean {
  const ids = (bonus: Bonus): number[] => perksOfBonus(bonus, known).map(({ id }) => id)
  const everyTime =
    upper.type === 'DATE_RANGE' ||
    (upper.type === 'TIME' && lower.type === 'TIME' && same(upper.schedule, lower.schedule))
  return (
    everyTime &&
    conditionsCover(upper, lower, known) &&
    includes(ids(upper), ids(lower)) &&
    (upper.award.kind === 'fixed' || awardGivesAsMuch(upper.award, lower.award))
  )
}

function conditionsCover(upper: Perk | Bonus, lower: Perk | Bonus, known: Known): boolean {
  const [first, last] = windowOf(upper)
  const [from, to] = windowOf(lower)
  const lowerAttributes = lower.attributes
  return (
    upper.caps === undefined &&
    first <= from &&
    last >= to &&
    (upper.stores === undefined || (lower.stores !== undefined && includes(upper.stores, lower.stores))) &&
    rankOf(known, upper.required_tier) <= rankOf(known, lower.required_tier) &&
    (upper.when === undefined || same(upper.when, lower.when)) &&
    (upper.attributes === undefined ||
      (lowerAttributes !== undefined &&
        includes(
          upper.attributes.map((one) => JSON.stringify([one.name, one.value])),
          lowerAttributes.map((one) => JSON.stringify([one.name, one.value])),
        )))
  )
}

/** Whether all lines that match `lower` match `upper`. */
function linesCover(upper: Perk, lower: Perk): boolean {
  const anyLine = (perk: Perk): boolean => perk.skus === undefined && perk.categories === undefined
  if (anyLine(upper)) return true
  return (
    !anyLine(lower) &&
    includes(upper.skus ?? [], lower.skus ?? []) &&
    includes(upper.categories ?? [], lower.categories ?? [])
  )
}

/** Of perks with `linesCover`: whether `upper` never gives less. */
function perkGivesAsMuch(upper: Perk, lower: Perk): boolean {
  return awardGivesAsMuch(upper.award, lower.award)
}

function awardGivesAsMuch(
  upper: Perk['award'] | Bonus['award'],
  lower: Perk['award'] | Bonus['award'],
): boolean {
  if (upper.kind === 'multiplier') return lower.kind === 'multiplier' && upper.percent >= lower.percent
  if (lower.kind !== upper.kind || upper.points < lower.points) return false
  return (
    upper.kind !== 'per_currency_unit' ||
    lower.kind !== 'per_currency_unit' ||
    (upper.unit <= lower.unit && upper.rounding === lower.rounding)
  )
}

function includes<T>(list: readonly T[], wanted: readonly T[]): boolean {
  const all = new Set(list)
  return wanted.every((one) => all.has(one))
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function* equalLevels(document: ProgramDocument): Generator<DocumentWarning> {
  const seen = new Map<number, number>()
  for (const { path, item } of placed(document, 'redeem_perks')) {
    if (!isActive(item) || item.membership?.template !== 'LEVEL') continue
    const { priority } = item.membership
    const other = seen.get(priority)
    if (other === undefined) seen.set(priority, item.id)
    else
      yield {
        path: `${path}/membership/priority`,
        code: 'level_priority_equal',
        message: `level ${other} has priority ${priority} too, so of a member with both the smaller id counts; give each its own`,
      }
  }
}
