// The part of the store's port that finds members: by id, by an identity, by name, and all of them.
import type { IdentityKind } from '../../protocol/facts.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { MemberListRow, Page, TenantId } from './port.ts'

export interface MemberReads {
  member(id: MemberId): Promise<MemberListRow | undefined>
  /** The owner of an identity. */
  memberByIdentity(tenant: TenantId, kind: IdentityKind, value: string): Promise<MemberListRow | undefined>
  /** All but those merged into others that have a word in their name for each of these, as it begins; by id. */
  membersByName(tenant: TenantId, words: readonly string[], limit: number): Promise<MemberListRow[]>
  /** All but those that were merged into others. */
  members(tenant: TenantId, page: Page): Promise<MemberListRow[]>
}
