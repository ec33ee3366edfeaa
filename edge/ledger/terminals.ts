// Who may call the local API: names, roles and the hashes of their tokens. A token itself is shown once and never stored.
import type { Database, Statement } from './database.ts'

export const ROLES = ['terminal', 'manager', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Terminal {
  readonly name: string
  readonly role: Role
}

export class Terminals {
  readonly #list: Statement<[], Terminal>
  readonly #add: Statement<[string, Role, Uint8Array]>
  readonly #remove: Statement<[string]>
  readonly #find: Statement<[Uint8Array], Terminal>

  constructor(database: Database) {
    this.#list = database.prepare('SELECT name, role FROM terminals ORDER BY name')
    this.#add = database.prepare('INSERT INTO terminals VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING')
    this.#remove = database.prepare('DELETE FROM terminals WHERE name = ?')
    this.#find = database.prepare('SELECT name, role FROM terminals WHERE token_hash = ?')
  }

  list(): Terminal[] {
    return this.#list.all()
  }

  /** False when the name is taken. */
  add({ name, role }: Terminal, tokenHash: Uint8Array): boolean {
    return this.#add.run(name, role, tokenHash).changes === 1
  }

  /** False when there is none of this name. */
  remove(name: string): boolean {
    return this.#remove.run(name).changes === 1
  }

  find(tokenHash: Uint8Array): Terminal | undefined {
    return this.#find.get(tokenHash)
  }
}
