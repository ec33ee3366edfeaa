// Everything the cloud says to an edge.
import type { Ack } from './frames/ack.ts'
import type { Ended } from './frames/ended.ts'
import type { Gap } from './frames/gap.ts'
import { AckShape } from './frames/ack.ts'
import { EndedShape } from './frames/ended.ts'
import { GapShape } from './frames/gap.ts'
import type { Budgets } from './frames/budgets.ts'
import { BudgetsShape } from './frames/budgets.ts'
import type { CertificateFrame } from './frames/certificate.ts'
import { CertificateShape } from './frames/certificate.ts'
import type { Clients } from './frames/clients.ts'
import { ClientsShape } from './frames/clients.ts'
import type { Decision } from './frames/decision.ts'
import { DecisionShape } from './frames/decision.ts'
import type { Challenge } from './frames/challenge.ts'
import { ChallengeShape } from './frames/challenge.ts'
import type { Corrections } from './frames/corrections.ts'
import { CorrectionsShape } from './frames/corrections.ts'
import type { FoundMember } from './frames/found-member.ts'
import { FoundMemberShape } from './frames/found-member.ts'
import type { Leases } from './frames/leases.ts'
import { LeasesShape } from './frames/leases.ts'
import type { Members } from './frames/members.ts'
import { MembersShape } from './frames/members.ts'
import type { Notice } from './frames/notice.ts'
import { NoticeShape } from './frames/notice.ts'
import type { ProgramFrame } from './frames/program.ts'
import { ProgramShape } from './frames/program.ts'
import type { Tail } from './frames/tail.ts'
import { TailShape } from './frames/tail.ts'
import type { Time } from './frames/time.ts'
import { TimeShape } from './frames/time.ts'
import type { Welcome } from './frames/welcome.ts'
import { WelcomeShape } from './frames/welcome.ts'

export type DownFrame =
  | Challenge
  | Welcome
  | Ack
  | Gap
  | Ended
  | Members
  | Corrections
  | ProgramFrame
  | Leases
  | FoundMember
  | Decision
  | Tail
  | Time
  | Notice
  | CertificateFrame
  | Budgets
  | Clients

export const DOWN_SHAPES = {
  challenge: ChallengeShape,
  welcome: WelcomeShape,
  ack: AckShape,
  gap: GapShape,
  ended: EndedShape,
  members: MembersShape,
  corrections: CorrectionsShape,
  program: ProgramShape,
  leases: LeasesShape,
  found_member: FoundMemberShape,
  decision: DecisionShape,
  tail: TailShape,
  time: TimeShape,
  notice: NoticeShape,
  certificate: CertificateShape,
  budgets: BudgetsShape,
  clients: ClientsShape,
} as const satisfies Record<DownFrame['type'], unknown>
