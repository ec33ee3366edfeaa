// Makes a fact of a plan: folds it onto the member's local state, writes its points into it as the promise, encodes it once (P-FACT-2), chains
// it, and stores it with its answer and its activity in the open transaction. Nothing here is true before the group's COMMIT.
// Hot: the whole file. Budget: 15 microseconds a sale without the commit, see bench/sales.ts.
import { encodeFact } from '../../protocol/codec.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { seqOf } from '../../protocol/ids.ts'
import { FACT_BYTES_MAX, POINTS_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { Refusal } from '../../protocol/result.ts'
import { refuse } from '../../protocol/result.ts'
import { factActivity } from './activity-text.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import type { Plan } from './plan.ts'
import { receiptText, vouchersIssued } from './receipt-text.ts'

export const RECORDED = 201

/** What all writes of one group share. */
export interface GroupStanding {
  readonly fresh: boolean
  readonly asOf: string | null
}

/** The answer's bytes, or a refusal that left no trace. Remembers in `touched` whose card was changed. */
export function record(
  books: Books,
  plan: Plan,
  requestHash: Uint8Array,
  standing: GroupStanding,
  touched: Set<MemberId>,
): Uint8Array | Refusal {
  const { ledger, effects, feed } = books
  const { fact, card } = plan
  effects.clear()
  if (card !== null) {
    touched.add(card.member)
    // Its promise is open, which no rule looks at before it is confirmed.
    books.cards.fold(card, fact, effects)
  }
  const points = effects.ownPoints()
  if (points > POINTS_MAX || points < -POINTS_MAX)
    return untouched(books, plan, 'input_invalid', `One record moves at most ${POINTS_MAX} points.`)
  const guest = card === null && fact.member === 0 && fact.claim === null
  const known = card === null ? guest : card.known
  fact.promised = points as Points
  fact.confirmed = standing.fresh && known && plan.notes.length === 0 && !fact.suspect
  const bytes = encodeFact(fact)
  if (bytes.length > FACT_BYTES_MAX)
    return untouched(books, plan, 'body_too_large', `One record has at most ${FACT_BYTES_MAX} bytes.`)
  const hash = ledger.nextHash(bytes)
  const wording = books.wordings.of(books.programs.program(fact.at))
  const place = { id: fact.id, epoch: books.identity.epoch, seq: seqOf(fact.id), hash }
  const answer = Buffer.from(receiptText(plan, place, effects, wording, known ? standing.asOf : null))
  const member = card?.member ?? fact.member
  ledger.append(fact.key, member, bytes, hash, requestHash, RECORDED, answer)
  books.dayBook.count(fact)
  if (card !== null && vouchersIssued(effects) > 0) noteIssued(books, card, fact.id)
  plan.follow?.()
  feed.add(factActivity({ position: feed.next, epoch: feed.epoch }, plan, effects, wording))
  return answer
}

/** nobody else knows them until the cloud has this fact. */
function noteIssued({ ledger }: Books, { member, state }: Card, id: FactId): void {
  for (const { code, fact } of state.entitlements)
    if (fact === id) ledger.leases.issued(code, seqOf(id), member)
}

function untouched(
  books: Books,
  { card }: Plan,
  code: 'input_invalid' | 'body_too_large',
  detail: string,
): Refusal {
  if (card !== null) books.cards.forget(card.member)
  return refuse(code, detail).refusal
}
