// Asking leases back at once (U-7). The recall is a fact, so a store that was out of reach when it was made hears of it when it is back; the
// answer is the store's own fact, behind all it spent before. Nobody waits longer than RECALL_WAIT_MS_MAX: what has not come back by then is not there.
import type { Origin } from '../../../protocol/ids.ts'
import { RECALLS_WAITING_MAX, RECALL_WAIT_MS_MAX } from '../../../protocol/limits.ts'
import type { LeaseRow } from '../../store/lease-port.ts'
import type { TenantId } from '../../store/port.ts'
import type { Committed, Ingest } from '../ingest/ingest.ts'
import type { ProgramShelf } from '../programs.ts'
import { appendLeaseFacts } from './lease-facts.ts'

export interface RecallParts {
  readonly ingest: Pick<Ingest, 'onCommitted' | 'record'>
  readonly shelf: Pick<ProgramShelf, 'of'>
  /** Whether a ledger is in reach now. */
  readonly reaches: (origin: Origin) => boolean
  readonly after: (ms: number, call: () => void) => () => void
}

interface Waiter {
  readonly leases: Set<number>
  readonly done: () => void
}

export class Recalls {
  readonly #parts: RecallParts
  readonly #waiters = new Set<Waiter>()

  constructor(parts: RecallParts) {
    this.#parts = parts
    parts.ingest.onCommitted((committed) => this.#committed(committed))
  }

  /** Resolves when every ledger in reach has given back, or when it takes too long. */
  async ask(tenant: TenantId, leases: readonly LeaseRow[]): Promise<void> {
    const { ingest, shelf, reaches, after } = this.#parts
    const asked = leases.filter(({ origin }) => reaches(origin)).map(({ lease }) => lease)
    if (asked.length === 0 || this.#waiters.size >= RECALLS_WAITING_MAX) return
    const answered = new Promise<void>((resolve) => {
      const cancel = after(RECALL_WAIT_MS_MAX, () => waiter.done())
      const waiter: Waiter = {
        leases: new Set(asked),
        done: () => {
          cancel()
          this.#waiters.delete(waiter)
          resolve()
        },
      }
      this.#waiters.add(waiter)
    })
    const programs = await shelf.of(tenant)
    await ingest.record(tenant, async (tx, own) => {
      const now = await tx.leases(asked)
      // One that was asked back before and not answered yet will be answered once.
      const again = now.filter(({ recall, answered: last }) => recall === last)
      await appendLeaseFacts(own, programs.latest, 'recalled', again)
    })
    await answered
  }

  #committed({ leases }: Committed): void {
    if (leases.length === 0 || this.#waiters.size === 0) return
    const back = leases.filter(({ recalled }) => !recalled).map(({ lease }) => lease)
    for (const waiter of this.#waiters) {
      for (const lease of back) waiter.leases.delete(lease)
      if (waiter.leases.size === 0) waiter.done()
    }
  }
}
