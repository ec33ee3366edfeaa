// PouchDB, as little of it as the sync bench needs; the package brings no types. On LevelDB it leaves its writes to the operating system; `makeDurable`
// makes every database of this process ask for an fsync with each batch, as ours does on both ends.
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

const require = createRequire(import.meta.url)

// The package's own export is this constructor.
export const PouchDB = require('pouchdb') as PouchFactory

/** Every write to LevelDB goes through this one of its binding. */
const WRITE = '_batch'

type Write = (this: unknown, operations: unknown, options: object, done: unknown) => unknown

export function makeDurable(): void {
  const { prototype } = createRequire(require.resolve('pouchdb'))('leveldown') as {
    prototype: Record<string, Write>
  }
  const write = prototype[WRITE]
  if (write === undefined) throw new Error('the binding to LevelDB writes in another way now')
  prototype[WRITE] = function (operations, options, done) {
    return write.call(this, operations, { ...options, sync: true }, done)
  }
}
