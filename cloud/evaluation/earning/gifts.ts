// What a fact would earn and does earn, perk by perk and bonus by bonus: weighed first, on the state before the fact, then given (E-EARN-8 to 17,
// E-BON-6, E-BON-7). Explanations read the same list. Plain perks, and bonuses where all are plain, take the short way in earning.ts instead.
import type { Sale } from '../../../protocol/facts.ts'
import { noteApplied } from './applied.ts'
import { bonusPoints, failingOccasion, frequencyWindow, pointsOf } from './awards.ts'
import { noteGiven } from './caps.ts'
import type { Bonus, EarnPerk, Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { countIn, setCount } from '../counts.ts'
import type { EffectBuffer } from '../effects.ts'
import { BONUS, COUNTED, EARN } from '../effects.ts'
import { settleGifts } from './groups.ts'
import { earnIn } from '../metrics/metrics.ts'
import type { Occasion } from '../metrics/metrics.ts'
import {
  APPLIES,
  CLOCK,
  FREQUENCY,
  MINIMUM,
  NOT_QUALIFYING,
  NO_LINE,
  NO_POINTS,
  ONCE,
  TENDERS,
} from '../conditions/condition-numbers.ts'
import { failingRule } from '../conditions/rule-conditions.ts'
import { fillBasket, isTouched } from './selections.ts'
import type { MemberState } from '../state.ts'
import type { PerkRow } from './standard-perks.ts'
import { paidWith } from './tenders.ts'

/** What a perk or bonus gives on the fact at hand, or why not. */
export interface Gift {
  readonly rule: EarnPerk | Bonus
  /** First failing condition; 0: it is given. */
  failing: number
  /** In its metric's smallest unit; 0 where a condition fails. */
  amount: number
  /** What the failing condition was measured by: an amount, a count. */
  measured: number
}

export interface BonusGift extends Gift {
  readonly rule: Bonus
  /** FREQUENCY: what qualified in the window with this one; 0 where this one does not count. */
  readonly count: number
}

/** What a fact gives. */
export interface Gifts {
  readonly perks: readonly Gift[]
  readonly bonuses: readonly BonusGift[]
}

/** Weighs perks and bonuses of a sale on the state before it. `every`: also perks that none of its lines touches, for explaining. */
export function weighSale(program: Program, sale: Sale, at: Situation, every: boolean): Gifts {
  const { state, day } = at
  fillBasket(program.selections, sale)
  const perks = (every ? program.standardPerks : touchedPerks(program))
    .toSorted((a, b) => a.place - b.place)
    .map((perk) => weighPerk(program, perk, sale, at))
  settleGifts(perks, state, day)
  return { perks, bonuses: weighBonuses(program, program.bonuses, perks, at) }
}

function weighBonuses(
  program: Program,
  bonuses: readonly Bonus[],
  perks: readonly Gift[],
  at: Situation,
): BonusGift[] {
  const gifts = bonuses.map((bonus) =>
    isSuspect(at) ? withoutTime(bonus) : weighBonus(program, bonus, perks, at),
  )
  settleGifts(gifts, at.state, at.day)
  return gifts
}

/** Its clock is (P-TIME-7). */
function isSuspect({ fact }: Situation): boolean {
  return 'suspect' in fact && fact.suspect
}

/** The perks' gifts, and those of the bonuses that look at one of these perks. */
export function withBonuses(program: Program, perks: readonly Gift[], at: Situation): Gifts {
  const bonuses = program.bonuses.filter((bonus) => perks.some(({ rule }) => qualifies(bonus, rule)))
  return { perks, bonuses: weighBonuses(program, bonuses, perks, at) }
}

function touchedPerks({ selections }: Program): EarnPerk[] {
  const { touched, touchedCount } = selections.basket
  return touched
    .slice(0, touchedCount)
    .flatMap(({ rows, elaborate }) => [...rows, ...(elaborate ?? [])].map(({ perk }) => perk))
}

/** Perks of the sale in the basket that are not plain, in the document's order. */
export function elaborateRows({ selections }: Program): PerkRow[] {
  const { touched, touchedCount } = selections.basket
  const rows: PerkRow[] = []
  for (let at = 0; at < touchedCount; at++) {
    const elaborate = touched[at]?.elaborate ?? null
    if (elaborate !== null) rows.push(...elaborate)
  }
  return rows.length > 1 ? rows.sort((a, b) => a.perk.place - b.perk.place) : rows
}

/** Weighs them on the state before the sale, and notes in their rows what they give, for the bonuses. */
export function weighRows(program: Program, rows: readonly PerkRow[], sale: Sale, at: Situation): Gift[] {
  const gifts = rows.map(({ perk }) => weighPerk(program, perk, sale, at))
  settleGifts(gifts, at.state, at.day)
  const { sale: number } = program.selections.basket
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]
    if (row === undefined) continue
    row.sale = number
    row.points = gifts[place]?.amount ?? 0
  }
  return gifts
}

function weighPerk({ selections }: Program, perk: EarnPerk, sale: Sale, at: Situation): Gift {
  const { selection } = perk
  const general = failingRule(perk, at)
  if (general !== APPLIES) return refused(perk, general, 0)
  if (!isTouched(selections.basket, selection)) return refused(perk, NO_LINE, 0)
  const matching = selection.amount
  const paid = perk.tenders === null ? matching : paidWith(sale, perk.tenders)
  if (perk.tenders !== null && paid < 1) return refused(perk, TENDERS, 0)
  const amount = Math.min(matching, paid)
  if (amount < perk.minimumAmount) return refused(perk, MINIMUM, amount)
  if (isGivenToday(perk, at)) return refused(perk, ONCE, amount)
  return weighed(perk, pointsOf(perk, amount, selection.quantity), amount)
}

function refused(rule: EarnPerk, failing: number, measured: number): Gift {
  return { rule, failing, amount: 0, measured }
}

/** A gift of what is measured, if that is anything. */
function weighed(rule: EarnPerk, amount: number, measured: number): Gift {
  return amount < 1 ? refused(rule, NO_POINTS, measured) : { rule, failing: APPLIES, amount, measured }
}

function isGivenToday(perk: EarnPerk, { state, day }: Situation): boolean {
  return perk.oncePerDay && countIn(state, perk.id, day) > 0
}

/** E-BON-8. */
function withoutTime(bonus: Bonus): BonusGift {
  return { rule: bonus, failing: CLOCK, amount: 0, measured: 0, count: 0 }
}

/** E-BON; its qualifying perks are weighed already. */
function weighBonus(program: Program, bonus: Bonus, perks: readonly Gift[], at: Situation): BonusGift {
  let base = 0
  for (const { rule, amount } of perks) if (qualifies(bonus, rule)) base += amount
  const general = failingRule(bonus, at)
  if (general !== APPLIES) return { rule: bonus, failing: general, amount: 0, measured: base, count: 0 }
  if (base < 1) return { rule: bonus, failing: NOT_QUALIFYING, amount: 0, measured: base, count: 0 }
  const count =
    bonus.type === 'FREQUENCY' ? countIn(at.state, bonus.id, frequencyWindow(program, bonus, at.day)) + 1 : 0
  const failing = failingOccasion(bonus, at.day, at.minute, count)
  const counted = failing === APPLIES || failing === FREQUENCY ? count : 0
  const measured = failing === FREQUENCY ? count : base
  if (failing !== APPLIES) return { rule: bonus, failing, amount: 0, measured, count: counted }
  const amount = bonusPoints(bonus, base)
  return { rule: bonus, failing: amount < 1 ? NO_POINTS : APPLIES, amount, measured, count: counted }
}

/** Whether the bonus looks at the perk. Bonuses that name no perks look at STANDARD ones of points (E-BON-7). */
export function qualifies(
  { everyPerk, document }: Bonus,
  { id, metric, document: perk }: EarnPerk | Bonus,
): boolean {
  return everyPerk ? metric === 0 && perk.type === 'STANDARD' : (document.perks?.includes(id) ?? false)
}

/** Earn effects of a sale. */
export function giveSale(program: Program, sale: Sale, at: Situation, effects: EffectBuffer): void {
  giveWithBonuses(program, weighSale(program, sale, at, false), at, sale, effects)
}

export function giveWithBonuses(
  program: Program,
  { perks, bonuses }: Gifts,
  at: Situation,
  fact: Occasion,
  effects: EffectBuffer,
  of = 0,
): void {
  give(program, perks, at, fact, effects)
  giveBonuses(program, bonuses, at, fact, effects, of)
}

/** `of`: the instant the fact brought that they are given for; 0: for the fact itself. */
export function giveBonuses(
  program: Program,
  bonuses: readonly BonusGift[],
  at: Situation,
  fact: Occasion,
  effects: EffectBuffer,
  of = 0,
): void {
  for (const { rule, count } of bonuses) {
    if (count === 0) continue
    setCount(at.state, rule.id, frequencyWindow(program, rule, at.day), count)
    if (rule.uncounts) effects.push(COUNTED, rule.id, 0, 1, of)
  }
  give(program, bonuses, at, fact, effects, of)
}

/** Weighs perks of something that has no basket: a check-in, an enrolment, a completed referral, a birthday. */
export function weighEvent(program: Program, perks: readonly EarnPerk[], at: Situation): Gifts {
  const gifts = perks.map((perk) => weighOnce(perk, perk.points, at))
  settleGifts(gifts, at.state, at.day)
  return withBonuses(program, gifts, at)
}

export function giveEvent(
  program: Program,
  perks: readonly EarnPerk[],
  at: Situation,
  fact: Occasion,
  effects: EffectBuffer,
  of = 0,
): void {
  if (perks.length > 0) giveWithBonuses(program, weighEvent(program, perks, at), at, fact, effects, of)
}

/** One perk that gives `amount` without a basket; caps and groups are not looked at yet. */
export function weighOnce(perk: EarnPerk, amount: number, at: Situation): Gift {
  const general = failingRule(perk, at)
  if (general !== APPLIES) return refused(perk, general, amount)
  return isGivenToday(perk, at) ? refused(perk, ONCE, amount) : weighed(perk, amount, amount)
}

/** Books the gifts that are given. `fact` is when they are earned, `of` as in `giveBonuses`. */
export function give(
  program: Program,
  gifts: readonly Gift[],
  { state, day }: Pick<Situation, 'state' | 'day'>,
  fact: Occasion,
  effects: EffectBuffer,
  of = 0,
): void {
  for (const { rule, failing, amount } of gifts) {
    if (failing !== APPLIES) continue
    effects.push('slots' in rule ? BONUS : EARN, rule.id, rule.metric, amount, of)
    earnIn(program, state, rule.metric, amount, fact)
    noteGiven(state, rule, rule.caps, day, amount)
    if (rule.group !== null) noteGiven(state, rule.group, rule.group.caps, day, amount)
    noteUsed(program, state, rule, day)
  }
}

/** What follows from a perk or bonus having applied, beside its amount. */
export function noteUsed(program: Program, state: MemberState, rule: EarnPerk | Bonus, day: number): void {
  noteApplied(program, state, rule.id, day)
  if ('oncePerDay' in rule && rule.oncePerDay) setCount(state, rule.id, day, 1)
}
