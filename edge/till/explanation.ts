// Why a record of this store came to what it came to, and what was nearly reached (X): the rules and reactions that were asked, on the member's state before it, and what the
// member lacks for the next tier and for perks, after it. Worked out when somebody asks; nothing is kept for it, so a sale costs nothing more.
import type { Program } from '../../cloud/evaluation/compile.ts'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { explainReactions } from '../../cloud/evaluation/explanation/reactions.ts'
import { withoutRedemption } from '../../cloud/evaluation/explanation/redemptions.ts'
import { foldFacts } from '../../cloud/evaluation/fold.ts'
import { spendableIn } from '../../cloud/evaluation/metrics/metrics.ts'
import { leastNamed } from '../../cloud/evaluation/spending/offers.ts'
import { NOTHING_HELD, mayRedeem } from '../../cloud/evaluation/spending/spending.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { copyState, newState } from '../../cloud/evaluation/state.ts'
import { tierProgress } from '../../cloud/evaluation/tiers/tier-progress.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import { idText } from '../../protocol/ids.ts'
import { NEAR_PERKS_MAX } from '../../protocol/limits.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { Explanation } from './answers.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import { forNobody } from './lookups.ts'
import type { Wording } from './wording.ts'

export function explanation(books: Books, id: FactId): Result<Explanation> {
  const row = books.ledger.counted(id)
  if (row === undefined) return refuse('fact_not_found', 'This store recorded no such fact.')
  const fact = decodeStoredFact(row.bytes)
  const program = books.programs.program(fact.at)
  const card = row.member === 0 ? undefined : books.cards.get(row.member)
  // An enrolment names its member by being it.
  const before = card === undefined ? newState() : books.cards.before(card.member, fact)
  if (program === null)
    return accept({
      fact: idText(id),
      as_it_was: before !== undefined,
      program: null,
      considered: [],
      reactions: [],
      near: [],
    })
  const wording = books.wordings.of(program)
  const state = before ?? asOfNow(card, fact)
  const considered = isAsked(fact, card, before) ? explain(program, state, fact, books.cards.past) : []
  return accept({
    fact: idText(id),
    as_it_was: before !== undefined,
    program: books.programTold(fact.at),
    considered: card === undefined ? considered.map((rule) => forNobody(rule, wording)) : considered,
    reactions: card === undefined ? [] : explainReactions(program, state, fact, books.cards.past),
    near: card === undefined ? [] : near(books, program, stateAfter(books, before, fact) ?? card.state, fact),
  })
}

/** A redemption is somebody's; and what was cancelled before it was cancelled, the cloud's word does not say. */
function isAsked(fact: Fact, card: Card | undefined, before: MemberState | undefined): boolean {
  return (
    fact.kind !== 'redemption' || (card !== undefined && (before !== undefined || fact.stage !== 'cancelled'))
  )
}

/** What the cloud has counted already has a redemption in it. */
function asOfNow(card: Card | undefined, fact: Fact): MemberState {
  const state = card?.state ?? newState()
  return fact.kind === 'redemption' ? withoutRedemption(state, fact) : state
}

function stateAfter(books: Books, before: MemberState | undefined, fact: Fact): MemberState | undefined {
  if (before === undefined) return undefined
  const state = copyState(before)
  foldFacts(books.programs, state, [fact], books.cards.past)
  return state
}

/** The next tier's thresholds first, then the perks that lack the least. */
function near(books: Books, program: Program, state: MemberState, fact: Fact): Explanation['near'] {
  const wording = books.wordings.of(program)
  return [...nearTier(program, state, fact, wording), ...nearPerks(books, program, state, fact, wording)]
}

function nearTier(
  program: Program,
  state: MemberState,
  { at, offset }: Fact,
  wording: Wording,
): Explanation['near'] {
  const { next } = tierProgress(program, state, localDay(millisOf(at), offset))
  if (next === null) return []
  const { tier, thresholds } = next
  return thresholds
    .filter(({ missing }) => missing > 0)
    .map(({ metric, missing }) => ({
      what: 'tier',
      id: tier.id,
      title: tier.name,
      missing,
      unit: wording.unit(metric),
    }))
}

/** Perks that only the price stands in the way of. */
function nearPerks(
  books: Books,
  program: Program,
  state: MemberState,
  { at, offset }: Fact,
  wording: Wording,
): Explanation['near'] {
  const place = { store: books.identity.store.id, at, offset }
  return [...program.redeemPerks.values()]
    .flatMap((perk): Explanation['near'] => {
      const named = leastNamed(perk)
      const decided = mayRedeem(program, state, perk.id, place, NOTHING_HELD, named)
      if (decided.ok || decided.refusal.code !== 'points_insufficient') return []
      const missing = (named ?? perk.points) - spendableIn(state, perk.metric)
      const { title } = perk.document
      return [{ what: 'perk', id: perk.id, title, missing, unit: wording.unit(perk.metric) }]
    })
    .toSorted((a, b) => a.missing - b.missing)
    .slice(0, NEAR_PERKS_MAX)
}
