// The part of the store's port that is about leases: what stores may spend without asking, and what is counted beside it.
import type { MemberId, Origin, RuleId, StoreId } from '../../protocol/ids.ts'
import type { LeaseSubject, LeaseTotals } from '../../protocol/leases.ts'
import type { Millis } from '../../protocol/time.ts'
import type { HoldRow, StoreCount } from './port.ts'

type TenantId = number

interface Page {
  readonly after: number
  readonly limit: number
}

/** A lease of one ledger, as the facts about it add up (P-LEASE-1). */
export interface LeaseRow extends LeaseTotals {
  readonly lease: number
  readonly tenant: TenantId
  readonly origin: Origin
  readonly store: StoreId
  readonly subject: LeaseSubject
  /** As it was called when the lease was first granted; 0 for a budget. */
  readonly member: MemberId
  readonly item: number
  readonly code: string | null
  readonly cap: number
  readonly expires: Millis
  /** How often it was asked back, and how often the store had answered when it last did. */
  readonly recall: number
  readonly answered: number
  /** Rises with every change of any lease: the downstream cursor. */
  readonly change: number
}

export interface LeaseFilter {
  readonly store?: StoreId
  readonly member?: MemberId
  /** Only those with rights left. */
  readonly open?: boolean
}

/** What was risked and taken back of a member's amount of a metric, ever (SpendingBooks). */
export interface BookRow {
  readonly tenant: TenantId
  readonly member: MemberId
  readonly metric: number
  readonly risk: number
  readonly lost: number
}

/** When a member was last in a store. */
export interface VisitRow {
  readonly member: MemberId
  readonly store: StoreId
  readonly at: Millis
}

/** A member waits for a store to come into reach. */
export type Awaiting = Omit<VisitRow, 'at'>

/** What a perk's budget is used up by (U-3, U-4), on either side of a transaction. */
export interface BudgetReads {
  /** Redemptions of a perk that were not given back, by store. */
  usesOfPerk(tenant: TenantId, perk: RuleId): Promise<StoreCount[]>
  /** Open decisions on redemptions of a perk, by store. */
  heldOfPerk(tenant: TenantId, perk: RuleId, now: Millis): Promise<StoreCount[]>
  leasesOfBudget(tenant: TenantId, perk: RuleId): Promise<LeaseRow[]>
}

export interface LeaseReads extends BudgetReads {
  /** By number; `after` is one. Those of a member are also those of members merged into it. */
  leaseList(tenant: TenantId, filter: LeaseFilter, page: Page): Promise<LeaseRow[]>
  /** Of a ledger, changed after `cursor`, oldest change first. */
  changedLeases(origin: Origin, cursor: number, limit: number): Promise<LeaseRow[]>
  /** With rights left, that expire by `until`, the first to expire first; behind one of them. */
  leasesEnding(
    tenant: TenantId,
    after: Pick<LeaseRow, 'expires' | 'lease'>,
    until: Millis,
    limit: number,
  ): Promise<LeaseRow[]>
  /** With rights left, expired by `by`, or by `over` where the life they belong to is over since then. */
  leasesOverdue(tenant: TenantId, by: Millis, over: Millis, limit: number): Promise<LeaseRow[]>
  /** Members that were in a store since then, the last first. */
  visitors(store: StoreId, since: Millis, limit: number): Promise<MemberId[]>
  /** Members to whom something would have been lent in a store, had it been in reach. */
  awaiting(store: StoreId, limit: number): Promise<MemberId[]>
  /** As inside a transaction (U-2). */
  openHolds(tenant: TenantId, member: MemberId, now: Millis): Promise<HoldRow[]>
  /** Of these decisions those about the member or one merged into it, settled or not, as the member's. */
  decisionsOf(member: MemberId, ids: readonly number[]): Promise<HoldRow[]>
  /** Also of members merged into these, as inside a transaction. */
  leasesOfMembers(members: readonly MemberId[]): Promise<LeaseRow[]>
  bookList(members: readonly MemberId[]): Promise<BookRow[]>
  /** All that is booked as risk, of whichever metric. */
  riskBooked(tenant: TenantId): Promise<number>
}

export interface LeaseWrites extends BudgetReads {
  /** The highest number a lease was ever given. */
  lastLease(): Promise<number>
  /** Leaves numbers out: a cloud that lost some may have given them out. */
  skipLeases(count: number): Promise<void>
  leases(numbers: readonly number[]): Promise<LeaseRow[]>
  /** Also of members merged into these. */
  leasesOfMembers(members: readonly MemberId[]): Promise<LeaseRow[]>
  /** Saves leases whole and numbers the changes. */
  saveLeases(rows: readonly Omit<LeaseRow, 'change'>[]): Promise<void>
  /** Adds to what was risked and lost. */
  addToBooks(rows: readonly BookRow[]): Promise<void>
  /** With those of members merged into these. */
  books(members: readonly MemberId[]): Promise<BookRow[]>
  /** Keeps the later of two visits. */
  saveVisits(rows: readonly VisitRow[]): Promise<void>
  /** The last first; also those of members merged into these. */
  visits(members: readonly MemberId[]): Promise<VisitRow[]>
  saveAwaiting(rows: readonly Awaiting[]): Promise<void>
  deleteAwaiting(rows: readonly Awaiting[]): Promise<void>
}
