// Versioned documents: configuration as columns that are filtered by and a body with the rest. Every change makes the next version and keeps the
// whole row as it was written, so that history can be read and what is downstream can ask for everything after a cursor (COL-4).
import type { CollectionWrites } from '../store/collection-port.ts'
import { columnsOf } from './collection.ts'
import type { Collection, Json, Row } from './collection.ts'
import { eq } from './query.ts'

export interface Edit {
  readonly now: number
  readonly by: string
}

export interface Document {
  readonly id: number
  readonly tenant: number
  readonly columns: Row
  readonly body: { readonly [name: string]: Json | undefined }
}

/** Writes version 1. Without an id it gets the next of the sequence. */
export async function createDocument(
  tx: CollectionWrites,
  collection: Collection,
  document: Omit<Document, 'id'> & { readonly id?: number },
  { now, by }: Edit,
): Promise<Row> {
  const id = document.id ?? (await tx.nextIds(1))[0] ?? 0
  const row: Row = {
    ...emptyRow(collection),
    ...document.columns,
    id,
    tenant: document.tenant,
    body: document.body,
    version: 1,
    created: now,
    modified: now,
    change: await tx.nextDocumentChange(),
  }
  await tx.insertRows(collection, [row])
  await keep(tx, collection, row, by)
  return row
}

/** Writes the next version: columns and members of the body that are named change, the others stay. Undefined where there is no such document. */
export async function changeDocument(
  tx: CollectionWrites,
  collection: Collection,
  { tenant, id, columns, body }: Document,
  { now, by }: Edit,
): Promise<Row | undefined> {
  const [before] = await tx.rows(collection, { tenants: [tenant], where: eq('id', id), limit: 1 })
  if (before === undefined) return undefined
  const row: Row = {
    ...before,
    ...columns,
    body: { ...bodyOf(before), ...body },
    version: Number(before.version) + 1,
    modified: now,
    change: await tx.nextDocumentChange(),
  }
  await tx.updateRow(collection, id, row)
  await keep(tx, collection, row, by)
  return row
}

export function bodyOf(row: Row): { readonly [name: string]: Json | undefined } {
  const { body } = row
  return typeof body === 'object' && body !== null && !Array.isArray(body)
    ? (body as { readonly [name: string]: Json })
    : {}
}

function emptyRow(collection: Collection): Row {
  return Object.fromEntries(Object.keys(columnsOf(collection)).map((name) => [name, null]))
}

async function keep(tx: CollectionWrites, collection: Collection, row: Row, by: string): Promise<void> {
  await tx.insertVersion({
    collection: collection.name,
    id: Number(row.id),
    version: Number(row.version),
    tenant: Number(row.tenant),
    change: Number(row.change),
    at: Number(row.modified),
    by,
    row,
  })
}
