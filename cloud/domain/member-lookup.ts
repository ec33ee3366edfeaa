// Members as somebody asks for them: by id, by an identity however it is written, by name; and how each stands now, with all that time has brought.
import type { Identity } from '../../protocol/facts.ts'
import { identityForm } from '../../protocol/identities.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { nameWords } from '../../protocol/names.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { zoneOffset } from '../../protocol/time.ts'
import type { Clock, Millis } from '../../protocol/time.ts'
import type { MemberListRow, Reads, TenantId } from '../store/port.ts'
import { claimsOf } from './leases/member-books.ts'
import type { ProgramShelf } from './programs.ts'
import type { MemberView } from './view-shapes.ts'
import { memberView } from './views.ts'

export class MemberLookup {
  readonly #read: Reads
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(read: Reads, shelf: ProgramShelf, clock: Clock) {
    this.#read = read
    this.#shelf = shelf
    this.#clock = clock
  }

  /** Another tenant's does not exist here. */
  async byId(tenant: TenantId, id: MemberId): Promise<MemberListRow | undefined> {
    const row = await this.#read.member(id)
    return row?.tenant === tenant ? row : undefined
  }

  async byIdentity(tenant: TenantId, { kind, value }: Identity): Promise<Result<MemberListRow>> {
    const form = identityForm({ kind, value })
    const row = form === '' ? undefined : await this.#read.memberByIdentity(tenant, kind, form)
    return row === undefined ? refuse('member_not_found', `No member has this ${kind}`, kind) : accept(row)
  }

  /** Those with a word in their name for each of these, as it begins; by id. */
  async byName(tenant: TenantId, name: string, limit: number): Promise<MemberListRow[]> {
    const words = nameWords(name)
    return words.length === 0 ? [] : this.#read.membersByName(tenant, words, limit)
  }

  /** On the wall clock of the store of the enrolment. */
  async view(row: MemberListRow): Promise<MemberView> {
    const [view] = await this.views(row.tenant, [row])
    if (view === undefined) throw new Error('one row has one view')
    return view
  }

  async views(tenant: TenantId, rows: readonly MemberListRow[]): Promise<MemberView[]> {
    const programs = await this.#shelf.of(tenant)
    const now = this.#clock.now()
    const zones = new Map((await this.#read.stores(tenant)).map(({ id, zone }) => [id, zone] as const))
    return Promise.all(
      rows.map(async (row) =>
        memberView(
          row,
          programs,
          now,
          zoneOffset(zones.get(row.store) ?? 'UTC', now),
          await claimsOf(this.#read, tenant, row.id, now as Millis),
        ),
      ),
    )
  }
}
