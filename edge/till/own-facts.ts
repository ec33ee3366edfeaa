// Facts of this store's own ledger, and what came of them later.
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import { originOf, seqOf } from '../../protocol/ids.ts'
import type { Books } from './books.ts'

/** Undefined where the fact is another store's, or none. */
export function ownFact({ identity, ledger }: Books, id: FactId): Fact | undefined {
  const row = originOf(id) === identity.origin ? ledger.ofSeq(seqOf(id)) : undefined
  return row === undefined ? undefined : decodeStoredFact(row.bytes)
}

/** The own facts that are about an earlier one. */
export function mentionsOf({ ledger }: Books, id: FactId): Fact[] {
  return ledger.sequels.mentionsOf(id).flatMap((seq) => {
    const row = ledger.ofSeq(seq)
    return row === undefined ? [] : [decodeStoredFact(row.bytes)]
  })
}
