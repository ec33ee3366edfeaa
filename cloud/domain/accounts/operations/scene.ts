// What an operation on accounts works with: one commit of one tenant, made of facts of the cloud's own origin and rows beside them.
import type { MemberId, StoreId } from '../../../../protocol/ids.ts'
import { hybridTime, millisOf, zoneOffset } from '../../../../protocol/time.ts'
import type { Millis, ZoneOffset } from '../../../../protocol/time.ts'
import type { Program } from '../../../evaluation/compile.ts'
import type { Programs } from '../../../evaluation/programs.ts'
import { decodeState, newState } from '../../../evaluation/state.ts'
import type { MemberState } from '../../../evaluation/state.ts'
import { stateAt } from '../../../evaluation/time/time.ts'
import type { TenantId, Writes } from '../../../store/port.ts'
import type { OwnFacts, OwnHeader } from '../../ingest/own-facts.ts'

export interface OperationScene {
  readonly tx: Writes
  readonly own: OwnFacts
  readonly tenant: TenantId
  readonly programs: Programs
  readonly now: Millis
}

/** Where and when something happens. Place 0: nowhere in particular. */
export interface When {
  readonly store: StoreId
  readonly zone: string
  /** Null: now. */
  readonly at: Millis | null
}

/** The header of the next fact, whose key is its own place: nothing is said twice by it. */
export async function headerOf(
  { own, programs }: OperationScene,
  { store, zone, at }: When,
  member: MemberId,
): Promise<OwnHeader & { readonly offset: ZoneOffset }> {
  const place = await own.place(at === null ? undefined : hybridTime(at))
  return {
    ...place,
    key: `account-${place.id}`,
    program: programs.latest,
    member,
    store,
    offset: zoneOffset(zone, millisOf(place.at)),
  }
}

/** The member with all that time has brought by then; of somebody who is no member yet a new one. */
export async function memberState(
  { tx, now }: OperationScene,
  program: Program | null,
  member: MemberId,
  ms: number,
  offset: ZoneOffset,
): Promise<MemberState> {
  const [row] = member > 0 ? await tx.states([member]) : []
  const state = (row && decodeState(row.state)) ?? newState()
  return stateAt(program, state, member, Math.max(now, ms), offset)
}
