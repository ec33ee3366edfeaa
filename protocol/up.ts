// Everything an edge says to the cloud.
import type { AskBudgets } from './frames/ask-budgets.ts'
import { AskBudgetsShape } from './frames/ask-budgets.ts'
import type { AskTime } from './frames/ask-time.ts'
import { AskTimeShape } from './frames/ask-time.ts'
import type { Authorise } from './frames/authorise.ts'
import { AuthoriseShape } from './frames/authorise.ts'
import type { Batch } from './frames/batch.ts'
import { BatchShape } from './frames/batch.ts'
import type { Certify } from './frames/certify.ts'
import { CertifyShape } from './frames/certify.ts'
import type { FindMember } from './frames/find-member.ts'
import { FindMemberShape } from './frames/find-member.ts'
import type { Hello } from './frames/hello.ts'
import { HelloShape } from './frames/hello.ts'
import type { Holds } from './frames/holds.ts'
import { HoldsShape } from './frames/holds.ts'
import type { Past } from './frames/past.ts'
import { PastShape } from './frames/past.ts'
import type { Witness } from './frames/witness.ts'
import { WitnessShape } from './frames/witness.ts'

export type UpFrame =
  Hello | Batch | FindMember | Authorise | Past | Witness | AskTime | Certify | Holds | AskBudgets

export const UP_SHAPES = {
  hello: HelloShape,
  batch: BatchShape,
  find_member: FindMemberShape,
  authorise: AuthoriseShape,
  past: PastShape,
  witness: WitnessShape,
  ask_time: AskTimeShape,
  certify: CertifyShape,
  holds: HoldsShape,
  ask_budgets: AskBudgetsShape,
} as const satisfies Record<UpFrame['type'], unknown>
