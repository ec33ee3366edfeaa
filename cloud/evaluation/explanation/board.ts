// What is to be earned and redeemed at a place, as one member sees it, or somebody who is nobody in particular (E-BOARD). It asks the very functions that
// give and decide, so that what is shown is what is had. What the authority alone knows (holds, leases, what is left of a budget) it does not look at.
import type { StoreId } from '../../../protocol/ids.ts'
import { dayOfDate } from '../check/dates.ts'
import type { Bonus, Conditions, EarnPerk, Program, RedeemPerk } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { holds, situationAt } from '../conditions/condition.ts'
import { isAboutFact } from '../conditions/fact-leaves.ts'
import { hasAttribute } from '../conditions/rule-conditions.ts'
import { countIn } from '../counts.ts'
import type { ConditionDocument } from '../document/conditions.ts'
import { bonusPoints, frequencyWindow } from '../earning/awards.ts'
import { qualifies } from '../earning/gifts.ts'
import type { LimitStanding } from '../spending/limits.ts'
import { standingOf } from '../spending/limits.ts'
import type { MemberState } from '../state.ts'
import { newState } from '../state.ts'
import { tierPlaceOf } from '../tiers/tier-place.ts'

/** Who looks, where and when. */
export interface Look {
  readonly program: Program
  /** Brought to the moment; null: nobody in particular. */
  readonly member: MemberState | null
  readonly store: StoreId
  readonly ms: number
  readonly offset: number
}

export interface BonusOnBoard {
  readonly bonus: Bonus
  /** On one piece of the perk. */
  readonly points: number
  /** Of a FREQUENCY: what the member has in the window that runs. */
  readonly count: number
}

export interface EarnOnBoard {
  readonly perk: EarnPerk
  readonly bonuses: readonly BonusOnBoard[]
}

export interface RedeemOnBoard {
  readonly perk: RedeemPerk
  /** Null: it has no limit, or nobody in particular looks. */
  readonly limit: LimitStanding | null
}

/** In the document's order. */
export function earningBoard(look: Look): EarnOnBoard[] {
  const { program } = look
  const at = situationOf(look)
  const open = (rule: Conditions & Conditional): boolean =>
    isOpen(rule, look, at) && (look.member === null || reachesTier(rule, at))
  const bonuses = program.bonuses.filter(open)
  return earnPerksOf(program)
    .filter((perk) => open(perk) && hasBegun(perk, at))
    .map((perk) => ({
      perk,
      bonuses: bonuses
        .filter((bonus) => qualifies(bonus, perk))
        .map((bonus) => ({ bonus, points: bonusPoints(bonus, perk.points), count: countOf(bonus, at) })),
    }))
}

/** In the document's order. A tier that is not reached keeps nothing off: it is told beside what asks for it. */
export function redeemingBoard(look: Look): RedeemOnBoard[] {
  const { program, member } = look
  const at = situationOf(look)
  return [...program.redeemPerks.values()]
    .filter((perk) => isOpen(perk, look, at) && hasBegun(perk, at) && !isOver(perk, at))
    .map((perk) => ({
      perk,
      limit:
        member === null || perk.document.limit === undefined ? null : standingOf(perk, member, at.day, 0),
    }))
}

function situationOf({ program, member, store, ms, offset }: Look): Situation {
  return situationAt(program, member ?? newState(), { kind: 'redemption', store }, ms, offset)
}

/** A perk of the document in its compiled form, whatever it is given for. */
function earnPerksOf(program: Program): EarnPerk[] {
  const { standardPerks, checkinPerks, registrationPerks, referralPerks, birthdayPerks, activityPerks } =
    program
  const byId = new Map(
    [
      ...standardPerks,
      ...checkinPerks,
      ...registrationPerks,
      ...referralPerks,
      ...birthdayPerks,
      ...activityPerks.values(),
    ].map((perk) => [perk.id, perk]),
  )
  return program.document.earn_perks.flatMap(({ id }) => byId.get(id) ?? [])
}

interface Conditional {
  readonly document: { readonly when?: ConditionDocument }
}

/** Active, not over, at this store; for a member also what it is and has (E-BOARD-1). */
function isOpen(rule: Conditions & Conditional, { member, store }: Look, at: Situation): boolean {
  if (!rule.active || at.day > rule.endDay) return false
  if (rule.stores !== null && !rule.stores.has(store)) return false
  if (member === null) return true
  if (rule.attributes !== null && !hasAttribute(rule.attributes, member)) return false
  const { when } = rule.document
  return rule.when === null || when === undefined || asksOfFacts(when) || holds(rule.when, at)
}

function hasBegun({ startDay }: Conditions, { day }: Situation): boolean {
  return day >= startDay
}

function reachesTier({ tierPlace }: Conditions, { program, state }: Situation): boolean {
  return tierPlace === 0 || tierPlaceOf(program, state) >= tierPlace
}

/** What it issues could be used no longer. */
function isOver({ document: { voucher } }: RedeemPerk, { day }: Situation): boolean {
  const last = dayOfDate(voucher?.until ?? '')
  return last !== undefined && last < day
}

/** A condition that also asks about a basket, a time or a place is answered when there is one. */
function asksOfFacts(condition: ConditionDocument): boolean {
  if ('all' in condition) return condition.all.some(asksOfFacts)
  if ('any' in condition) return condition.any.some(asksOfFacts)
  return 'not' in condition ? asksOfFacts(condition.not) : isAboutFact(condition)
}

function countOf(bonus: Bonus, { program, state, day }: Situation): number {
  return bonus.type === 'FREQUENCY' ? countIn(state, bonus.id, frequencyWindow(program, bonus, day)) : 0
}
