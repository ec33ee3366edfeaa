// PouchDB, as little of it as the sync bench needs; the package brings no types.
import { createRequire } from 'node:module'

export interface PouchDoc {
  readonly _id: string
  readonly [field: string]: unknown
}

export interface Pouch {
  info(): Promise<{ doc_count: number }>
  get(id: string): Promise<unknown>
  put(doc: unknown): Promise<unknown>
  revsDiff(revs: unknown): Promise<unknown>
  bulkDocs(docs: readonly unknown[], options?: { new_edits: boolean }): Promise<unknown>
  close(): Promise<void>
}

interface PouchFactory {
  new (name: string): Pouch
  replicate(
    source: Pouch,
    target: string,
    options: { batch_size: number; batches_limit: number },
  ): Promise<{ ok: boolean; docs_written: number }>
}

// The package's own export is this constructor.
export const PouchDB = createRequire(import.meta.url)('pouchdb') as PouchFactory
