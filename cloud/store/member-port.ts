// The part of the store's port that finds members, by id, by an identity, by name, and all of them, and that keeps which
// of them are one and what their facts come to.
import type { IdentityKind } from '../../protocol/facts.ts'
import type { FactId, MemberId, StoreId } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import type {
  AliasRow,
  CheckpointRow,
  FactPlace,
  LinkRow,
  MemberListRow,
  Page,
  StateRow,
  TenantId,
  Writes,
} from './port.ts'

/** Somebody with a saved state. */
export interface FoldedRow {
  readonly member: MemberId
  /** Of the enrolment; null: it is not here (I-9). */
  readonly store: StoreId | null
}

/** Somebody whose enrolment is not here (I-9). */
export interface OrphanRow {
  readonly member: MemberId
  readonly state: Uint8Array | null
}

export interface MemberReads {
  member(id: MemberId): Promise<MemberListRow | undefined>
  /** The owner of an identity. */
  memberByIdentity(tenant: TenantId, kind: IdentityKind, value: string): Promise<MemberListRow | undefined>
  /** All but those merged into others that have a word in their name for each of these, as it begins; by id. */
  membersByName(tenant: TenantId, words: readonly string[], limit: number): Promise<MemberListRow[]>
  /** All that are enrolled but those that were merged into others. */
  members(tenant: TenantId, page: Page): Promise<MemberListRow[]>
  /** Whoever has a saved state, enrolled here or not, by id. */
  folded(tenant: TenantId, page: Page): Promise<FoldedRow[]>
  /** Whoever has counted facts or a saved state and no enrolment here, by id; all but those that were merged into others. */
  orphans(tenant: TenantId, page: Page): Promise<OrphanRow[]>
  /** Of whom HQ was told that the enrolment is not here, by the text of their ids, after one; without a state where that is so no more. */
  orphansTold(tenant: TenantId, after: string, limit: number): Promise<OrphanRow[]>
}

/** Who is one with whom. */
export interface NameWrites {
  /** Links that name any of these members, on either side. */
  links(members: readonly MemberId[]): Promise<LinkRow[]>
  /** Both give the link that stood there before. */
  saveLink(row: LinkRow): Promise<LinkRow | undefined>
  deleteLink(id: FactId): Promise<LinkRow | undefined>
  /** Those of these members that stand for another. */
  aliases(members: readonly MemberId[]): Promise<AliasRow[]>
  /** A member that is its own root stands for itself again. */
  saveAliases(rows: readonly AliasRow[]): Promise<void>
}

export interface StateWrites {
  /** Of those that have one; one that is not what was written is mended first (S-12). */
  states(members: readonly MemberId[]): Promise<StateRow[]>
  /** Of those that have one that is what was written: for whoever folds the others again. */
  soundStates(members: readonly MemberId[]): Promise<StateRow[]>
  /** Saves states and numbers them with the next changes. */
  saveStates(rows: readonly Omit<StateRow, 'change'>[]): Promise<void>
  saveDue(member: MemberId, due: Millis | null): Promise<void>
  /** The last one that is what was written. */
  checkpointBefore(member: MemberId, place: FactPlace): Promise<CheckpointRow | undefined>
  deleteCheckpointsFrom(member: MemberId, place: FactPlace): Promise<void>
  insertCheckpoints(rows: readonly CheckpointRow[]): Promise<void>
  /** Whether the member has counted facts besides these. */
  hasOtherFacts(member: MemberId, ids: readonly FactId[]): Promise<boolean>
}

/** Makes a member's state again from its facts and saves it; gives why it could not: then nothing proves what the member has. */
export type MendState = (tx: Writes, tenant: TenantId, member: MemberId) => Promise<string | undefined>

/** What makes rows again that platforms list of a member (S-15). */
export interface MendRows {
  /** Writes them as for a member that is listed for the first time. */
  project(tx: Writes, tenant: TenantId, member: MemberId): Promise<void>
  /** Tells of it, in the commit that made them again. */
  tell(tx: Writes, tenant: TenantId, member: MemberId): Promise<void>
}
