// HQ's queue of conflicts: one row per (kind, subject), opened once however often it is raised, and one activity of kind `conflict` on the feeds each
// time it opens or ends. What ends it is named by its fact; the queue itself decides nothing.
import { NO_FACT, NO_MEMBER } from '../../protocol/ids.ts'
import type { FactId, MemberId, StoreId } from '../../protocol/ids.ts'
import type { ConflictDecision, ConflictKind } from '../../protocol/conflicts.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import type { ActivityRow, ConflictRow, TenantId, Writes } from '../store/port.ts'

export interface ConflictDraft {
  readonly tenant: TenantId
  /** Where it happened; its store is told. */
  readonly store: StoreId
  readonly kind: ConflictKind
  /** What it is about, in at most CONFLICT_SUBJECT_CHARS_MAX; with the kind its name. */
  readonly subject: string
  readonly at: HybridTime
  readonly text: string
  readonly member?: MemberId
  /** The fact that showed it. */
  readonly fact?: FactId
}

/** The name of two members together, whichever is named first. */
export function pairSubject(a: MemberId, b: MemberId): string {
  return `${Math.min(a, b)}+${Math.max(a, b)}`
}

/** Opens conflicts that are not open yet (CON-1). The rows are those of the log, for whoever tells the feeds. */
export async function raiseConflicts(tx: Writes, drafts: readonly ConflictDraft[]): Promise<ActivityRow[]> {
  if (drafts.length === 0) return []
  const opened = await tx.openConflicts(
    drafts.map((draft) => ({
      ...draft,
      member: draft.member ?? NO_MEMBER,
      fact: draft.fact ?? NO_FACT,
    })),
  )
  return tx.appendActivities(opened.map((row) => conflictActivity(row, row.at, row.text)))
}

export function raiseConflict(tx: Writes, draft: ConflictDraft): Promise<ActivityRow[]> {
  return raiseConflicts(tx, [draft])
}

/** Ends an open conflict by a fact (CON-2). Nothing happens to one that is not open. */
export async function settleConflict(
  tx: Writes,
  { tenant, kind, subject }: Pick<ConflictDraft, 'tenant' | 'kind' | 'subject'>,
  end: { readonly decision: ConflictDecision; readonly by: FactId; readonly at: HybridTime },
): Promise<ActivityRow[]> {
  assert(end.by > 0, 'a conflict ends by a fact')
  const row = await tx.conflictOf(tenant, kind, subject)
  if (row === undefined || row.decision !== null) return []
  await tx.endConflict(row.id, end)
  return tx.appendActivities([conflictActivity(row, end.at, `${ENDS[end.decision]}: ${row.text}`)])
}

const ENDS: Readonly<Record<ConflictDecision, string>> = {
  accepted: 'HQ let it stand',
  corrected: 'Put right by HQ',
  approved: 'Approved by HQ',
  rejected: 'Rejected by HQ',
  withdrawn: 'No longer a conflict',
}

function conflictActivity(row: ConflictRow, at: HybridTime, text: string): Omit<ActivityRow, 'position'> {
  return {
    tenant: row.tenant,
    store: row.store,
    kind: 'conflict',
    at,
    fact: NO_FACT,
    revision: 0,
    member: NO_MEMBER,
    cause: row.fact,
    amount: null,
    points: 0,
    goodwill: 0,
    effects: [],
    notice: { code: row.kind, text },
    tell: row.store > 0,
  }
}
