// A saved state that is not what was written (S-12) is made again: all facts of the member, each proven by its chain, folded from the first on, and believed
// only where the log says the same. Outside of the fold of what arrives, which starts such a member over by itself.
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { NO_FACT, idText } from '../../../protocol/ids.ts'
import { hybridTime } from '../../../protocol/time.ts'
import type { HybridTime, Millis } from '../../../protocol/time.ts'
import type { Effect } from '../../evaluation/effects.ts'
import { NOTHING_EARLIER, foldFacts } from '../../evaluation/fold.ts'
import { newState } from '../../evaluation/state.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { CheckpointRow, FactPlace, TenantId, Writes } from '../../store/port.ts'
import { logFault } from '../log-check.ts'
import { HQ_STORE } from './own-facts.ts'
import { checkpoint, factOf } from './refold.ts'
import type { FoldContext } from './refold.ts'
import { noticeOf } from './standing.ts'
import type { ActivityDraft } from './standing.ts'

const BEGINNING: FactPlace = { at: Number.MIN_SAFE_INTEGER as HybridTime, id: NO_FACT }
/** How often it happened and when last, for `doctor`. */
export const MENDED_NAME = 'states_mended'

export interface Mended {
  readonly state: MemberState
  /** Wall clock of the last fact. */
  readonly offset: number
}

/** The member as its facts say it is, with its checkpoints made anew; or why that cannot be believed. */
export async function foldedAnew(context: FoldContext): Promise<Mended | string> {
  const { tx, member, programs } = context
  const facts = (await tx.factsOfMemberAfter(member, null)).map((row) => factOf(row, member))
  const state = newState()
  const made = new Map<FactId, readonly Effect[]>()
  const checkpoints: CheckpointRow[] = []
  foldFacts(programs, state, facts, NOTHING_EARLIER, (fact, effects, now) => {
    made.set(fact.id, effects)
    checkpoint(context, fact, now, checkpoints)
  })
  const fault = await logFault(tx, member, made, state)
  if (fault !== undefined) return `member ${idText(member)}: its state is not what was written, and ${fault}`
  await tx.deleteCheckpointsFrom(member, BEGINNING)
  await tx.insertCheckpoints(checkpoints)
  return { state, offset: facts.at(-1)?.offset ?? 0 }
}

/** Of a saved state whose number is nobody's, it is the number that was lost. */
export async function noMember(tx: Writes, member: MemberId): Promise<string | undefined> {
  if ((await tx.factsOfMemberAfter(member, null)).length > 0) return undefined
  const [enrolment] = await tx.factsByIds([member as number as FactId])
  return enrolment?.kind === 'enrolment'
    ? undefined
    : `whose state that of member ${idText(member)} is, is lost`
}

/** HQ is told, and `doctor` later. */
export async function noteMended(
  tx: Writes,
  tenant: TenantId,
  member: MemberId,
  now: Millis,
): Promise<ActivityDraft> {
  const count = Number((await tx.meta(MENDED_NAME))?.split(' ')[0] ?? 0) + 1
  await tx.saveMeta(MENDED_NAME, `${count} ${now}`)
  const text = `What was saved of member ${idText(member)} was not what had been written: it was made again from the member's facts. Have the disk looked at`
  return noticeOf(tenant, { at: hybridTime(now), store: HQ_STORE, id: NO_FACT }, 'state_mended', text)
}
