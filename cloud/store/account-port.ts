// The part of the store's port that is about accounts: rows that are written with every commit, so by prepared statements, and found by columns that
// an index begins with. Lists are read as those of any collection.
import type {
  AccountChanges,
  AccountDraft,
  AccountRow,
  AccountTable,
} from '../collections/tables/accounts.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import type { CollectionReads, CollectionWrites } from './collection-port.ts'
import type { FactRow, TenantId } from './port.ts'

/** `filling`: members up to `upTo` have their rows, the others get them when their turn comes. */
export interface ProjectionState {
  readonly state: 'off' | 'filling' | 'on'
  readonly upTo: MemberId
}

/** A transaction that gave points, or took them back. */
export interface EarnedRow {
  readonly at: number
  readonly id: number
  readonly connection: number
  readonly points: number
  readonly location: number | null
}

/** Transactions in force, and who became a customer. */
export interface Activity {
  readonly earned: { readonly count: number; readonly points: number }
  readonly redeemed: { readonly count: number; readonly points: number }
  readonly joined: number
}

export const NO_ACTIVITY: Activity = {
  earned: { count: 0, points: 0 },
  redeemed: { count: 0, points: 0 },
  joined: 0,
}

export interface AccountReads extends CollectionReads {
  /** Rows whose columns have all these values, by id. */
  accountRows<T extends AccountTable>(table: T, key: Partial<AccountRow<T>>): Promise<AccountRow<T>[]>
  projection(tenant: TenantId): Promise<ProjectionState>
  /** Facts with a transaction, of a member or of all, newest first. */
  transactedFacts(
    tenant: TenantId,
    member: MemberId | null,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<FactId[]>
  /** The transaction of a connection that happened last. */
  lastTransaction(connection: number): Promise<AccountRow<'transactions'> | undefined>
  /** EARN transactions in force, by time and id, after a place in that order and before an instant (null: no bound). */
  earnedAfter(
    tenant: TenantId,
    after: Pick<EarnedRow, 'at' | 'id'>,
    until: number | null,
    limit: number,
  ): Promise<EarnedRow[]>
  /** From an instant until before another, of a connection or (null) of all. */
  activityBetween(tenant: TenantId, connection: number | null, from: number, until: number): Promise<Activity>
}

export interface AccountWrites extends AccountReads, CollectionWrites {
  insertAccountRow<T extends AccountTable>(table: T, row: AccountDraft<T>): Promise<AccountRow<T>>
  /** Only the columns that are named. */
  saveAccountRow<T extends AccountTable>(table: T, id: number, changes: AccountChanges<T>): Promise<void>
  deleteAccountRow(table: AccountTable, id: number): Promise<void>
  saveProjection(tenant: TenantId, projection: ProjectionState): Promise<void>
  /** Counted facts of a member of one of these kinds, in canonical order. */
  factsOfKind(member: MemberId, kind: 'challenge' | 'profile' | 'voucher_use'): Promise<FactRow[]>
  /** The enrolments of members that have an id above this one, by id. */
  enrolmentsAfter(tenant: TenantId, member: MemberId, limit: number): Promise<FactId[]>
}
