// Why a fact earned what it earned, or would (E-EXP-1): reads the very gifts that are given (gifts.ts), over a copy of the state that time has brought
// to the fact, so that an explanation can never disagree with an award and costs nothing where none is wanted. A quote explains a sale that is
// not a fact yet in the same way.
import type { Fact } from '../../../protocol/facts.ts'
import type { RuleId } from '../../../protocol/ids.ts'
import { localDay, millisOf } from '../../../protocol/time.ts'
import { weighActivity } from '../earning/activity.ts'
import type { Program } from '../compile.ts'
import type { Situation } from '../conditions/condition.ts'
import { situationOf } from '../conditions/condition.ts'
import { POINTS } from '../document/metrics.ts'
import { EffectBuffer } from '../effects.ts'
import type { Gift, Gifts } from '../earning/gifts.ts'
import { weighEvent, weighSale } from '../earning/gifts.ts'
import { NOTHING_EARLIER } from '../fold.ts'
import type { PastFacts } from '../spending/reversal.ts'
import { reasonOf } from './reasons.ts'
import type { RedeemConditionTold } from './redeem-condition-shape.ts'
import { explainRedemption } from './redemptions.ts'
import { APPLIES, CONDITIONS } from '../conditions/condition-numbers.ts'
import type { Watch } from '../reactions/watch.ts'
import { WATCHES_NOTHING } from '../reactions/watch.ts'
import type { MemberState } from '../state.ts'
import { copyState } from '../state.ts'
import { dateOfDay } from '../time/calendar.ts'
import { advance, isTimed } from '../time/time.ts'

export interface Considered {
  readonly rule: RuleId
  readonly title: string
  readonly type: string
  readonly applied: boolean
  /** In the smallest unit of its metric. */
  readonly points: number
  /** The local day of a birthday that the fact brought, if it was considered for that. */
  readonly birthday?: string
  /** What it gives; left out where that is points, as on receipts. */
  readonly metric?: number
  /** The first condition that fails; null when it applies. */
  readonly condition: string | null
  readonly actual: string | null
  readonly required: string | null
  /** What would make it apply, in words; null when it applies or nothing the member does would. */
  readonly hint: string | null
  /** Of a redemption: in order, to the first that does not hold (E-EXP-4). */
  readonly conditions?: RedeemConditionTold[]
}

/**
 * Every perk and bonus looked at for a fact, on the state *before* it; first those of a birthday that the fact brings. Other kinds of facts have
 * nothing of their own to consider. `past`: what a redemption may go on with.
 */
export function explain(
  program: Program,
  state: MemberState,
  fact: Fact,
  past: PastFacts = NOTHING_EARLIER,
): Considered[] {
  const considered: Considered[] = []
  const brought = broughtTo(program, state, fact, (at) => {
    if (program.birthdayPerks.length === 0) return
    const birthday = dateOfDay(at.day)
    const gifts = weighEvent(program, program.birthdayPerks, at)
    considered.push(...toldAll(program, gifts, at).map((one) => ({ ...one, birthday })))
  })
  if (fact.kind === 'redemption') return [...considered, explainRedemption(program, brought, fact, past)]
  const at = situationOf(program, fact.kind === 'enrolment' ? enrolledBy(brought, fact) : brought, fact)
  return [...considered, ...toldAll(program, giftsOf(program, fact, at), at)]
}

/** An enrolment makes a member before it gives anything. */
function enrolledBy(state: MemberState, fact: Fact): MemberState {
  const copy = copyState(state)
  copy.enrolledDay = localDay(millisOf(fact.at), fact.offset)
  return copy
}

function toldAll(program: Program, { perks, bonuses }: Gifts, at: Situation): Considered[] {
  return [...perks, ...bonuses].map((gift) => told(program, gift, at))
}

/** The state after what fell due before the fact. */
export function broughtTo(
  program: Program,
  state: MemberState,
  fact: Fact,
  onBirthday: Watch['birthday'],
): MemberState {
  if (fact.suspect || !isTimed(program, state, millisOf(fact.at))) return state
  const copy = copyState(state)
  advance(program, copy, fact, new EffectBuffer(), { ...WATCHES_NOTHING, birthday: onBirthday })
  return copy
}

const NO_GIFTS: Gifts = { perks: [], bonuses: [] }

function giftsOf(program: Program, fact: Fact, at: Situation): Gifts {
  switch (fact.kind) {
    case 'sale':
      return weighSale(program, fact, at, true)
    case 'checkin':
      return weighEvent(program, program.checkinPerks, at)
    case 'enrolment':
      return weighEvent(program, program.registrationPerks, at)
    case 'referral':
      return fact.stage === 'completed' ? weighEvent(program, program.referralPerks, at) : NO_GIFTS
    case 'activity': {
      const perk = program.activityPerks.get(fact.perk)
      // What takes back asks no conditions.
      return perk === undefined || fact.quantity < 0 ? NO_GIFTS : weighActivity(program, perk, fact, at)
    }
    default:
      return NO_GIFTS
  }
}

function told(program: Program, { rule, failing, amount, measured }: Gift, at: Situation): Considered {
  const movesNothing = rule.document.type === 'PROGRESS_ACTIVITY'
  const base = {
    rule: rule.id,
    title: rule.document.title,
    type: rule.document.type,
    applied: failing === APPLIES,
    points: failing === APPLIES && !movesNothing ? amount : 0,
    ...(rule.metric === POINTS ? {} : { metric: rule.metric }),
  }
  if (failing === APPLIES) return { ...base, condition: null, actual: null, required: null, hint: null }
  const condition = CONDITIONS[failing] ?? 'applies'
  const [actual, required, hint] = reasonOf(program, rule, condition, at, measured)
  return { ...base, condition, actual, required, hint }
}
