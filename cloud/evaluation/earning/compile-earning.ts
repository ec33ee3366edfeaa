// Compiles earn perks and bonuses into flat arrays, by what the lines of a sale touch.
import type { CountedRules } from './applied.ts'
import { countedRules } from './applied.ts'
import { DAY_BEFORE_ALL } from '../time/calendar.ts'
import { compileConditions, dayOf } from '../conditions/compile-conditions.ts'
import type { Bonus, EarnPerk, Earning, Giving } from '../compile.ts'
import type { BonusDocument, EarnPerkDocument, EarnType } from '../document/earning.ts'
import type { ProgramDocument } from '../document/program.ts'
import { rowsOf } from './standard-perks.ts'
import { compileSelections } from './selections.ts'
import { slotsOf } from '../time/slots.ts'
import { tiersArePlain } from '../tiers/tiers.ts'

export function compileEarning(document: ProgramDocument): Earning {
  const selections = compileSelections(document.earn_perks.filter(({ type }) => type === 'STANDARD'))
  const perksOf = (wanted: EarnPerkDocument['type']): EarnPerk[] =>
    document.earn_perks
      .filter(({ type }) => type === wanted)
      .map((perk, index) =>
        earnPerkOf(
          perk,
          index,
          compileGiving(perk, document),
          wanted === 'STANDARD' ? (selections.ofPerk[index] ?? 0) : 0,
        ),
      )
  const standardPerks = perksOf('STANDARD').toSorted((a, b) => a.selection - b.selection)
  const bonuses = document.bonuses.map((bonus): Bonus => ({
    ...compileGiving(bonus, document),
    metric: document.earn_perks.find(({ id }) => id === bonus.perks?.[0])?.metric ?? 0,
    id: bonus.id,
    document: bonus,
    type: bonus.type,
    everyPerk: bonus.perks === undefined,
    perks: indexesWhere(standardPerks, (perk) => bonus.perks?.includes(perk.id) ?? false),
    percent: bonus.award.kind === 'multiplier' ? bonus.award.percent : 0,
    fixed: bonus.award.kind === 'fixed' ? bonus.award.points : 0,
    slots: bonus.type === 'TIME' ? slotsOf(bonus.schedule) : new Int32Array(0),
    requiredToEarn: bonus.type === 'FREQUENCY' ? bonus.required_to_earn : 0,
    frequency: bonus.type === 'FREQUENCY' ? bonus.frequency : 'WEEKLY',
    fromDay:
      bonus.type === 'FREQUENCY' && bonus.from_date !== undefined ? dayOf(bonus.from_date) : DAY_BEFORE_ALL,
  }))
  const counted = countedRules(document)
  return {
    standardPerks,
    perkRows: rowsOf(standardPerks, new Set(bonuses.flatMap(({ perks }) => [...perks]))),
    selections,
    perkStarts: startsOf(standardPerks, selections.count),
    checkinPerks: perksOf('CHECKIN'),
    registrationPerks: perksOf('REGISTRATION'),
    referralPerks: perksOf('REFERRAL'),
    birthdayPerks: perksOf('BIRTHDAY'),
    activityPerks: new Map(ACTIVITY_TYPES.flatMap(perksOf).map((perk) => [perk.id, perk])),
    bonuses,
    elaborate: isElaborate(document, counted),
    counted,
    hasSchedules: bonuses.some(({ type }) => type === 'TIME'),
  }
}

/** Perks that a fact of the kind `activity` may name. */
const ACTIVITY_TYPES: readonly EarnType[] = [
  'STANDARD',
  'VISITOR',
  'COUPON',
  'SOCIAL_POST',
  'POINT_ADJUSTMENT',
  'PROGRESS_ACTIVITY',
]

function compileGiving(rule: EarnPerkDocument | BonusDocument, document: ProgramDocument): Giving {
  return {
    ...compileConditions(rule, document),
    metric: ('metric' in rule ? rule.metric : undefined) ?? 0,
    caps: rule.caps ?? null,
    group: document.groups?.find(({ name }) => name === rule.group) ?? null,
  }
}

function isElaborate(document: ProgramDocument, counted: CountedRules): boolean {
  const sales = [...document.earn_perks.filter(({ type }) => type === 'STANDARD'), ...document.bonuses]
  return sales.some(
    (rule) =>
      [rule.attributes, rule.when, rule.caps, rule.group].some((value) => value !== undefined) ||
      (rule.required_tier !== undefined && !tiersArePlain(document)) ||
      counted.has(rule.id) ||
      ('tenders' in rule && rule.tenders !== undefined) ||
      ('metric' in rule && (rule.metric ?? 0) !== 0),
  )
}

function earnPerkOf(perk: EarnPerkDocument, place: number, giving: Giving, selection: number): EarnPerk {
  const { award, skus, categories, once_per_day: oncePerDay = false } = perk
  const unit = award.kind === 'per_currency_unit' ? award.unit : 1
  const rounding = award.kind === 'per_currency_unit' ? award.rounding : 'floor'
  return {
    ...giving,
    id: perk.id,
    place,
    document: perk,
    award: award.kind,
    points: award.points,
    unit,
    rounding,
    everyLine: skus === undefined && categories === undefined,
    selection,
    skus: new Set(skus),
    categories: new Set(categories),
    minimumAmount: perk.minimum_amount ?? 0,
    oncePerDay,
    tenders: perk.tenders === undefined ? null : new Set(perk.tenders),
  }
}

function startsOf(perks: readonly EarnPerk[], selections: number): Int32Array {
  const starts = new Int32Array(selections + 1)
  for (const { selection } of perks) starts[selection + 1] = (starts[selection + 1] ?? 0) + 1
  for (let at = 1; at <= selections; at++) starts[at] = (starts[at] ?? 0) + (starts[at - 1] ?? 0)
  return starts
}

function indexesWhere<T>(list: readonly T[], holds: (item: T) => boolean): Int32Array {
  return Int32Array.from(list.flatMap((item, index) => (holds(item) ? [index] : [])))
}
