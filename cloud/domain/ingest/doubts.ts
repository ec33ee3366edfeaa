// Tells HQ once when a store begins to record under a clock that cannot be trusted (P-TIME-7): at the first such fact of a run in its ledger, however
// the run is cut into batches.
import { decodeFact } from '../../../protocol/codec.ts'
import { originOf, seqOf } from '../../../protocol/ids.ts'
import type { FactId } from '../../../protocol/ids.ts'
import { millisOf } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { TenantId, Writes } from '../../store/port.ts'
import type { ArrivedFact } from './accept.ts'
import { noticeOf, standingOf } from './standing.ts'
import type { ActivityDraft } from './standing.ts'

export async function doubtNotices(
  tx: Writes,
  tenant: TenantId,
  arrivals: readonly ArrivedFact[],
  receivedAt: Millis,
): Promise<ActivityDraft[]> {
  const notices: ActivityDraft[] = []
  const doubted = ({ fact }: ArrivedFact): boolean => standingOf(fact, { receivedAt }, fact.member).suspect
  if (!arrivals.some(doubted)) return notices
  const believed = new Map<FactId, boolean>()
  for (const arrival of arrivals) {
    const { fact } = arrival
    const suspect = doubted(arrival)
    believed.set(fact.id, !suspect)
    if (!suspect) continue
    const before = (fact.id - 1) as FactId
    const goesOn = seqOf(fact.id) > 1 && !(believed.get(before) ?? (await wasBelieved(tx, before)))
    if (goesOn) continue
    const when = new Date(millisOf(fact.at)).toISOString()
    const text = `store ${fact.store} records under a clock that cannot be trusted, from fact ${seqOf(fact.id)} of origin ${originOf(fact.id)} on, which says ${when}: points count, bonuses and what time brings do not`
    notices.push(noticeOf(tenant, fact, 'clock_suspect', text))
  }
  return notices
}

/** What cannot be read is in quarantine: it says nothing about the clock. */
async function wasBelieved(tx: Writes, id: FactId): Promise<boolean> {
  const [row] = await tx.factsByIds([id])
  const decoded = row === undefined ? undefined : decodeFact(row.bytes)
  if (row === undefined || decoded === undefined || !decoded.ok) return true
  return !standingOf(decoded.value, row, row.member).suspect
}
