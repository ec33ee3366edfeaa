// Documents follow the program (CFG-1): in the transaction that publishes a version, every perk, bonus, tier and challenge of it is written as a document, new
// ones with what a program does not say left empty. What is no longer in the program is kept as inactive, because accounts refer to it. Stores
// become locations the same way. Nothing is written where nothing changed, so that versions of documents mean something.
import { changeDocument, createDocument, bodyOf } from '../../collections/documents.ts'
import type { Edit } from '../../collections/documents.ts'
import type { Collection, Row, Value } from '../../collections/collection.ts'
import { EVERYTHING } from '../../collections/query.ts'
import { CONFIGURATION } from '../../collections/tables/configuration.ts'
import type { ProgramDocument } from '../../evaluation/document/program.ts'
import type { TenantId, Writes } from '../../store/port.ts'
import {
  attributesIn,
  toldOfBonus,
  toldOfChallenge,
  toldOfEarnPerk,
  toldOfRedeemPerk,
} from './rule-documents.ts'
import type { Names, Told } from './rule-documents.ts'

/** Documents of a kind that one tenant may have. */
const DOCUMENTS_MAX = 20_000

export async function followProgram(
  tx: Writes,
  tenant: TenantId,
  document: ProgramDocument,
  edit: Edit,
): Promise<void> {
  const to = new Follower(tx, tenant, edit)
  const attributes = await to.attributes(document)
  const levels = await to.rules(
    CONFIGURATION.levels,
    document.tiers.map(({ id, name, point_floor }) => ({
      columns: { rule: id, name, point_floor: point_floor ?? null },
      body: {},
    })),
    {},
  )
  const names: Names = {
    level: (rule) => levels.get(rule) ?? null,
    perk: (rule) => perks.get(rule) ?? null,
    attribute: ({ name, value }) => attributes.get(`${name}\n${value}`) ?? null,
  }
  const perks = new Map<number, number>()
  const told = [
    ...document.earn_perks.map((perk) => toldOfEarnPerk(perk, names)),
    ...document.redeem_perks.map((perk) => toldOfRedeemPerk(perk, names)),
  ]
  const bonusRules = new Set<number>(document.bonuses.map(({ id }) => id))
  const isBonus = (rule: number): boolean => bonusRules.has(rule)
  for (const [rule, id] of await to.rules(CONFIGURATION.perks, told, NEW_PERK, isBonus)) perks.set(rule, id)
  // After the perks they qualify by have their ids.
  const bonuses = document.bonuses.map((bonus) => toldOfBonus(bonus, names))
  for (const [rule, id] of await to.rules(CONFIGURATION.perks, bonuses, NEW_PERK, () => true))
    perks.set(rule, id)
  await to.frequencyBonuses(bonuses, perks)
  await to.challenges(document, names)
}

const NEW_PERK: Row = { invisible: false, category: null, display_order: null }

/** A location for every store that has none. */
export async function followStores(tx: Writes, tenant: TenantId, edit: Edit): Promise<void> {
  const locations = CONFIGURATION.locations
  const known = await tx.rows(locations, { tenants: [tenant], where: EVERYTHING, limit: DOCUMENTS_MAX })
  const ids = new Set(known.map(({ id }) => Number(id)))
  for (const { id, name } of await tx.stores(tenant))
    if (!ids.has(id))
      await createDocument(
        tx,
        locations,
        { tenant, id, columns: { name, external_location_id: null }, body: {} },
        edit,
      )
}

class Follower {
  readonly #tx: Writes
  readonly #tenant: TenantId
  readonly #edit: Edit

  constructor(tx: Writes, tenant: TenantId, edit: Edit) {
    this.#tx = tx
    this.#tenant = tenant
    this.#edit = edit
  }

  /** Writes what is told; gives ids by rule. Those that are there and no longer told become inactive, unless they are spared. */
  async rules(
    collection: Collection,
    told: readonly Told[],
    fresh: Row,
    spared: (rule: number) => boolean = () => false,
  ): Promise<Map<number, number>> {
    const byRule = new Map((await this.#all(collection)).map((row) => [Number(row.rule), row]))
    const ids = new Map<number, number>()
    for (const one of told) {
      const rule = Number(one.columns.rule)
      const known = byRule.get(rule)
      ids.set(
        rule,
        await this.#write(collection, known, {
          ...one,
          columns: known ? one.columns : { ...fresh, ...one.columns },
        }),
      )
    }
    for (const [rule, row] of byRule)
      if (!ids.has(rule) && !spared(rule) && row.status === 'ACTIVE')
        await this.#write(collection, row, { columns: { status: 'INACTIVE' }, body: {} })
    return ids
  }

  async frequencyBonuses(bonuses: readonly Told[], perks: ReadonlyMap<number, number>): Promise<void> {
    const collection = CONFIGURATION.frequency_bonuses
    const byReward = new Map((await this.#all(collection)).map((row) => [Number(row.reward), row]))
    for (const { columns, body } of bonuses) {
      const reward = perks.get(Number(columns.rule))
      if (columns.type !== 'FREQUENCY' || reward === undefined) continue
      const { required_to_earn, frequency, from_date, qualifying_perks } = body
      await this.#write(collection, byReward.get(reward), {
        columns: { reward },
        body: {
          required_to_earn: required_to_earn ?? 1,
          frequency: frequency ?? null,
          from_date: from_date ?? null,
          qualifying_perks: qualifying_perks ?? [],
        },
      })
    }
  }

  async challenges(document: ProgramDocument, names: Names): Promise<void> {
    const challenges = document.challenges ?? []
    const slugs = new Set((await this.#all(CONFIGURATION.challenges)).map(({ slug }) => textOf(slug)))
    const known = new Set((await this.#all(CONFIGURATION.challenges)).map(({ rule }) => Number(rule)))
    const told = challenges.map((challenge): Told => {
      const { columns, body } = toldOfChallenge(challenge, names)
      return known.has(challenge.id)
        ? { columns, body }
        : { columns: { ...columns, slug: freeSlug(challenge.title, slugs) }, body }
    })
    const ids = await this.rules(CONFIGURATION.challenges, told, {})
    const requirements = challenges.flatMap(({ id, requirements: list }) =>
      list.flatMap(({ id: rule, title, perk, quantity }): Told[] => {
        const [challenge, progress] = [ids.get(id), names.perk(perk)]
        return challenge === undefined || progress === null
          ? []
          : [
              {
                columns: { rule, challenge, progress_perk: progress, required_quantity: quantity },
                body: { title },
              },
            ]
      }),
    )
    await this.rules(CONFIGURATION.challenge_requirements, requirements, { display_order: null })
  }

  /** Ids of values by name and value. */
  async attributes(document: ProgramDocument): Promise<Map<string, number>> {
    const { custom_attributes: attributes, custom_attribute_values: values } = CONFIGURATION
    const byName = new Map(
      (await this.#all(attributes)).map((row) => [textOf(row.display_name), Number(row.id)]),
    )
    const names = new Map([...byName].map(([name, id]) => [id, name]))
    const slugs = new Set((await this.#all(attributes)).map(({ slug }) => textOf(slug)))
    const known = new Map(
      (await this.#all(values)).map((row) => [
        `${names.get(Number(row.custom_attribute)) ?? ''}\n${textOf(row.display_name)}`,
        Number(row.id),
      ]),
    )
    for (const { name, value } of attributesIn(document)) {
      const key = `${name}\n${value}`
      if (known.has(key)) continue
      let attribute = byName.get(name)
      if (attribute === undefined) {
        const columns = { slug: freeSlug(name, slugs), display_name: name }
        attribute = await this.#write(attributes, undefined, { columns, body: {} })
        byName.set(name, attribute)
      }
      const columns = { custom_attribute: attribute, display_name: value, rank: null }
      known.set(key, await this.#write(values, undefined, { columns, body: {} }))
    }
    return known
  }

  #all(collection: Collection): Promise<Row[]> {
    return this.#tx.rows(collection, { tenants: [this.#tenant], where: EVERYTHING, limit: DOCUMENTS_MAX })
  }

  async #write(collection: Collection, known: Row | undefined, { columns, body }: Told): Promise<number> {
    const document = { tenant: this.#tenant, columns, body }
    if (known === undefined)
      return Number((await createDocument(this.#tx, collection, document, this.#edit)).id)
    const id = Number(known.id)
    const held = bodyOf(known)
    const same =
      Object.entries(columns).every(([name, value]) => known[name] === value) &&
      Object.entries(body).every(
        ([name, value]) => JSON.stringify(held[name] ?? null) === JSON.stringify(value),
      )
    if (!same) await changeDocument(this.#tx, collection, { ...document, id }, this.#edit)
    return id
  }
}

function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : ''
}

function freeSlug(name: string, taken: Set<string>): string {
  const base =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '') || 'unnamed'
  let slug = base
  for (let n = 2; taken.has(slug); n++) slug = `${base}-${n}`
  taken.add(slug)
  return slug
}
