// What every engine must do with collections (COL). Rows of perks, their categories and levels of two tenants stand for all declared tables.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bodyOf, changeDocument, createDocument } from '../../cloud/collections/documents.ts'
import type { Row } from '../../cloud/collections/collection.ts'
import { EVERYTHING, NOTHING, among, and, eq, or } from '../../cloud/collections/query.ts'
import type { Predicate, RowQuery } from '../../cloud/collections/query.ts'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import type { CloudStore } from '../../cloud/store/port.ts'
import type { StoreFactory } from './store-rows.ts'

const { perks, perk_categories: categories } = CONFIGURATION
const EDIT = { now: 1_000, by: 'a test' }

export function collectionContract(engine: string, factory: StoreFactory): void {
  describe(`collections: ${engine}`, () => {
    let store: CloudStore
    beforeEach(async () => {
      store = await factory.create()
      await fill(store)
    })
    afterEach(() => factory.destroy(store))

    const titles = async (query: Partial<RowQuery> & { readonly where: Predicate }): Promise<unknown[]> =>
      (await store.read.rows(perks, { tenants: 'every', limit: 100, ...query })).map(({ title }) => title)

    test('COL-2 exact, in, ranges, null, and, or', async () => {
      expect(await titles({ where: eq('title', 'b') })).toEqual(['b'])
      expect(await titles({ where: among('title', ['a', 'c', 'none']) })).toEqual(['a', 'c'])
      expect(await titles({ where: { at: ['rule'], is: 'gte', value: 12 } })).toEqual(['c', 'd'])
      expect(await titles({ where: { at: ['rule'], is: 'gt', value: 12 } })).toEqual(['d'])
      expect(await titles({ where: { at: ['rule'], is: 'lt', value: 11 } })).toEqual(['a', 'other'])
      expect(await titles({ where: { at: ['rule'], is: 'lte', value: 10 } })).toEqual(['a', 'other'])
      expect(await titles({ where: { at: ['category'], is: 'null' } })).toEqual(['c', 'd', 'other'])
      expect(await titles({ where: and(eq('classification', 'EARN'), eq('invisible', true)) })).toEqual(['b'])
      expect(await titles({ where: or(eq('title', 'a'), eq('title', 'd')) })).toEqual(['a', 'd'])
      expect(await titles({ where: EVERYTHING })).toHaveLength(5)
      expect(await titles({ where: NOTHING })).toEqual([])
    })

    test('COL-2 a filter goes over references; a value that looks like SQL is a value', async () => {
      expect(await titles({ where: eq('category.name', 'Drinks') })).toEqual(['a', 'b'])
      expect(await titles({ where: eq('tenant.name', 'two') })).toEqual(['other'])
      expect(await titles({ where: eq('title', `a' OR '1'='1`) })).toEqual([])
      await expect(titles({ where: eq('title"; DROP TABLE perks', 'a') })).rejects.toThrow(/no way/)
      await expect(titles({ where: eq('body', 'a') })).rejects.toThrow(/no way/)
    })

    test('COL-3 a query sees the tenants it names', async () => {
      expect(await titles({ tenants: [1], where: EVERYTHING })).toEqual(['a', 'b', 'c', 'd'])
      expect(await titles({ tenants: [2], where: EVERYTHING })).toEqual(['other'])
      expect(await titles({ tenants: [1, 2], where: EVERYTHING })).toHaveLength(5)
      expect(await titles({ tenants: [], where: EVERYTHING })).toEqual([])
    })

    test('COL-8 an exact way that leads to one row, to several and to none', async () => {
      expect(await titles({ tenants: [1], where: eq('category.name', 'Drinks') })).toEqual(['a', 'b'])
      await store.write(async (tx) => {
        const again = { tenant: 1, columns: { name: 'Drinks', display_order: 9 }, body: {} }
        const more = await createDocument(tx, categories, again, EDIT)
        const [c] = await tx.rows(perks, { tenants: [1], where: eq('title', 'c'), limit: 1 })
        await tx.updateRow(perks, Number(c?.id), { category: more.id ?? null })
      })
      expect(await titles({ tenants: [1], where: eq('category.name', 'Drinks') })).toEqual(['a', 'b', 'c'])
      expect(await titles({ tenants: [1], where: eq('category.name', 'none') })).toEqual([])
      const both = or(eq('category.name', 'none'), eq('title', 'd'))
      expect(await titles({ tenants: [1], where: both })).toEqual(['d'])
    })

    test('COL-3 a way goes on over rows of the same tenants only', async () => {
      const [theirs] = await store.read.rows(perks, { tenants: [2], where: EVERYTHING, limit: 1 })
      const [drinks] = await store.read.rows(categories, { tenants: [1], where: EVERYTHING, limit: 1 })
      await store.write((tx) => tx.updateRow(perks, Number(theirs?.id), { category: drinks?.id ?? null }))
      const where = eq('category.name', 'Drinks')
      expect(await titles({ tenants: 'every', where })).toEqual(['a', 'b', 'other'])
      expect(await titles({ tenants: [2], where })).toEqual([])
      expect(await titles({ tenants: [1], where })).toEqual(['a', 'b'])
    })

    test('COL-5 order with nulls last, ties by id; pages by offset and by place', async () => {
      const order = [{ column: 'display_order', nulls: 'last' }] as const
      expect(await titles({ where: EVERYTHING, tenants: [1], order })).toEqual(['c', 'a', 'b', 'd'])
      expect(await titles({ where: EVERYTHING, tenants: [1], order, limit: 2, offset: 1 })).toEqual([
        'a',
        'b',
      ])
      const down = [{ column: 'rule', descending: true }] as const
      expect(await titles({ where: EVERYTHING, tenants: [1], order: down, limit: 2 })).toEqual(['d', 'c'])
      const [, c] = await store.read.rows(perks, { tenants: [1], where: EVERYTHING, order: down, limit: 2 })
      const after = [Number(c?.rule), Number(c?.id)]
      expect(await titles({ where: EVERYTHING, tenants: [1], order: down, limit: 2, after })).toEqual([
        'b',
        'a',
      ])
    })

    test('COL-4 a change makes the next version and keeps the one before, who made it, and the cursor', async () => {
      const [row] = await store.read.rows(perks, { tenants: [1], where: eq('title', 'a'), limit: 1 })
      const id = Number(row?.id)
      const change = { tenant: 1, id, columns: { title: 'A' }, body: { points: 7 } }
      const edit = { now: 2_000, by: 'someone' }
      const changed = await store.write((tx) => changeDocument(tx, perks, change, edit))
      expect(changed).toMatchObject({ id, title: 'A', rule: 10, version: 2, created: 1_000, modified: 2_000 })
      expect(bodyOf(changed ?? {})).toEqual({ fine_print: 'x', points: 7 })
      const versionsOf = (tenant: number, after = 0) =>
        store.read.versions(tenant, { of: { collection: perks.name, id }, after, limit: 9 })
      const versions = await versionsOf(1)
      expect(versions.map(({ version, by, at }) => [version, by, at])).toEqual([
        [1, 'a test', 1_000],
        [2, 'someone', 2_000],
      ])
      expect(versions.map((version) => version.row.title)).toEqual(['a', 'A'])
      expect(versions[1]?.row).toEqual(changed)
      expect(Number(changed?.change)).toBeGreaterThan(Number(row?.change))
      expect(await versionsOf(1, Number(row?.change))).toEqual(versions.slice(1))
      expect(await versionsOf(2)).toEqual([])
      const news = await store.read.versions(1, { after: Number(row?.change), limit: 1_000 })
      expect(news.at(-1)).toEqual(versions[1])
      expect(news.map((one) => one.change)).toEqual(news.map((one) => one.change).toSorted((a, b) => a - b))
      const elsewhere = await store.write((tx) => changeDocument(tx, perks, { ...change, tenant: 2 }, edit))
      expect(elsewhere).toBeUndefined()
    })

    test('COL-6 ids are never given twice, also not after a write that failed or a restart', async () => {
      const first = await store.write((tx) => tx.nextIds(2))
      await expect(
        store.write(async (tx) => {
          await tx.nextIds(5)
          throw new Error('half way')
        }),
      ).rejects.toThrow('half way')
      store = await factory.reopen(store)
      const next = await store.write((tx) => tx.nextIds(1))
      expect(next[0]).toBe((first[1] ?? 0) + 1)
    })

    test('COL-1 rows are inserted, changed in part and deleted', async () => {
      const [row] = await store.read.rows(perks, { tenants: [2], where: EVERYTHING, limit: 1 })
      await store.write((tx) => tx.updateRow(perks, Number(row?.id), { status: 'INACTIVE' }))
      const [changed] = await store.read.rows(perks, { tenants: [2], where: EVERYTHING, limit: 1 })
      expect(changed).toEqual({ ...row, status: 'INACTIVE' })
      await store.write((tx) => tx.deleteRows(perks, [Number(row?.id)]))
      expect(await titles({ tenants: [2], where: EVERYTHING })).toEqual([])
    })
  })
}

async function fill(store: CloudStore): Promise<void> {
  await store.write(async (tx) => {
    for (const [id, name] of [
      [1, 'one'],
      [2, 'two'],
    ] as const)
      await createDocument(
        tx,
        CONFIGURATION.businesses,
        { id, tenant: id, columns: { name }, body: {} },
        EDIT,
      )
    const drinks = await createDocument(
      tx,
      categories,
      { tenant: 1, columns: { name: 'Drinks', display_order: 1 }, body: {} },
      EDIT,
    )
    const perk = async (title: string, columns: Row, tenant = 1): Promise<void> => {
      const all = { type: 'STANDARD', status: 'ACTIVE', classification: 'EARN', invisible: false, ...columns }
      await createDocument(tx, perks, { tenant, columns: { ...all, title }, body: { fine_print: 'x' } }, EDIT)
    }
    const category = drinks.id ?? null
    await perk('a', { rule: 10, category, display_order: 2 })
    await perk('b', { rule: 11, category, display_order: 2, invisible: true })
    await perk('c', { rule: 12, classification: 'REDEEM', display_order: 1 })
    await perk('d', { rule: 13, classification: 'REDEEM' })
    await perk('other', { rule: 10 }, 2)
  })
}
