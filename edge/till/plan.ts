// What a write comes to before it is recorded: a plan, a refusal, or a question the cloud must answer first. Preparing reads and never writes,
// so a refused write leaves no trace and an asked one starts again from the beginning once the answer is there.
import type { Fact } from '../../protocol/facts.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { refuse } from '../../protocol/result.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { Note } from './answers.ts'
import type { Books } from './books.ts'
import type { Card } from './cards.ts'
import type { MemberQuestion, SpendingQuestion } from './cloud-link.ts'
import type { InputOf, WriteKind } from './inputs.ts'

export interface WriteCall {
  readonly terminal: string
  readonly key: string
  /** SHA-256 of method, path and raw body (K-2). */
  readonly requestHash: Uint8Array
}

export interface StoredAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly replayed: boolean
}

/** A write under way: what was asked, and what the cloud has said to it so far. */
export interface Write<K extends WriteKind = WriteKind> {
  readonly kind: K
  readonly call: WriteCall
  readonly input: InputOf<K>
  readonly said: CloudSaid
  readonly settle: (result: Result<StoredAnswer>) => void
}

export type MemberWord = MemberId | 'none' | 'unreachable'

/** Each question is asked once per write, so that every write ends. */
export interface CloudSaid {
  members: Map<string, MemberWord> | undefined
  decision: Decision | 'unreachable' | undefined
}

export function questionKey(question: MemberQuestion): string {
  return 'member' in question
    ? String(question.member)
    : `${question.identity.kind} ${question.identity.value}`
}

/** A fact whose promise is still open: it is written into it when the points are known. */
type Open<F> = F extends unknown ? { -readonly [K in keyof F]: F[K] } : never
export type OpenFact = Open<Fact>

export interface Plan {
  readonly fact: OpenFact
  /** Whose state it is folded onto; null for a guest, and for a member this store does not know. */
  readonly card: Card | null
  readonly notes: readonly Note[]
  /** Answer fields of this kind alone: quoted JSON that starts with its comma, or ''. */
  readonly extra: string
  /** The perk whose title the activity names, 0 without. */
  readonly perk: RuleId
  /** Rows that go with the fact, in its transaction. */
  readonly follow: (() => void) | null
}

export const NO_NOTES: readonly Note[] = []
export const NO_PERK = 0 as RuleId

export type Prepared =
  | { readonly do: 'record'; readonly plan: Plan }
  | { readonly do: 'refuse'; readonly refusal: Refusal }
  | {
      readonly do: 'ask'
      readonly members: readonly MemberQuestion[]
      readonly spending: SpendingQuestion | null
    }

export type Prepare<K extends WriteKind> = (books: Books, write: Write<K>) => Prepared

export function refused(code: RefusalCode, detail: string, param?: string): Prepared & { do: 'refuse' } {
  return { do: 'refuse', refusal: refuse(code, detail, param).refusal }
}

export function asks(question: MemberQuestion): Prepared {
  return { do: 'ask', members: [question], spending: null }
}

export function badTime(): Prepared {
  return refused('input_invalid', 'This is no time there is.', '/occurred_at')
}
