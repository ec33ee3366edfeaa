// The part of the store's port that is about collections: rows of declared tables. The domain's hot paths write their own SQL into the same tables;
// reading is written once.
import type { Collection, Row } from '../collections/collection.ts'
import type { RowQuery } from '../collections/query.ts'

/** What a versioned document was from one change to the next. */
export interface VersionRow {
  readonly collection: string
  readonly id: number
  readonly version: number
  readonly tenant: number
  readonly change: number
  readonly at: number
  /** Who made it, in words of the domain. */
  readonly by: string
  /** The whole row as it was. */
  readonly row: Row
}

export interface VersionsQuery {
  readonly of?: { readonly collection: string; readonly id: number }
  readonly after: number
  readonly limit: number
}

export interface CollectionReads {
  rows(collection: Collection, query: RowQuery): Promise<Row[]>
  /** What became of a business's documents, or of one of them, in the order it did: changes after `after`. */
  versions(tenant: number, query: VersionsQuery): Promise<VersionRow[]>
}

export interface CollectionWrites extends CollectionReads {
  /** The next numbers of the node's one sequence of ids; none is given twice. */
  nextIds(count: number): Promise<number[]>
  /** The next number of the downstream cursor of documents. */
  nextDocumentChange(): Promise<number>
  /** Throws where a unique index says no: the caller looked before. */
  insertRows(collection: Collection, rows: readonly Row[]): Promise<void>
  /** Only the columns that are named, by id. */
  updateRow(collection: Collection, id: number, changes: Row): Promise<void>
  deleteRows(collection: Collection, ids: readonly number[]): Promise<void>
  insertVersion(row: VersionRow): Promise<void>
}
