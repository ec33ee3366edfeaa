// The business's API clients that this store serves, as the cloud last said (P-SYNC-11): their secrets only as hashes. They are served without the cloud
// too; who is taken back is so here with the cloud's next word.
import { timingSafeEqual } from 'node:crypto'
import type { StoreClient } from '../../protocol/frames/clients.ts'
import type { Millis } from '../../protocol/time.ts'
import type { Database, Statement } from './database.ts'

interface StoredClient {
  readonly name: string
  readonly secret_hash: Uint8Array
  readonly created: Millis
}

export class Clients {
  readonly #all: Statement<[], StoreClient>
  readonly #find: Statement<[string, string], StoredClient>
  readonly #clear: Statement<[]>
  readonly #add: Statement<[string, string, string, Uint8Array, Millis]>

  constructor(database: Database) {
    this.#all = database.prepare('SELECT * FROM clients ORDER BY dialect, key')
    this.#find = database.prepare(
      'SELECT name, secret_hash, created FROM clients WHERE dialect = ? AND key = ?',
    )
    this.#clear = database.prepare('DELETE FROM clients')
    this.#add = database.prepare('INSERT INTO clients VALUES (?, ?, ?, ?, ?)')
  }

  all(): StoreClient[] {
    return this.#all.all()
  }

  replace(clients: readonly StoreClient[]): void {
    this.#clear.run()
    for (const { dialect, key, name, secret_hash: hash, created } of clients)
      this.#add.run(dialect, key, name, hash, created)
  }

  /** Undefined where there is no such client, or the secret is not its own. */
  find(dialect: string, key: string, secretHash: Uint8Array): StoreClient | undefined {
    const row = this.#find.get(dialect, key)
    return row !== undefined && timingSafeEqual(row.secret_hash, secretHash)
      ? { dialect, key, ...row }
      : undefined
  }
}
