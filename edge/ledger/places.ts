// Where ids of facts stand among the lives of a ledger.
import type { FactId, Origin } from '../../protocol/ids.ts'
import { originOf, seqOf } from '../../protocol/ids.ts'
import type { Ledger } from './ledger.ts'

/** Whether a life is one of this ledger's, over or not. */
export function hasLife({ meta, lives }: Ledger, origin: Origin): boolean {
  return origin === meta.identity?.origin || lives.past().some((life) => life.origin === origin)
}

export function epochOf({ meta, lives }: Ledger, id: FactId): number {
  const origin = originOf(id)
  return lives.past().find((life) => life.origin === origin)?.epoch ?? meta.identity?.epoch ?? 0
}

/** Says of facts whether the cloud has them, as of now. What it sent back it has. */
export function acknowledgedIn({ meta, lives }: Ledger): (id: FactId) => boolean {
  const upTo = new Map(lives.past().map(({ origin, same }) => [origin, same]))
  if (meta.identity !== undefined) upTo.set(meta.identity.origin, meta.cursors().synced)
  return (id) =>
    seqOf(id) <= (upTo.get(originOf(id)) ?? 0) || (lives.hasTail && lives.tailOf(id) !== undefined)
}
