// What a business configures that its program does not say: agreements, promotions, categories, attributes, other systems' names of its locations, and the words, pictures and orders of its rules (CFG-5).
// What may refer to what, and what is there once only, is what the collections declare.
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import type { Clock } from '../../../protocol/time.ts'
import type { Collection, Json, Row } from '../../collections/collection.ts'
import { bodyOf, changeDocument, createDocument } from '../../collections/documents.ts'
import type { Edit } from '../../collections/documents.ts'
import { EVERYTHING, among, and, eq } from '../../collections/query.ts'
import { SCHEMA } from '../../collections/collections.ts'
import { CONFIGURATION } from '../../collections/tables/configuration.ts'
import type { CloudStore, Page, TenantId, Writes } from '../../store/port.ts'

export const ENTITY_KINDS = [
  'agreements',
  'agreement_versions',
  'promotions',
  'perk_categories',
  'external_locations',
  'custom_attributes',
  'custom_attribute_values',
  'levels',
  'perks',
  'challenges',
  'challenge_requirements',
] as const
export type EntityKind = (typeof ENTITY_KINDS)[number]

/** A whole one, as it is kept. */
export type EntityRow = Row
/** Columns and members of the body alike; what is left out stays, or is empty. */
export type EntityFields = Readonly<Record<string, Json | undefined>>

/** Members of bodies that name rows of a collection. */
const LISTS: Readonly<Partial<Record<EntityKind, Readonly<Record<string, string>>>>> = {
  promotions: { eligible_locations: 'locations' },
}
/** What a new one has where nothing is said. */
const FIRST: Readonly<Partial<Record<EntityKind, Row>>> = {
  promotions: { type: 'REFERRAL' },
  agreement_versions: { is_active: false },
}

export class Entities {
  readonly #store: CloudStore
  readonly #clock: Clock

  constructor(store: CloudStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** By id; one more than asked for. */
  list(tenant: TenantId, kind: EntityKind, { after, limit }: Page): Promise<Row[]> {
    const where = after === 0 ? EVERYTHING : ({ at: ['id'], is: 'gt', value: after } as const)
    return this.#store.read.rows(CONFIGURATION[kind], { tenants: [tenant], where, limit: limit + 1 })
  }

  create(tenant: TenantId, kind: EntityKind, fields: EntityFields, by: string): Promise<Result<Row>> {
    return this.#store.write(async (tx) => {
      const wrong = await check(tx, tenant, kind, fields, 0)
      if (wrong !== null) return wrong
      const { columns, body } = parted(CONFIGURATION[kind], fields)
      const document = { tenant, columns: { ...FIRST[kind], ...columns }, body }
      const row = await createDocument(tx, CONFIGURATION[kind], document, this.#edit(by))
      await this.#followed(tx, tenant, kind, row, by)
      return accept(row)
    })
  }

  change(
    tenant: TenantId,
    kind: EntityKind,
    id: number,
    fields: EntityFields,
    by: string,
  ): Promise<Result<Row>> {
    return this.#store.write(async (tx) => {
      const collection = CONFIGURATION[kind]
      const [before] = await tx.rows(collection, { tenants: [tenant], where: eq('id', id), limit: 1 })
      if (before === undefined) return refuse('record_not_found', `There is no ${id} among the ${kind}`, 'id')
      const wrong = await check(tx, tenant, kind, { ...before, ...fields }, id)
      if (wrong !== null) return wrong
      const document = { tenant, id, ...parted(collection, fields) }
      const row = (await changeDocument(tx, collection, document, this.#edit(by))) ?? before
      await this.#followed(tx, tenant, kind, row, by)
      return accept(row)
    })
  }

  /** Of an agreement one version at most is active: the one that was made so last. */
  async #followed(tx: Writes, tenant: TenantId, kind: EntityKind, row: Row, by: string): Promise<void> {
    if (kind !== 'agreement_versions' || row.is_active !== true) return
    const where = and(eq('agreement', Number(row.agreement)), eq('is_active', true))
    const query = { tenants: [tenant], where, limit: ACTIVE_MAX }
    for (const { id } of await tx.rows(CONFIGURATION[kind], query))
      if (id !== row.id) {
        const document = { tenant, id: Number(id), columns: { is_active: false }, body: {} }
        await changeDocument(tx, CONFIGURATION[kind], document, this.#edit(by))
      }
  }

  #edit(by: string): Edit {
    return { now: this.#clock.now(), by }
  }
}

/** Active versions of one agreement that there can be by mistake of an import. */
const ACTIVE_MAX = 100

/** A field's value, wherever it stands. */
export function entityField(row: Row, name: string): Json {
  return row[name] ?? bodyOf(row)[name] ?? null
}

function parted({ columns }: Collection, fields: EntityFields): { columns: Row; body: EntityFields } {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  )
  const isColumn = ([name]: readonly [string, Json]): boolean => Object.hasOwn(columns, name)
  return {
    columns: Object.fromEntries(given.filter(isColumn)),
    body: Object.fromEntries(given.filter((entry) => !isColumn(entry))),
  }
}

/** That what is named is the business's, and that nobody else has what only one may have. */
async function check(
  tx: Writes,
  tenant: TenantId,
  kind: EntityKind,
  fields: EntityFields,
  own: number,
): Promise<ReturnType<typeof refuse> | null> {
  const { columns, unique = [] }: Collection = CONFIGURATION[kind]
  const named = [
    ...Object.entries(columns).map(([name, { refers }]) => [name, refers] as const),
    ...Object.entries(LISTS[kind] ?? {}),
  ]
  for (const [name, of] of named) {
    const value = fields[name]
    const ids = [...new Set([value].flat().filter((id) => typeof id === 'number'))]
    if (of === undefined || ids.length === 0) continue
    const query = { tenants: [tenant], where: among('id', ids), limit: ids.length }
    if ((await tx.rows(SCHEMA.of(of), query)).length < ids.length)
      return refuse('input_invalid', `The business has no such row among its ${of}`, `/${name}`)
  }
  for (const index of unique) {
    const names = index.filter((name) => name !== 'tenant')
    const where = and(
      ...names.map((name) => {
        const value = fields[name]
        return eq(name, typeof value === 'number' ? value : typeof value === 'string' ? value : '')
      }),
    )
    const tenants = index.includes('tenant') ? [tenant] : 'every'
    const [other] = await tx.rows(CONFIGURATION[kind], { tenants, where, limit: 1 })
    if (other !== undefined && other.id !== own)
      return refuse('input_invalid', `Another one has this ${names.join(' and ')}`, `/${names.at(-1)}`)
  }
  return null
}
