// Condition trees, compiled once and asked often (E-COND): what perks, bonuses, segments, challenges and rules may want of a fact and its member. The
// same compiled tree tells which of its leaves failed first, so that an explanation can never disagree with a decision.
import type { Basket, Fact, FactKind, Return, Sale } from '../../../protocol/facts.ts'
import { localDay, localMinuteOfWeek, millisOf } from '../../../protocol/time.ts'
import type { Program } from '../compile.ts'
import type { ConditionDocument } from '../document/conditions.ts'
import type { ProgramDocument } from '../document/program.ts'
import { compileFactLeaf, isAboutFact } from './fact-leaves.ts'
import { compileMemberLeaf } from './member-leaves.ts'
import type { MemberState } from '../state.ts'

/** A fact, or what would be one: of most kinds only where it happens matters, of a redemption also what is about to be paid for. */
export type AskedFact =
  | Sale
  | Return
  | {
      readonly kind: Exclude<FactKind, 'sale' | 'return'>
      readonly store: Fact['store']
      readonly basket?: Basket | null
      /** Of a referral, or a redemption. */
      readonly stage?: string
    }

/** What a condition is asked about: a fact, or a moment that the fact brought, and the member as it stands. */
export interface Situation {
  readonly program: Program
  readonly state: MemberState
  readonly fact: AskedFact
  readonly ms: number
  /** On the fact's wall clock. */
  readonly day: number
  /** Of the local week, from Monday 00:00. */
  readonly minute: number
}

/** Why a leaf fails. */
export interface Reason {
  readonly leaf: string
  readonly actual: string
  readonly required: string
  /** What the member could do about it; null: nothing. */
  readonly hint: string | null
}

export interface Leaf {
  readonly name: string
  holds(at: Situation): boolean
  /** What was found, what was asked for, what would help. */
  tell(at: Situation): readonly [actual: string, required: string, hint: string | null]
}

export type Condition =
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'leaf'; readonly of: Leaf }

/** The situation of a fact, or of an earlier instant (`ms`) that the fact brought. */
export function situationOf(
  program: Program,
  state: MemberState,
  fact: Fact,
  ms: number = millisOf(fact.at),
): Situation {
  return situationAt(program, state, fact, ms, fact.offset)
}

/** The situation of something that is not a fact yet. */
export function situationAt(
  program: Program,
  state: MemberState,
  fact: AskedFact,
  ms: number,
  offset: number,
): Situation {
  return { program, state, fact, ms, day: localDay(ms, offset), minute: localMinuteOfWeek(ms, offset) }
}

/** `document` is the whole program's: leaves that compare tiers need their order. */
export function compileCondition(condition: ConditionDocument, document: ProgramDocument): Condition {
  if ('all' in condition)
    return { kind: 'all', of: condition.all.map((child) => compileCondition(child, document)) }
  if ('any' in condition)
    return { kind: 'any', of: condition.any.map((child) => compileCondition(child, document)) }
  if ('not' in condition) return { kind: 'not', of: compileCondition(condition.not, document) }
  return {
    kind: 'leaf',
    of: isAboutFact(condition) ? compileFactLeaf(condition) : compileMemberLeaf(condition, document),
  }
}

/** A leaf that cannot be answered fails; so a `not` over it holds (E-COND-1). */
export function holds(condition: Condition, at: Situation): boolean {
  switch (condition.kind) {
    case 'leaf':
      return condition.of.holds(at)
    case 'not':
      return !holds(condition.of, at)
    case 'all': {
      for (const child of condition.of) if (!holds(child, at)) return false
      return true
    }
    default: {
      for (const child of condition.of) if (holds(child, at)) return true
      return false
    }
  }
}

/** The first leaf, depth first, that keeps the tree from holding; null where it holds (E-COND-3). */
export function firstFailing(condition: Condition, at: Situation, wanted = true): Reason | null {
  switch (condition.kind) {
    case 'leaf': {
      const { name } = condition.of
      if (condition.of.holds(at) === wanted) return null
      const [actual, required, hint] = condition.of.tell(at)
      return wanted
        ? { leaf: name, actual, required, hint }
        : { leaf: name, actual, required: `not ${required}`, hint: null }
    }
    case 'not':
      return firstFailing(condition.of, at, !wanted)
    default: {
      if (holds(condition, at) === wanted) return null
      for (const child of condition.of) {
        const reason = firstFailing(child, at, wanted)
        if (reason !== null) return reason
      }
      return null
    }
  }
}
