// A store's disk in memory: SQLite's own engine on pages that no file holds, kept from one process and one world to the next (kept-database.ts).
import { IN_MEMORY, LedgerDatabase, openDatabase } from '../../edge/ledger/database.ts'
import type { Database, OpenDatabase } from '../../edge/ledger/database.ts'
import { stepFunctions } from '../../edge/ledger/schema.ts'
import type { Disk, DiskImage } from './disk.ts'
import { KeptDatabase } from './kept-database.ts'

const PAGES_MAX = 4_294_967_294
/** What one page of a blob carries beside its link to the next. */
const PAGE_BYTES = 4_092
const NAME = 'memory'

/** Disks of worlds that are over. */
const kept: KeptDatabase[] = []

function made(): KeptDatabase {
  const { database } = openDatabase(IN_MEMORY)
  return new KeptDatabase(withRubble(database))
}

/** What a full disk is full of, beside the ledger: SQLite would else go on in the pages that rows of another world left free. */
function withRubble(database: Database): Database {
  database.exec('CREATE TABLE IF NOT EXISTS rubble (bytes BLOB NOT NULL)')
  return database
}

export class MemoryDisk implements Disk {
  readonly binding: string
  #kept: KeptDatabase
  #full = false
  /** What was put back has rows that no new file has. */
  #used = false

  constructor(name: string) {
    this.binding = name
    this.#kept = kept.pop() ?? made()
  }

  open(): OpenDatabase {
    const { database } = this.#kept
    if (this.#full) this.makeRoom()
    return { database, close: () => this.#kept.abandon() }
  }

  image(): DiskImage {
    return [{ name: NAME, bytes: this.#kept.database.serialize() }]
  }

  putBack(image: DiskImage): void {
    this.#kept.destroy()
    const database = new LedgerDatabase(image[0]?.bytes ?? Buffer.alloc(0))
    database.pragma('foreign_keys = ON')
    stepFunctions(database)
    this.#kept = new KeptDatabase(database)
    this.#used = true
  }

  fill(): void {
    const { database } = this.#kept
    const count = (what: string): number => database.pragma(what, { simple: true }) as number
    for (let free = count('freelist_count'); free > 0; free = count('freelist_count'))
      database.prepare('INSERT INTO rubble VALUES (zeroblob(?))').run(Math.max(1, free - 1) * PAGE_BYTES)
    database.pragma(`max_page_count = ${count('page_count')}`)
    this.#full = true
  }

  makeRoom(): void {
    const { database } = this.#kept
    database.pragma(`max_page_count = ${PAGES_MAX}`)
    database.exec('DELETE FROM rubble')
    this.#full = false
  }

  leave(): void {
    if (this.#used) return this.#kept.destroy()
    if (this.#full) this.makeRoom()
    this.#kept.renew()
    kept.push(this.#kept)
  }
}
