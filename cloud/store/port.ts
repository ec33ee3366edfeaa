// What the cloud keeps, as the domain sees it. Two engines implement this port and run one contract suite (S-1). Everything takes and
// gives sets, because one transaction carries the batches of many edges (S-2); everything is a promise, because one engine is across a socket.
import type { ConflictDecision, ConflictKind } from '../../protocol/conflicts.ts'
import type { FactKind, Identity } from '../../protocol/facts.ts'
import type { FactId, MemberId, Origin, ProgramVersion, RuleId, Seq, StoreId } from '../../protocol/ids.ts'
import type { LifeEnd } from '../../protocol/lives.ts'
import type { HybridTime, Millis } from '../../protocol/time.ts'
import type { AccountReads, AccountWrites } from './account-port.ts'
import type { FleetWrites } from './fleet-port.ts'
import type { LeaseReads, LeaseWrites } from './lease-port.ts'
import type { MemberReads, MendRows, MendState, NameWrites, StateWrites } from './member-port.ts'
import type { PlatformReads, PlatformWrites } from './platform-port.ts'
import type { Effect } from '../evaluation/effects.ts'
import type { ProgramRecord } from '../evaluation/programs.ts'

export type TenantId = number
export type EdgeId = number

export interface StoreRow {
  readonly id: StoreId
  readonly tenant: TenantId
  readonly name: string
  readonly zone: string
}

export interface EdgeRow {
  readonly id: EdgeId
  readonly tenant: TenantId
  readonly store: StoreId
  /** Base64 of the DER public key. */
  readonly publicKey: string
  readonly enrolledAt: Millis
  /** `pending`: a copy that waits for HQ's word. */
  readonly state: 'active' | 'pending' | 'retired'
  /** The device it is a copy of; null for one that was enrolled. */
  readonly copyOf: EdgeId | null
  /** The one it was sent last (P-ATT-1), for the next welcome; empty before the first. */
  readonly attestation: string
}

/** One life of one ledger, and how far the cloud has it. Edge 0 is the cloud's own origin of the tenant. */
export interface OriginRow {
  readonly origin: Origin
  readonly tenant: TenantId
  readonly store: StoreId
  readonly edge: EdgeId
  readonly epoch: number
  readonly seq: Seq
  readonly head: Uint8Array
  /** `spare`: allocated, for the edge to open by itself. `closed`: nothing is taken any more, the chain stays. */
  readonly state: 'spare' | 'open' | 'closed'
  readonly ended: LifeEnd | null
  readonly endedAt: Millis | null
  /** The highest seq that a terminal's receipt of it named; 0 where none did. */
  readonly witnessed: Seq
}

/** What the fleet list tells beyond the position. */
export interface ContactRow {
  readonly origin: Origin
  readonly saidSeq: Seq
  readonly contactAt: Millis
  readonly software: string
  readonly program: ProgramVersion
}

/**
 * `counted`: folded into its member (or a guest's, folded into nobody). `duplicate`: another fact with its business key counts.
 * `unclaimed`: waits for the member its claim names. `merged`: the enrolment of a member that is another's now, whose enrolment counts.
 */
export type FactStatus = 'counted' | 'duplicate' | 'unclaimed' | 'merged'

export interface FactRow {
  readonly id: FactId
  readonly tenant: TenantId
  readonly store: StoreId
  readonly key: string
  readonly kind: FactKind
  readonly member: MemberId
  /** `kind:value` of the identity, or `sale:id`, that the fact is tied to its member by; null when its origin named the member. */
  readonly claim: string | null
  /** The earlier fact this one settles or claims, by which it is found: a redemption's first, a sent referral, a claimed sale, what is voided. 0: none. */
  readonly about: FactId
  readonly at: HybridTime
  readonly status: FactStatus
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly receivedAt: Millis
}

export interface ChainRow {
  readonly id: FactId
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
}

/** Ids that follow each other without a gap. */
export interface IdRun {
  readonly first: FactId
  readonly last: FactId
}

export interface FactPlace {
  readonly at: HybridTime
  readonly id: FactId
}

export interface QuarantineRow {
  readonly id: FactId
  readonly tenant: TenantId
  readonly store: StoreId
  readonly reason: string
  readonly bytes: Uint8Array
  readonly hash: Uint8Array
  readonly receivedAt: Millis
}

/** What needs a person's word (CON-1). `decision` is null while it is open; `resolvedBy` is the fact that ended it. */
export interface ConflictRow {
  readonly id: number
  readonly tenant: TenantId
  readonly store: StoreId
  readonly kind: ConflictKind
  readonly subject: string
  readonly member: MemberId
  readonly fact: FactId
  readonly at: HybridTime
  readonly text: string
  readonly decision: ConflictDecision | null
  readonly resolvedBy: FactId
}

export interface MemberRow {
  readonly id: MemberId
  readonly tenant: TenantId
  readonly name: string | null
  readonly store: StoreId
  readonly enrolledAt: HybridTime
  /** Business key of the enrolment: a name for the member that does not depend on positions. */
  readonly key: string
}

/** A member holds an identity since its enrolment; of several holders the canonically first owns it. */
export interface IdentityRow extends Identity {
  readonly tenant: TenantId
  readonly member: MemberId
  readonly at: HybridTime
}

export interface StateRow {
  readonly member: MemberId
  readonly tenant: TenantId
  /** Rises with every save, over all members: the downstream cursor. */
  readonly change: number
  readonly state: Uint8Array
  /** When time alone changes the state next. */
  readonly due: Millis | null
}

/** A member for whom something is due, and the store of its enrolment (null before that came). */
export interface DueRow {
  readonly tenant: TenantId
  readonly member: MemberId
  readonly due: Millis
  readonly store: StoreId | null
}

/** A fact that says that two members are one. */
export interface LinkRow extends FactPlace {
  readonly tenant: TenantId
  readonly survivor: MemberId
  readonly merged: MemberId
}

/** A member's name that stands for another member. */
export interface AliasRow {
  readonly member: MemberId
  readonly root: MemberId
}

/** A redemption that is not cancelled uses up its perk's budget. */
export interface RedemptionRow {
  /** Its first fact. */
  readonly id: FactId
  readonly tenant: TenantId
  readonly perk: RuleId
  readonly store: StoreId
}

export interface StoreCount {
  readonly store: StoreId
  readonly count: number
}

/** A submitted response's place among all of its challenge, and among those of a period. */
export interface ResponseRow {
  readonly tenant: TenantId
  readonly challenge: RuleId
  readonly number: number
  readonly period: string
  readonly numberInPeriod: number
  readonly fact: FactId
}

export interface CheckpointRow extends FactPlace {
  readonly member: MemberId
  readonly state: Uint8Array
}

/** A row of the cloud's log: effects of a fact at a revision, or a notice or conflict (fact 0). */
export interface ActivityRow {
  readonly position: number
  readonly tenant: TenantId
  readonly store: StoreId
  readonly kind: FactKind | 'correction' | 'notice' | 'conflict'
  readonly at: HybridTime
  readonly fact: FactId
  readonly revision: number
  readonly member: MemberId
  /** The late fact that moved it, 0 for the first fold. */
  readonly cause: FactId
  /** Money of the fact, null where it has none. */
  readonly amount: number | null
  /** Points of the fact in all revisions up to this one, without goodwill; and its goodwill. */
  readonly points: number
  readonly goodwill: number
  /** What this revision adds. */
  readonly effects: readonly Effect[]
  /** Code and sentence of a notice or conflict; null otherwise. */
  readonly notice: { readonly code: string; readonly text: string } | null
  /** Whether the fact's store is to be told: the store answered something else. */
  readonly tell: boolean
}

/** A store has met a member (D-1). */
export interface Meeting {
  readonly store: StoreId
  readonly member: MemberId
}

export interface HoldRow {
  readonly id: number
  readonly tenant: TenantId
  readonly store: StoreId
  readonly key: string
  readonly member: MemberId
  readonly perk: RuleId | null
  readonly voucher: string | null
  readonly points: number
  readonly expires: Millis
  readonly settled: boolean
}

export interface CodeRow {
  readonly hash: string
  readonly tenant: TenantId
  readonly store: StoreId
  readonly expires: Millis
  readonly usedBy: EdgeId | null
}

export interface Page {
  readonly after: number
  readonly limit: number
}

export interface FactFilter {
  readonly store?: StoreId
  readonly member?: MemberId
  readonly kind?: FactKind
}

export interface MemberListRow extends MemberRow {
  /** The member this one was merged into. */
  readonly mergedInto: MemberId | null
  /** Those it owns. */
  readonly identities: readonly Identity[]
  readonly state: Uint8Array | null
}

export interface SnapshotRow extends MemberListRow {
  readonly change: number
}

/** Members' states and the origin's position, as of one moment: the facts up to `covers` are inside the states. */
export interface Snapshots {
  readonly covers: Seq
  readonly rows: readonly SnapshotRow[]
}

/** Reads see only what is committed. */
export interface Reads extends LeaseReads, AccountReads, MemberReads, PlatformReads {
  stores(tenant: TenantId): Promise<StoreRow[]>
  store(id: StoreId): Promise<StoreRow | undefined>
  edges(tenant: TenantId): Promise<EdgeRow[]>
  edge(id: EdgeId): Promise<EdgeRow | undefined>
  origins(tenant: TenantId): Promise<OriginRow[]>
  origin(origin: Origin): Promise<OriginRow | undefined>
  /** All lives of an edge, by epoch; edge 0 is the cloud itself. */
  livesOf(tenant: TenantId, edge: EdgeId): Promise<OriginRow[]>
  contacts(tenant: TenantId): Promise<ContactRow[]>
  contact(origin: Origin): Promise<ContactRow | undefined>
  programs(tenant: TenantId): Promise<ProgramRecord[]>

  fact(id: FactId): Promise<FactRow | undefined>
  /** Facts and quarantined ones of an origin in seq order, for walking the chain. */
  chain(origin: Origin, afterSeq: Seq, limit: number): Promise<ChainRow[]>
  facts(tenant: TenantId, filter: FactFilter, page: Page): Promise<FactRow[]>
  /** Counted facts of a member in canonical order. */
  factsOfMember(member: MemberId): Promise<FactRow[]>
  /** The same as they stand in the file, for who looks for what is wrong there. */
  storedFactsOf(member: MemberId): Promise<FactRow[]>
  factCounts(tenant: TenantId): Promise<{ status: FactStatus | 'quarantined'; kind: string; count: number }[]>
  quarantine(tenant: TenantId, page: Page): Promise<QuarantineRow[]>

  /** Members for whom something is due by `now`, earliest first, after a place in that order. */
  dueMembers(now: Millis, after: Pick<DueRow, 'due' | 'member'> | null, limit: number): Promise<DueRow[]>
  /** Members the store has met whose state changed after `cursor`, oldest change first. */
  changedMembers(origin: Origin, store: StoreId, cursor: number, limit: number): Promise<Snapshots>
  snapshots(origin: Origin, members: readonly MemberId[]): Promise<Snapshots>
  /** Stores that have met any of these members. */
  storesThatMet(members: readonly MemberId[]): Promise<Meeting[]>

  activities(tenant: TenantId, page: Page): Promise<ActivityRow[]>
  activitiesOfFacts(ids: readonly FactId[]): Promise<ActivityRow[]>
  activitiesOfMember(member: MemberId, page: Page): Promise<ActivityRow[]>
  activitiesToTell(store: StoreId, page: Page): Promise<ActivityRow[]>
  /** What HQ should look at: notices and conflicts. */
  notices(tenant: TenantId, page: Page): Promise<ActivityRow[]>
  /** By id; open ones alone, or all. */
  conflicts(tenant: TenantId, open: boolean, page: Page): Promise<ConflictRow[]>
  conflict(id: number): Promise<ConflictRow | undefined>
  lastPosition(): Promise<number>
  memberOfVoucher(tenant: TenantId, code: string): Promise<MemberId | undefined>
}

/** Inside one transaction: sees its own writes. */
export interface Writes
  extends
    LeaseWrites,
    AccountWrites,
    FleetWrites,
    PlatformWrites,
    NameWrites,
    StateWrites,
    Pick<
      Reads,
      | 'origin'
      | 'origins'
      | 'livesOf'
      | 'edge'
      | 'chain'
      | 'fact'
      | 'programs'
      | 'stores'
      | 'store'
      | 'activitiesOfFacts'
      | 'activitiesOfMember'
      | 'memberOfVoucher'
      | 'conflict'
    > {
  insertProgram(tenant: TenantId, record: ProgramRecord, publishedAt: Millis): Promise<void>

  /** Counted facts with these business keys. */
  factsByKeys(tenant: TenantId, keys: readonly { store: StoreId; key: string }[]): Promise<FactRow[]>
  factsByIds(ids: readonly FactId[]): Promise<FactRow[]>
  /** Counted facts with this key, in whichever store. */
  factsWithKey(tenant: TenantId, key: string): Promise<FactRow[]>
  /** Facts of a kind that settle or claim these, duplicates left out, in canonical order. */
  factsAbout(ids: readonly FactId[], kind: FactKind): Promise<FactRow[]>
  /** Facts tied to a member by one of these claims, or waiting for it. */
  factsByClaims(tenant: TenantId, claims: readonly string[]): Promise<FactRow[]>
  /** Facts that go where one of these goes: their claim is `fact:` and its id. */
  factsFollowing(tenant: TenantId, runs: readonly IdRun[]): Promise<FactRow[]>
  insertFacts(rows: readonly FactRow[]): Promise<void>
  saveFactStanding(rows: readonly Pick<FactRow, 'id' | 'status' | 'member'>[]): Promise<void>
  insertQuarantine(rows: readonly QuarantineRow[]): Promise<void>
  quarantined(ids: readonly FactId[]): Promise<QuarantineRow[]>
  /** Counted facts of a member after a place (all without one), in canonical order. */
  factsOfMemberAfter(member: MemberId, place: FactPlace | null): Promise<FactRow[]>

  /** All holders of these identities. */
  identities(tenant: TenantId, wanted: readonly Identity[]): Promise<IdentityRow[]>
  identitiesOfMember(member: MemberId): Promise<IdentityRow[]>
  insertIdentities(rows: readonly IdentityRow[]): Promise<void>
  insertMembers(rows: readonly MemberRow[]): Promise<void>
  /** Takes away everything that is kept under these members, except facts and the log. */
  deleteMembers(ids: readonly MemberId[]): Promise<void>
  /** Answers those that are new. */
  meet(rows: readonly Meeting[]): Promise<Meeting[]>
  /** Whoever has met `from` has met `to`. */
  meetAlso(from: MemberId, to: MemberId): Promise<void>

  appendActivities(rows: readonly Omit<ActivityRow, 'position'>[]): Promise<ActivityRow[]>
  saveVouchers(rows: readonly { tenant: TenantId; code: string; member: MemberId }[]): Promise<void>

  holdByKey(store: StoreId, key: string): Promise<HoldRow | undefined>
  openHolds(tenant: TenantId, member: MemberId, now: Millis): Promise<HoldRow[]>
  holds(ids: readonly number[]): Promise<HoldRow[]>
  /** Leaves numbers out: a cloud that lost some may have given them out. */
  skipHolds(count: number): Promise<void>
  insertHold(row: Omit<HoldRow, 'id' | 'settled'>): Promise<HoldRow>
  settleHolds(ids: readonly number[]): Promise<void>
  /** Of decisions that come to nothing in the transaction that made them. */
  deleteHolds(ids: readonly number[]): Promise<void>
  /** Says of redemptions whether they use up their perk's budget; saying it again changes nothing. */
  saveRedemptions(rows: readonly (RedemptionRow & { readonly counts: boolean })[]): Promise<void>
  /** How far the numbers of a challenge and of a period have come; 0 before the first. */
  lastResponse(
    tenant: TenantId,
    challenge: RuleId,
    period: string,
  ): Promise<Pick<ResponseRow, 'number' | 'numberInPeriod'>>
  insertResponse(row: ResponseRow): Promise<void>
  /** By number; `after` is one. */
  responses(tenant: TenantId, challenge: RuleId, page: Page): Promise<ResponseRow[]>

  /** Opens those that are not there, and again those that were withdrawn; gives the rows it opened. */
  openConflicts(rows: readonly Omit<ConflictRow, 'id' | 'decision' | 'resolvedBy'>[]): Promise<ConflictRow[]>
  conflictOf(tenant: TenantId, kind: ConflictKind, subject: string): Promise<ConflictRow | undefined>
  hasOpenConflict(tenant: TenantId, kind: ConflictKind): Promise<boolean>
  endConflict(id: number, end: { readonly decision: ConflictDecision; readonly by: FactId }): Promise<void>

  meta(name: string): Promise<string | undefined>
  saveMeta(name: string, value: string): Promise<void>
}

export interface CloudStore {
  readonly read: Reads
  /**
   * One after another: everything in `work` happens or nothing does. Durable when the promise resolves. Where it meets rows that have to be made again (S-15), what
   * it did is undone, and it is called once more.
   */
  write<T>(work: (tx: Writes) => Promise<T>): Promise<T>
  /** Called after each commit that may have changed who may do what: tokens, clients, roles, HQ tokens. */
  onAccessChanged(listener: () => void): void
  /** What makes a state again that is not what was written (S-12); without it such a state is never given out. */
  mendStatesBy(mend: MendState): void
  /** The same for rows that platforms list (S-15). */
  mendRowsBy(mend: MendRows): void
  close(): Promise<void>
}
