// Why a redemption is what it is, or could be none (E-EXP-4): the conditions are those by which the authority decides (spending.ts), whether it was booked
// says the very fold over a copy. What was decided elsewhere is booked even where a condition does not hold by then, and that is told.
import type { Redemption } from '../../../protocol/facts.ts'
import { NO_FACT } from '../../../protocol/ids.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Program, RedeemPerk } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { situationOf } from '../conditions/condition.ts'
import { CONDITIONS } from '../conditions/condition-numbers.ts'
import { failingRule } from '../conditions/rule-conditions.ts'
import type { ConditionDocument, NumberName } from '../document/conditions.ts'
import { POINTS } from '../document/metrics.ts'
import { EffectBuffer } from '../effects.ts'
import { restoreIn, spendableIn } from '../metrics/metrics.ts'
import type { Held } from '../spending/redeem-conditions.ts'
import { REDEEM_CONDITIONS } from '../spending/redeem-conditions.ts'
import { bookRedemption, firstOf, notGivenBack } from '../spending/redemptions.ts'
import type { PastFacts } from '../spending/reversal.ts'
import type { MemberState } from '../state.ts'
import { copyState } from '../state.ts'
import type { CommonCondition, Reasons } from './common-reasons.ts'
import { COMMON, commonReason } from './common-reasons.ts'
import type { Considered } from './explain.ts'
import type { RedeemConditionTold } from './redeem-condition-shape.ts'
import { titlesOf } from './titles.ts'

export interface RedemptionAsked {
  readonly perk: RedeemPerk
  readonly at: Situation
  readonly held: Held
  /** In the perk's metric. */
  readonly price: number
}

/** In the order in which they are decided, to the first that does not hold (E-SPEND-6). */
export function redeemConditions(asked: RedemptionAsked): RedeemConditionTold[] {
  const list: RedeemConditionTold[] = []
  for (const one of conditionsOf(asked)) {
    list.push(one)
    if (!one.met) break
  }
  return list
}

function* conditionsOf(asked: RedemptionAsked): Generator<RedeemConditionTold> {
  const { perk, at } = asked
  const failing = CONDITIONS[failingRule(perk, at)]
  for (const condition of COMMON)
    if (HAS[condition](perk)) yield told(condition, condition !== failing, commonWords(perk, condition, at))
  for (const condition of REDEEM_CONDITIONS)
    if (condition.isAsked(perk)) yield told(condition.name, condition.holds(asked), condition.reasons(asked))
  yield priceTold(asked)
}

const HAS: Readonly<Record<CommonCondition, (perk: RedeemPerk) => boolean>> = {
  status: () => true,
  dates: ({ document: { start, end } }) => start !== undefined || end !== undefined,
  store: ({ stores }) => stores !== null,
  required_tier: ({ tierPlace }) => tierPlace > 0,
  attributes: ({ attributes }) => attributes !== null,
  when: ({ when }) => when !== null,
}

/** What holds: the words of a reason are of what fails. */
function commonWords(perk: RedeemPerk, condition: CommonCondition, at: Situation): Reasons {
  if (condition === 'status') return [perk.active ? 'ACTIVE' : 'INACTIVE', 'ACTIVE', null]
  const [actual, required, hint] = commonReason(at.program, perk, condition, at)
  return condition === 'when' && required === '' ? ['holds', 'holds', null] : [actual, required, hint]
}

function priceTold({ perk: { metric }, at: { program, state }, held, price }: RedemptionAsked) {
  const have = Math.max(0, spendableIn(state, metric) - held.points)
  const noun = metric === POINTS ? 'points' : (new Map(titlesOf(program.document)).get(metric) ?? 'points')
  return told('points', have >= price, [String(have), String(price), `${price - have} more ${noun}`])
}

function told(condition: string, met: boolean, [actual, required, hint]: Reasons): RedeemConditionTold {
  return { condition, met, actual, required, hint: met ? null : hint }
}

/** `before`: what time has brought to the fact. */
export function explainRedemption(
  program: Program,
  before: MemberState,
  fact: Redemption,
  past: PastFacts,
): Considered {
  const after = copyState(before)
  const { redemptions } = after
  const effects = new EffectBuffer()
  bookRedemption(program, after, fact, past, effects)
  const applied = after.redemptions !== redemptions
  const perk = program.redeemPerks.get(fact.perk)
  const metric = perk?.metric ?? POINTS
  const first = firstOf(fact)
  const begins = fact.stage !== 'cancelled' && !before.redemptions.some((one) => one.fact === first)
  const conditions = !applied
    ? [notBooked(before, fact)]
    : begins
      ? conditionsOfFact(program, before, fact, perk)
      : []
  const failing = conditions.find(({ met }) => !met)
  return {
    rule: fact.perk,
    title: perk?.document.title ?? `redeem perk ${fact.perk}`,
    type: 'REDEMPTION',
    applied,
    points: effects
      .read()
      .reduce((sum, { kind, amount }) => (kind === 'spend' || kind === 'restore' ? sum + amount : sum), 0),
    ...(metric === POINTS ? {} : { metric }),
    condition: failing?.condition ?? null,
    actual: failing?.actual ?? null,
    required: failing?.required ?? null,
    hint: applied ? null : (failing?.hint ?? null),
    conditions,
  }
}

/** A basket and the count of a budget were the authority's: the fact does not carry them, so what asks for them is not asked again. */
function conditionsOfFact(
  program: Program,
  state: MemberState,
  fact: Redemption,
  perk: RedeemPerk | undefined,
): RedeemConditionTold[] {
  if (perk === undefined)
    return [told('perk', false, ['not in the program', 'a redeem perk of the program', null])]
  const { when } = perk.document
  const asked = when !== undefined && asksOfBasket(when) ? { ...perk, when: null } : perk
  const at = situationOf(program, state, fact)
  return redeemConditions({ perk: asked, at, held: { points: 0, uses: 0 }, price: fact.points })
}

function asksOfBasket(condition: ConditionDocument): boolean {
  if ('all' in condition) return condition.all.some(asksOfBasket)
  if ('any' in condition) return condition.any.some(asksOfBasket)
  if ('not' in condition) return asksOfBasket(condition.not)
  if ('number' in condition) return OF_BASKET.includes(condition.number)
  return 'basket' in condition || 'payment' in condition
}

/** The others are of the clock and the member. */
const OF_BASKET: readonly NumberName[] = ['amount', 'items', 'lines']

function notBooked(state: MemberState, fact: Redemption): RedeemConditionTold {
  const first = firstOf(fact)
  const why = notGivenBack(state, first)
  if (why === 'redemption_settled')
    return told('redemption', false, ['given back before', 'one that stands', null])
  if (fact.stage !== 'cancelled') return told('redemption', false, ['booked before', 'a new one', null])
  if (why === 'voucher_used')
    return told('voucher', false, ['what it issued is used, or on its way', 'unused', null])
  return told('redemption', false, ['not known, or too long ago', 'one that stands', null])
}

/** A state of later as if this fact had not been booked, if it was. */
export function withoutRedemption(state: MemberState, fact: Redemption): MemberState {
  const first = firstOf(fact)
  const one = state.redemptions.find((known) => known.fact === first)
  const begun = first === fact.id
  if (one === undefined || !(begun || one.captured === fact.id)) return state
  const copy = copyState(state)
  const others = copy.redemptions.filter((known) => known.fact !== first)
  copy.redemptions = begun ? others : [...others, { ...one, captured: NO_FACT }]
  copy.entitlements = copy.entitlements.filter(
    (known) => one.captured === NO_FACT || known.fact !== one.captured || known.perk !== one.perk,
  )
  if (begun) restoreIn(copy, one.metric, one.points, one.burned, millisOf(fact.at), new EffectBuffer())
  return copy
}
