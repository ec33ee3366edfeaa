// Everything the cloud says to an edge.
import type { Ack, Fork, Gap } from './frames/ack.ts'
import { AckShape, ForkShape, GapShape } from './frames/ack.ts'
import type { Decision } from './frames/authorise.ts'
import { DecisionShape } from './frames/authorise.ts'
import type { Challenge } from './frames/challenge.ts'
import { ChallengeShape } from './frames/challenge.ts'
import type { Corrections } from './frames/corrections.ts'
import { CorrectionsShape } from './frames/corrections.ts'
import type { FoundMember } from './frames/find-member.ts'
import { FoundMemberShape } from './frames/find-member.ts'
import type { Members } from './frames/members.ts'
import { MembersShape } from './frames/members.ts'
import type { Notice } from './frames/notice.ts'
import { NoticeShape } from './frames/notice.ts'
import type { ProgramFrame } from './frames/program.ts'
import { ProgramShape } from './frames/program.ts'
import type { Time } from './frames/time.ts'
import { TimeShape } from './frames/time.ts'
import type { Welcome } from './frames/welcome.ts'
import { WelcomeShape } from './frames/welcome.ts'

export type DownFrame =
  | Challenge
  | Welcome
  | Ack
  | Gap
  | Fork
  | Members
  | Corrections
  | ProgramFrame
  | FoundMember
  | Decision
  | Time
  | Notice

export const DOWN_SHAPES = {
  challenge: ChallengeShape,
  welcome: WelcomeShape,
  ack: AckShape,
  gap: GapShape,
  fork: ForkShape,
  members: MembersShape,
  corrections: CorrectionsShape,
  program: ProgramShape,
  found_member: FoundMemberShape,
  decision: DecisionShape,
  time: TimeShape,
  notice: NoticeShape,
} as const satisfies Record<DownFrame['type'], unknown>
