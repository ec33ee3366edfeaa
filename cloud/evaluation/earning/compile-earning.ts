// Compiles earn perks and bonuses into flat arrays, by what the lines of a sale touch.
import type { CountedRules } from './applied.ts'
import { countedRules } from './applied.ts'
import { DAY_BEFORE_ALL } from '../time/calendar.ts'
import { compileConditions, dayOf } from '../conditions/compile-conditions.ts'
import type { Bonus, EarnPerk, Earning, Giving } from '../compile.ts'
import type { BonusDocument, EarnPerkDocument } from '../document/earning.ts'
import { ACTIVITY_TYPES } from '../document/earning.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import { largestSale, rowOf } from './standard-perks.ts'
import type { Selection } from './selections.ts'
import { compileSelections } from './selections.ts'
import { slotsOf } from '../time/slots.ts'
import { tiersArePlain } from '../tiers/tiers.ts'

export function compileEarning(document: ProgramDocument): Earning {
  const perksOf = (wanted: EarnPerkDocument['type']): EarnPerk[] => {
    const documents = document.earn_perks.filter(({ type }) => type === wanted)
    const { ofPerk, everyLine } = wanted === 'STANDARD' ? selections : NO_SELECTIONS
    return documents.map((perk, place) =>
      earnPerkOf(perk, place, compileGiving(perk, document), ofPerk[place] ?? everyLine),
    )
  }
  const selections = compileSelections(document.earn_perks.filter(({ type }) => type === 'STANDARD'))
  const standardPerks = perksOf('STANDARD')
  const rows = standardPerks.map(rowOf)
  const counted = countedRules(document)
  const elaborate = new Set(rows.filter(({ perk }) => isElaborate(perk.document, document, counted)))
  for (const row of rows) {
    const { selection } = row.perk
    if (elaborate.has(row)) (selection.elaborate ??= []).push(row)
    else selection.rows.push(row)
  }
  for (const { selection } of standardPerks) {
    selection.first = selection.rows[0] ?? null
    for (const [place, row] of selection.rows.entries()) row.next = selection.rows[place + 1] ?? null
  }
  const bonuses = document.bonuses.map((bonus): Bonus => ({
    ...compileGiving(bonus, document),
    metric: document.earn_perks.find(({ id }) => id === bonus.perks?.[0])?.metric ?? 0,
    id: bonus.id,
    document: bonus,
    type: bonus.type,
    everyPerk: bonus.perks === undefined,
    rows: rows.filter(({ perk }) => bonus.perks?.includes(perk.id)),
    percent: bonus.award.kind === 'multiplier' ? bonus.award.percent : 0,
    fixed: bonus.award.kind === 'fixed' ? bonus.award.points : 0,
    slots: bonus.type === 'TIME' ? slotsOf(bonus.schedule) : new Int32Array(0),
    requiredToEarn: bonus.type === 'FREQUENCY' ? bonus.required_to_earn : 0,
    frequency: bonus.type === 'FREQUENCY' ? bonus.frequency : 'WEEKLY',
    fromDay:
      bonus.type === 'FREQUENCY' && bonus.from_date !== undefined ? dayOf(bonus.from_date) : DAY_BEFORE_ALL,
    uncounts: bonus.type === 'FREQUENCY' && bonus.count_returned !== true,
  }))
  return {
    standardPerks,
    selections,
    largestPlainSale: largestSale(rows),
    checkinPerks: perksOf('CHECKIN'),
    registrationPerks: perksOf('REGISTRATION'),
    referralPerks: perksOf('REFERRAL'),
    birthdayPerks: perksOf('BIRTHDAY'),
    activityPerks: new Map(ACTIVITY_TYPES.flatMap(perksOf).map((perk) => [perk.id, perk])),
    bonuses,
    elaboratePerks: elaborate.size > 0,
    elaborateBonuses: bonuses.some(
      ({ metric, document: bonus }) => metric !== POINTS || isElaborate(bonus, document, counted),
    ),
    counted,
    hasSchedules: bonuses.some(({ type }) => type === 'TIME'),
  }
}

/** Of perks that have no basket. */
const NO_SELECTIONS = compileSelections([])

function compileGiving(rule: EarnPerkDocument | BonusDocument, document: ProgramDocument): Giving {
  return {
    ...compileConditions(rule, document),
    metric: ('metric' in rule ? rule.metric : undefined) ?? 0,
    caps: rule.caps ?? null,
    group: document.groups?.find(({ name }) => name === rule.group) ?? null,
  }
}

/** It has more to it than plain rules have. */
function isElaborate(
  rule: EarnPerkDocument | BonusDocument,
  document: ProgramDocument,
  counted: CountedRules,
): boolean {
  return (
    [rule.attributes, rule.when, rule.caps, rule.group].some((value) => value !== undefined) ||
    (rule.required_tier !== undefined && !tiersArePlain(document)) ||
    counted.has(rule.id) ||
    ('tenders' in rule && rule.tenders !== undefined) ||
    ('metric' in rule && (rule.metric ?? POINTS) !== POINTS)
  )
}

function earnPerkOf(perk: EarnPerkDocument, place: number, giving: Giving, selection: Selection): EarnPerk {
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
