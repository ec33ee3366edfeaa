// The last word of each edge, for the fleet list (G-3), written for many edges at once: thousands that come back together are a few commits, and
// nobody waits for them. What a crash loses is said again by the next contact.
import type { Origin } from '../../protocol/ids.ts'
import type { CloudStore, ContactRow } from '../store/port.ts'

export class Contacts {
  readonly #store: Pick<CloudStore, 'write'>
  readonly #onFault: (cause: unknown) => void
  #pending = new Map<Origin, ContactRow>()
  #writing: Promise<void> | null = null

  constructor(store: Pick<CloudStore, 'write'>, onFault: (cause: unknown) => void) {
    this.#store = store
    this.#onFault = onFault
  }

  save(contact: ContactRow): void {
    this.#pending.set(contact.origin, contact)
    this.#writing ??= this.#write()
  }

  async settled(): Promise<void> {
    while (this.#writing !== null) await this.#writing
  }

  async #write(): Promise<void> {
    // Those who come in the same turn are written together.
    await Promise.resolve()
    while (this.#pending.size > 0) {
      const rows = [...this.#pending.values()]
      this.#pending = new Map()
      try {
        await this.#store.write(async (tx) => {
          for (const row of rows) await tx.saveContact(row)
        })
      } catch (cause) {
        this.#onFault(cause)
      }
    }
    this.#writing = null
  }
}
