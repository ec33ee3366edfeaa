// The disk of a world's cloud: real files, opened and closed by each of its processes; or one file in memory whose connections are kept from process to
// process and from world to world (kept-database.ts).
import { cpSync, rmSync } from 'node:fs'
import { openDatabase } from '../../cloud/store/sqlite/open.ts'
import type { OpenStore } from '../../cloud/store/sqlite/open.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { KeptDatabase } from './kept-database.ts'

export interface CloudDisk {
  readonly directory: string
  /** For the process that starts; undefined: it opens the files itself. */
  open(): OpenStore | undefined
  /** The process is gone, and nothing of it runs any more. */
  abandon(): void
  copyTo(directory: string): void
  /** Nobody has it open. */
  putBack(from: string): void
  leave(): void
}

export class CloudFiles implements CloudDisk {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  open(): undefined {
    return undefined
  }

  abandon(): void {
    // It closed its files.
  }

  copyTo(directory: string): void {
    rmSync(directory, { recursive: true, force: true })
    cpSync(this.directory, directory, { recursive: true })
  }

  putBack(from: string): void {
    rmSync(this.directory, { recursive: true, force: true })
    cpSync(from, this.directory, { recursive: true })
  }

  leave(): void {
    // Its files go with the world's directory.
  }
}

/** Those of worlds that are over. */
const kept: KeptCloud[] = []

export const keptCloud = (): CloudDisk => kept.pop() ?? new KeptCloud()
/** For a planted bug: whose file takes any number of facts with one business key. */
export const keylessCloud = (): CloudDisk => new KeptCloud('keyless')

class KeptCloud implements CloudDisk {
  readonly #home = freshDirectory(true)
  readonly directory = `${this.#home.path}/cloud`
  #files = new CloudFiles(this.directory)
  #opened = keptOpen(this.directory)
  /** What was put back has rows that no new file has, and in a keyless one no key is unique. */
  #used: boolean

  constructor(is: 'whole' | 'keyless' = 'whole') {
    this.#used = is === 'keyless'
    if (is === 'keyless')
      this.#opened.store.writer.exec(
        `DROP INDEX facts_key;
         DROP INDEX facts_key_second;
         CREATE INDEX facts_key ON facts (tenant, key, store) WHERE status <> 'duplicate';
         CREATE INDEX facts_key_second ON facts (key, store) WHERE status <> 'duplicate';`,
      )
    process.on('exit', () => this.#home.remove())
  }

  open(): OpenStore {
    return this.#opened.store
  }

  abandon(): void {
    for (const database of this.#opened.kept) database.abandon()
  }

  copyTo(directory: string): void {
    this.#opened.store.writer.pragma('wal_checkpoint(TRUNCATE)')
    this.#files.copyTo(directory)
  }

  putBack(from: string): void {
    this.#destroy()
    this.#files.putBack(from)
    this.#opened = keptOpen(this.directory)
    this.#used = true
  }

  leave(): void {
    if (this.#used) {
      this.#destroy()
      return this.#home.remove()
    }
    this.#opened.kept[0].renew()
    this.#opened.kept[1].abandon()
    kept.push(this)
  }

  #destroy(): void {
    for (const database of this.#opened.kept) database.destroy()
    this.#opened.unlock()
  }
}

interface Opened {
  readonly store: OpenStore
  readonly kept: readonly [writer: KeptDatabase, reader: KeptDatabase]
  readonly unlock: () => void
}

function keptOpen(directory: string): Opened {
  const store = openDatabase(directory)
  const databases = [new KeptDatabase(store.writer), new KeptDatabase(store.reader)] as const
  // The file stays locked from process to process.
  return { store: { ...store, unlock: () => undefined }, kept: databases, unlock: store.unlock }
}
