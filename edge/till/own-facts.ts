// Facts of this store's own ledger, in whichever of its lives, and what came of them later. What an earlier life lost and the cloud sent back is
// found like any other; what was recorded again goes by either id (P-LIFE-5).
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import type { Books } from './books.ts'

/** The id under which a fact counts. */
export function countedId({ ledger }: Books, id: FactId): FactId {
  return ledger.lives.now(id)
}

/** By the id under which it counts. Undefined where the fact is another store's, or none. */
export function ownFact({ ledger }: Books, id: FactId): Fact | undefined {
  const row = ledger.counted(id)
  return row === undefined ? undefined : decodeStoredFact(row.bytes)
}

/** The own facts that are about an earlier one. */
export function mentionsOf({ ledger }: Books, id: FactId): Fact[] {
  return ledger.sequels.mentionsOf(id).flatMap((by) => {
    const row = ledger.ofId(by)
    return row === undefined ? [] : [decodeStoredFact(row.bytes)]
  })
}
