// HQ's word about a device (G-9): a pending one goes on as a device of its own, or nothing more is taken of one. Where its conflict is open, the word is a
// fact of the cloud's own origin like every resolution (CON-2), in the commit that acts on it.
import { NO_FACT } from '../../protocol/ids.ts'
import type { ProgramVersion } from '../../protocol/ids.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import type { EdgeRow, Writes } from '../store/port.ts'
import type { OwnFacts } from './ingest/own-facts.ts'
import { noticeOf } from './ingest/standing.ts'
import { resolutionOf } from './resolutions.ts'

/** A device becomes one of its own, with lives of its own. */
export async function approveEdge(tx: Writes, own: OwnFacts, edge: EdgeRow): Promise<void> {
  await tx.saveEdge({ id: edge.id, state: 'active', copyOf: edge.copyOf })
  // The copy has counted on from the lives it was copied with: its own epochs follow all of those.
  const before = edge.copyOf === null ? [] : await tx.livesOf(edge.tenant, edge.copyOf)
  const epochFloor = 1 + Math.max(0, ...before.map(({ epoch }) => epoch))
  const { id, tenant, store } = edge
  await tx.insertOrigin({ tenant, store, edge: id, state: 'spare', epochFloor })
  await settled(tx, own, edge, 'approved')
}

/** Nothing of it is taken any more; what was taken stays. */
export async function retireEdge(tx: Writes, own: OwnFacts, edge: EdgeRow, now: Millis): Promise<void> {
  const { id, tenant, store } = edge
  await tx.saveEdge({ id, state: 'retired', copyOf: edge.copyOf })
  for (const { origin, state } of await tx.livesOf(tenant, id))
    if (state !== 'closed') await tx.closeOrigin(origin, 'retired', now)
  const text = `Edge ${id} was retired: nothing of it is taken any more.`
  const place = { at: hybridTime(now), store, id: NO_FACT }
  await tx.appendActivities([noticeOf(tenant, place, 'edge_retired', text)])
  await settled(tx, own, edge, 'rejected')
}

const REASON = {
  approved: 'Goes on as a device of its own',
  rejected: 'Retired: nothing of it is taken any more',
} as const

async function settled(
  tx: Writes,
  own: OwnFacts,
  { tenant, id }: EdgeRow,
  decision: keyof typeof REASON,
): Promise<void> {
  for (const kind of ['clone', 'unknown_device'] as const) {
    const row = await tx.conflictOf(tenant, kind, `edge ${id}`)
    if (row?.decision !== null) continue
    const place = await own.place()
    // A cloud that is put back may have to be told again.
    const header = { ...place, key: `edge-${id}-${decision}-${place.id}`, program: 0 as ProgramVersion }
    const word = { decision, reason: REASON[decision], by: 'HQ' }
    await own.append(resolutionOf(row, header, word, NO_FACT, null))
  }
}
