// SKELETON, signatures final.
import type { Corrections } from '../../protocol/frames/corrections.ts'
import type { Members } from '../../protocol/frames/members.ts'
import type { Notice } from '../../protocol/frames/notice.ts'
import type { ProgramFrame } from '../../protocol/frames/program.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { FactId, MemberId, ProgramVersion, Seq } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import type { FeedLog } from '../feed/feed-log.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { System } from '../system.ts'
import type { HistoryPage, MemberView, PerksAnswer, Quote, Status } from './answers.ts'
import type { CloudLink } from './cloud-link.ts'
import type { HistoryQuery, InputOf, QuoteInput, WriteKind } from './inputs.ts'

export interface TillOptions {
  /** Enrolled: a till belongs to a store. */
  readonly ledger: Ledger
  readonly system: System
  /** Name and version, for the status. */
  readonly software: string
  /** A-5; default BACKDATE_MS_MAX. */
  readonly backdateMs?: number
  /** Told of every fault that a caller was answered with, for the log. */
  readonly onFault?: (cause: unknown) => void
}

export interface WriteCall {
  readonly terminal: string
  readonly key: string
  readonly requestHash: Uint8Array
}

export interface StoredAnswer {
  readonly status: number
  readonly body: Uint8Array
  readonly replayed: boolean
}

export declare class Till {
  constructor(options: TillOptions)
  readonly feed: FeedLog
  /** Gives the till its link; until then it has none (NO_LINK). */
  connect(link: CloudLink): void
  write<K extends WriteKind>(kind: K, call: WriteCall, input: InputOf<K>): Promise<Result<StoredAnswer>>
  quote(input: QuoteInput): Promise<Result<Quote>>
  member(id: MemberId): Promise<Result<MemberView>>
  findMember(identity: Identity): Promise<Result<MemberView>>
  perks(member: MemberId | undefined): Promise<Result<PerksAnswer>>
  receipt(id: FactId): Result<Uint8Array>
  history(query: HistoryQuery): Result<HistoryPage>
  status(): Status
  /** Latest program version the edge has, for the hello. */
  programVersion(): ProgramVersion
  acknowledged(seq: Seq, cloudEpoch: number): void
  takeMembers(frame: Members): void
  takeCorrections(frame: Corrections): void
  takeProgram(frame: ProgramFrame): void
  takeNotice(frame: Notice): void
  linkChanged(state: string, at: number, lastWordAt: number | null): void
  drain(): Promise<void>
}
