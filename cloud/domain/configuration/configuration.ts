// What merchants configure from outside (CFG): perks and places, each a document and what it stands for (a rule of the program, a store) in one transaction.
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import type { RuleId, StoreId } from '../../../protocol/ids.ts'
import type { Clock } from '../../../protocol/time.ts'
import type { Json, Row } from '../../collections/collection.ts'
import { bodyOf, changeDocument, createDocument } from '../../collections/documents.ts'
import type { Edit } from '../../collections/documents.ts'
import { EVERYTHING, among, and, eq } from '../../collections/query.ts'
import { CONFIGURATION } from '../../collections/tables/configuration.ts'
import type { ProgramDocument } from '../../evaluation/document/program.ts'
import type { CloudStore, TenantId, Writes } from '../../store/port.ts'
import type { ProgramShelf } from '../programs.ts'
import { followProgram, followStores } from './follow.ts'
import { withChangedPerk, withNewPerk } from './perk-rules.ts'
import type { NewPerk, PerkChanges } from './perk-rules.ts'

/** What a document has that the program does not know. */
export interface Extras {
  readonly invisible?: boolean
  readonly body: { readonly [name: string]: Json }
}

export interface Place {
  readonly name?: string
  /** Of the tenant's places only one has it. Empty: none. */
  readonly externalLocationId?: string
  readonly body: { readonly [name: string]: Json }
}

const TENANTS_PAGE = 200
const ZONE_UNKNOWN = 'UTC'
const SECRET_BYTES = 32

export interface ConfigurationParts {
  readonly store: CloudStore
  readonly shelf: ProgramShelf
  readonly clock: Clock
  readonly randomBytes: (count: number) => Uint8Array
}

export class Configuration {
  readonly #parts: ConfigurationParts

  constructor(parts: ConfigurationParts) {
    this.#parts = parts
  }

  /** Its id is the rule's too, unless the program has a rule of that number. */
  createPerk(tenant: TenantId, perk: NewPerk, extras: Extras, by: string): Promise<Result<number>> {
    return this.#parts.shelf.revise(tenant, async (tx, published) => {
      const places = await this.#placesOf(tx, tenant, perk)
      if (!places.ok) return places
      const document = published ?? this.#emptyProgram(await this.#nameOf(tx, tenant))
      const id = await freeRule(tx, document)
      const revised = withNewPerk(document, id as RuleId, { ...perk, ...places.value })
      if (!revised.ok) return revised
      return accept({
        document: revised.value,
        beside: async () => {
          const columns: Row = {
            rule: id,
            classification: perk.classification,
            type: 'STANDARD',
            status: perk.status ?? 'ACTIVE',
            title: perk.title,
            invisible: extras.invisible ?? false,
          }
          await createDocument(
            tx,
            CONFIGURATION.perks,
            { tenant, id, columns, body: extras.body },
            this.#edit(by),
          )
          return id
        },
      })
    })
  }

  changePerk(
    tenant: TenantId,
    id: number,
    changes: PerkChanges,
    extras: Extras,
    by: string,
  ): Promise<Result<number>> {
    return this.#parts.shelf.revise(tenant, async (tx, document) => {
      const [row] = await tx.rows(CONFIGURATION.perks, { tenants: [tenant], where: eq('id', id), limit: 1 })
      if (row === undefined || document === null) return refuse('perk_not_found', 'There is no such perk')
      const places = await this.#placesOf(tx, tenant, changes)
      if (!places.ok) return places
      const revised = withChangedPerk(document, Number(row.rule) as RuleId, { ...changes, ...places.value })
      if (!revised.ok) return revised
      const { invisible, body } = extras
      return accept({
        document: revised.value,
        beside: async () => {
          const columns: Row = invisible === undefined ? {} : { invisible }
          if (invisible !== undefined || Object.keys(body).length > 0)
            await changeDocument(tx, CONFIGURATION.perks, { tenant, id, columns, body }, this.#edit(by))
          return id
        },
      })
    })
  }

  /** A place is a store, in the zone that the business says, else that of its first store (CFG-7). */
  createLocation(
    tenant: TenantId,
    place: Place & { readonly name: string },
    by: string,
  ): Promise<Result<number>> {
    return this.#parts.store.write(async (tx) => {
      const taken = await this.#taken(tx, tenant, place, 0)
      if (taken !== null) return taken
      const { id } = await tx.insertStore(tenant, place.name, await zoneOf(tx, tenant))
      const columns: Row = { name: place.name, external_location_id: place.externalLocationId || null }
      await createDocument(
        tx,
        CONFIGURATION.locations,
        { tenant, id, columns, body: place.body },
        this.#edit(by),
      )
      return accept(Number(id))
    })
  }

  changeLocation(tenant: TenantId, id: number, place: Place, by: string): Promise<Result<number>> {
    return this.#parts.store.write(async (tx) => {
      const taken = await this.#taken(tx, tenant, place, id)
      if (taken !== null) return taken
      const columns: Row = {
        ...(place.name === undefined ? {} : { name: place.name }),
        ...(place.externalLocationId === undefined
          ? {}
          : { external_location_id: place.externalLocationId || null }),
      }
      const document = { tenant, id, columns, body: place.body }
      const changed = await changeDocument(tx, CONFIGURATION.locations, document, this.#edit(by))
      return changed === undefined ? refuse('store_not_found', 'There is no such location') : accept(id)
    })
  }

  /** Locations for stores that were made natively, and documents for programs that were published before there were any. */
  async catchUp(): Promise<void> {
    const { store } = this.#parts
    for (let after = 0; ;) {
      const tenants = await store.read.tenantList({ after, limit: TENANTS_PAGE })
      for (const { id } of tenants) await this.followTenant(id)
      const last = tenants.at(-1)
      if (last === undefined || tenants.length < TENANTS_PAGE) return
      after = last.id
    }
  }

  async followTenant(tenant: TenantId): Promise<void> {
    await this.#parts.store.write(async (tx) => {
      const edit = this.#edit('the node')
      await followStores(tx, tenant, edit)
      const last = (await tx.programs(tenant)).toSorted((a, b) => a.version - b.version).at(-1)
      const [perk] = await tx.rows(CONFIGURATION.perks, { tenants: [tenant], where: EVERYTHING, limit: 1 })
      // It was checked when it was published.
      if (last !== undefined && perk === undefined)
        await followProgram(tx, tenant, JSON.parse(last.document) as ProgramDocument, edit)
    })
  }

  #edit(by: string): Edit {
    return { now: this.#parts.clock.now(), by }
  }

  async #placesOf(tx: Writes, tenant: TenantId, { stores }: PerkChanges): Promise<Result<PerkChanges>> {
    if (stores === undefined || stores === null) return accept({})
    if (stores.length === 0) return refuse('input_missing', 'Name at least one location.', 'stores')
    const found = await tx.rows(CONFIGURATION.locations, {
      tenants: [tenant],
      where: among('id', stores),
      limit: stores.length,
    })
    return found.length === new Set(stores).size
      ? accept({ stores: [...new Set(stores)] as StoreId[] })
      : refuse('input_invalid', 'There is no such location of this business.', 'stores')
  }

  async #taken(
    tx: Writes,
    tenant: TenantId,
    { externalLocationId: id }: Place,
    own: number,
  ): Promise<Result<never> | null> {
    if (id === undefined || id === '') return null
    const [other] = await tx.rows(CONFIGURATION.locations, {
      tenants: [tenant],
      where: and(eq('external_location_id', id)),
      limit: 1,
    })
    return other === undefined || other.id === own
      ? null
      : refuse('input_invalid', 'Another location of this business has it.', 'external_location_id')
  }

  async #nameOf(tx: Writes, tenant: TenantId): Promise<string> {
    return (await tx.tenant(tenant))?.name ?? 'Rewards'
  }

  #emptyProgram(name: string): ProgramDocument {
    return {
      name,
      currency: 'USD',
      currency_digits: 2,
      lateness: 'honour',
      goodwill_points_max: 100_000,
      grant_points_max: 100_000,
      voucher_secret: Buffer.from(this.#parts.randomBytes(SECRET_BYTES)).toString('hex'),
      tiers: [],
      earn_perks: [],
      bonuses: [],
      redeem_perks: [],
    }
  }
}

/** An id of the node's sequence that no rule of the program has. */
async function freeRule(tx: Writes, document: ProgramDocument): Promise<number> {
  const text = JSON.stringify(document)
  for (;;) {
    const [id = 0] = await tx.nextIds(1)
    if (!text.includes(`"id":${id},`) && !text.includes(`"id":${id}}`)) return id
  }
}

async function zoneOf(tx: Writes, tenant: TenantId): Promise<string> {
  const where = eq('id', tenant)
  const [business] = await tx.rows(CONFIGURATION.businesses, { tenants: [tenant], where, limit: 1 })
  const said = business === undefined ? undefined : bodyOf(business).time_zone
  return typeof said === 'string' ? said : ((await tx.stores(tenant))[0]?.zone ?? ZONE_UNKNOWN)
}
