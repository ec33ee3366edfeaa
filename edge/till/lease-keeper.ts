// Leases that end: what the cloud asks back goes back at once, what expires by this node's clock goes back when it does, each by a fact of the edge's own
// behind everything that was spent before. On a suspect clock nothing expires. One timer, for the first to end.
import type { EdgeClock } from '../clock.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Cancel, System } from '../system.ts'

/** How long a lease that ended and has nothing left is remembered, for late words of the cloud about it. */
const REMEMBERED_MS = 24 * 3_600_000
/** How soon the clock is looked at again where it cannot be trusted, or a fact could not be recorded. */
const AGAIN_MS = 60_000

export type Ending = 'returned' | 'expired'

export class LeaseKeeper {
  readonly #ledger: Ledger
  readonly #system: System
  readonly #clock: Pick<EdgeClock, 'now' | 'suspect'>
  #giveBack: ((ending: Ending) => void) | undefined
  #cancel: Cancel | undefined

  constructor(ledger: Ledger, system: System, clock: Pick<EdgeClock, 'now' | 'suspect'>) {
    this.#ledger = ledger
    this.#system = system
    this.#clock = clock
  }

  /** From now on `giveBack` is called where leases must go back, again and again until they have. */
  start(giveBack: (ending: Ending) => void): void {
    this.#giveBack = giveBack
    this.look()
  }

  stop(): void {
    this.#giveBack = undefined
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** After every word of the cloud about leases, and after every fact that gave some back. */
  look(): void {
    if (this.#giveBack === undefined) return
    this.#cancel?.()
    this.#cancel = undefined
    const { leases } = this.#ledger
    const now = this.#clock.now()
    const asked = leases.recalled(1).length > 0
    if (asked) this.#giveBack('returned')
    const over = !this.#clock.suspect && leases.over(now, 1).length > 0
    if (over && !asked) this.#giveBack('expired')
    const end = leases.nextEnd()
    if (end === null && !asked) return
    const wait = asked || over || this.#clock.suspect ? AGAIN_MS : Math.max(1, (end ?? now) - now)
    this.#cancel = this.#system.after(wait, () => this.look())
  }

  /** In a transaction: rows with nothing left to say, once the cloud has every fact. */
  forget(): void {
    const { synced } = this.#ledger.meta.cursors()
    this.#ledger.leases.forgetIssued(synced)
    if (synced === this.#ledger.seq) this.#ledger.leases.forget(this.#clock.now() - REMEMBERED_MS)
  }
}
