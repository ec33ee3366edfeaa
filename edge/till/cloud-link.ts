// What the till needs of the link to the cloud, and nothing about how it travels. Questions are bounded by QUESTION_WAIT_MS_MAX and never
// throw: 'unreachable' is an answer, and the till serves the store without one.
import type { Basket, Identity } from '../../protocol/facts.ts'
import type { Budgets } from '../../protocol/frames/budgets.ts'
import type { Decision } from '../../protocol/frames/decision.ts'
import type { MemberId, RuleId, Seq } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { HybridTime, ZoneOffset } from '../../protocol/time.ts'

export type MemberQuestion = { readonly identity: Identity } | { readonly member: MemberId }

export interface SpendingQuestion {
  readonly key: string
  /** NO_MEMBER for a voucher: its code says whose it is. */
  readonly member: MemberId
  readonly at: HybridTime
  readonly offset: ZoneOffset
  readonly perk: RuleId | null
  /** Named for points as money only. */
  readonly points: Points | null
  /** What is about to be paid for, where the terminal said it. */
  readonly basket: Basket | null
  readonly voucher: string | null
}

export interface CloudLink {
  /** Edge time in ms since 1970 at which the cloud last said anything; null before the first word. */
  lastWordAt(): number | null
  /** How the cloud is reached or tried, and in plain words what stands in between. */
  way(): { readonly via: 'socket' | 'post'; readonly obstacle: string | null }
  /** Connected, welcomed and not fenced. */
  live(): boolean
  /** When it answers with a member, `takeMembers` has run with its state before. */
  findMember(question: MemberQuestion): Promise<MemberId | 'none' | 'unreachable'>
  authorise(question: SpendingQuestion): Promise<Decision | 'unreachable'>
  /** How far the budgets of perks are used up. */
  budgets(): Promise<Budgets | 'unreachable'>
  /** Facts up to here may have been heard of by the cloud. */
  sentUpTo(): Seq
  /** New facts are in the ledger. */
  committed(): void
  /** The ledger has begun another life. */
  newLife(): void
  /** A receipt told of more than is known here. */
  witnessed(): void
}

/** A store without a cloud: before enrolment, and until the link is connected. */
export const NO_LINK: CloudLink = {
  lastWordAt: () => null,
  way: () => ({ via: 'socket', obstacle: null }),
  live: () => false,
  findMember: () => Promise.resolve('unreachable'),
  authorise: () => Promise.resolve('unreachable'),
  budgets: () => Promise.resolve('unreachable'),
  // Nobody knows what a link before this one sent.
  sentUpTo: () => Number.MAX_SAFE_INTEGER as Seq,
  committed: () => undefined,
  newLife: () => undefined,
  witnessed: () => undefined,
}
