// What every part of a projection works with: one commit of one tenant, and one member of it.
import type { MemberId } from '../../../../protocol/ids.ts'
import type { Millis } from '../../../../protocol/time.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import type { Program } from '../../../evaluation/compile.ts'
import type { Programs } from '../../../evaluation/programs.ts'
import type { MemberState } from '../../../evaluation/state.ts'
import type { ActivityRow, TenantId, Writes } from '../../../store/port.ts'
import type { DocumentsOfRules } from './documents-of-rules.ts'
import type { FactViews, OwnedView } from './fact-views.ts'

export interface ProjectionScene {
  readonly tx: Writes
  readonly tenant: TenantId
  readonly programs: Programs
  readonly documents: DocumentsOfRules
  readonly views: FactViews
  readonly now: Millis
}

export interface MemberScene extends ProjectionScene {
  readonly connection: AccountRow<'connections'>
  readonly state: MemberState
  /** In force at the member's last fact. */
  readonly program: Program | null
  /** Facts of the member that this commit changed; all, where some may have no rows yet. */
  readonly changed: readonly OwnedView[]
  /** What this commit wrote to the log of the member: only that tells of what a correction took away. */
  readonly logged: readonly ActivityRow[]
  /** Facts left the member. */
  readonly lost: boolean
  /** Some facts may have no rows yet. */
  readonly whole: boolean
}

export interface Whose {
  readonly tenant: TenantId
  readonly connection: number
  readonly person: number
  readonly member: MemberId
}

export function whoseOf({ tenant, connection }: MemberScene): Whose {
  const { id, person, member } = connection
  // A connection's member is one.
  return { tenant, connection: id, person, member: member as MemberId }
}
