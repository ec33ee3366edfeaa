// The businesses of a node. The operator makes them; each has an origin for the cloud's own facts and an HQ token, which is shown once. How a business
// looks to customers is a versioned document with the same number (COL-6).
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { StoreId } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import { bodyOf, changeDocument, createDocument } from '../collections/documents.ts'
import { EVERYTHING } from '../collections/query.ts'
import { CONFIGURATION } from '../collections/tables/configuration.ts'
import type { TenantRow } from '../store/platform-port.ts'
import type { CloudStore, Page, Reads, TenantId, Writes } from '../store/port.ts'
import type { System } from '../system.ts'
import { newSecret } from './secrets.ts'

/** What customers see of a business; all but the name may be missing. */
export interface BusinessProfile {
  readonly name: string
  readonly logo_url?: string
  /** `#rrggbb` */
  readonly brand_color?: string
  readonly brand_secondary_color?: string
  readonly homepage_url?: string
  readonly rewards_program_name?: string
  readonly fine_print?: string
  readonly app_connection_message?: string
  /** Left out: they may. */
  readonly cancelled_may_earn?: boolean
  readonly cancelled_may_redeem?: boolean
  /** Of locations that an API makes, which knows no zones. */
  readonly time_zone?: string
  /** E-mails that its staff do not want (MAIL-9). */
  readonly staff_emails_off?: readonly string[]
}

/** What must be there before a business can be listed by an API: the rows of its customers' accounts. */
export interface AccountRows {
  /** In the transaction that gives the business its first API. */
  begin(tx: Writes, tenant: TenantId): Promise<void>
  /** Resolves when those of everybody who is a member already are there. */
  fill(tenant: TenantId): Promise<void>
}

export interface TenantsParts {
  readonly store: CloudStore
  readonly system: System
  /** Names of the APIs there are, the native one left out: that one is for everybody. */
  readonly dialects: readonly string[]
  readonly accounts: AccountRows
  /** Told of a business that is listed in one more of them. */
  readonly onEnabled: (tenant: TenantId) => void
}

export class Tenants {
  readonly #parts: TenantsParts

  constructor(parts: TenantsParts) {
    this.#parts = parts
  }

  list(page: Page): Promise<TenantRow[]> {
    return this.#parts.store.read.tenantList(page)
  }

  /** The HQ token is in this answer and nowhere else. */
  async create(name: string): Promise<{ readonly tenant: TenantRow; readonly token: string }> {
    const { store, system } = this.#parts
    const { text, hash } = newSecret(system)
    const tenant = await store.write((tx) => foundTenant(tx, name, hash, system.clock.now() as Millis))
    return { tenant, token: text }
  }

  /** Lists a business in an API from now on; doing it again changes nothing, but goes on with what was not finished. */
  async enable(id: TenantId, dialect: string): Promise<Result<TenantRow>> {
    const { store, system, dialects, accounts, onEnabled } = this.#parts
    if (!dialects.includes(dialect))
      return refuse('input_invalid', `There is no API "${dialect}" here: ${dialects.join(', ')}`, '/name')
    const row = await store.write(async (tx) => {
      const before = await tx.tenant(id)
      if (before === undefined || before.dialects.includes(dialect)) return before
      await accounts.begin(tx, id)
      const now = system.clock.now() as Millis
      const after = { ...before, dialects: [...before.dialects, dialect], modified: now }
      await tx.saveTenant(after)
      return after
    })
    if (row === undefined) return refuse('tenant_not_found', `There is no business ${id}`)
    await accounts.fill(id)
    onEnabled(id)
    return accept(row)
  }

  /** A new HQ token; the one before is no token any more. */
  async renewToken(id: TenantId): Promise<Result<string>> {
    const { store, system } = this.#parts
    const { text, hash } = newSecret(system)
    const row = await store.write(async (tx) => {
      const before = await tx.tenant(id)
      if (before === undefined || before.hqHash === null) return undefined
      const after = { ...before, hqHash: hash, modified: system.clock.now() as Millis }
      await tx.saveTenant(after)
      return after
    })
    return row === undefined
      ? refuse('tenant_not_found', `There is no business ${id} with an HQ token of its own`)
      : accept(text)
  }

  /** Members that are named change, the others stay. */
  async saveProfile(
    tenant: TenantId,
    profile: Partial<BusinessProfile>,
    by: string,
  ): Promise<BusinessProfile> {
    const { store, system } = this.#parts
    const { name, ...body } = profile
    const columns = name === undefined ? {} : { name }
    await store.write((tx) =>
      changeDocument(
        tx,
        CONFIGURATION.businesses,
        { id: tenant, tenant, columns, body },
        { now: system.clock.now(), by },
      ),
    )
    return businessProfile(store.read, tenant)
  }
}

/** A business with everything that it needs from its first moment, in the caller's transaction. */
export async function foundTenant(
  tx: Writes,
  name: string,
  hqHash: string | null,
  now: Millis,
): Promise<TenantRow> {
  const id = await tx.insertTenant(name)
  const row: TenantRow = { id, name, hqHash, dialects: [], modified: now }
  await tx.saveTenant(row)
  await tx.insertOrigin({ tenant: id, store: 0 as StoreId, edge: 0 })
  const document = { id, tenant: id, columns: { name }, body: {} }
  await createDocument(tx, CONFIGURATION.businesses, document, { now, by: 'operator' })
  return row
}

export async function businessProfile(
  read: Pick<Reads, 'rows' | 'tenant'>,
  tenant: TenantId,
): Promise<BusinessProfile> {
  const [row] = await read.rows(CONFIGURATION.businesses, {
    tenants: [tenant],
    where: EVERYTHING,
    limit: 1,
  })
  if (row === undefined) return { name: (await read.tenant(tenant))?.name ?? '' }
  // Its body was written by `saveProfile`, whose border checks its shape.
  return { ...(bodyOf(row) as Partial<BusinessProfile>), name: typeof row.name === 'string' ? row.name : '' }
}
