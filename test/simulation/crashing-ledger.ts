// A ledger whose process may die inside a commit: just before COMMIT, when nobody may have been answered, or just after it, when somebody may not have
// been. Two planted bugs live here too, because both are about what COMMIT means. And after each COMMIT the leases it touched are added up (P-LEASE-3).
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { OpenDatabase } from '../../edge/ledger/database.ts'
import { Ledger } from '../../edge/ledger/ledger.ts'

/** Not an error of the node: its process is gone, and nothing of it is heard any more. */
export class ProcessGone extends Error {}

export interface CommitFate {
  /** The process ended; its disk may be another's by now. */
  isGone(): boolean
  /** Asked at each commit. */
  dies(): 'before' | 'after' | null
  /** The process is gone from here on. */
  gone(): void
  committed(): void
  /** Planted bug: calls are answered although COMMIT comes later, when the process lives to see it. */
  readonly late: ((commit: () => void) => void) | null
  /** A lease does not add up after a commit. */
  wrong(sentence: string): void
}

/** What facts of the open transaction take of a lease, and what its row said before them. */
interface Taking {
  amount: number
  readonly before: number
}

export class CrashingLedger extends Ledger {
  readonly #fate: CommitFate
  #owed: (() => void) | null = null
  readonly #takings = new Map<number, Taking>()

  constructor(open: OpenDatabase, fate: CommitFate) {
    super(open)
    this.#fate = fate
  }

  override begin(): void {
    if (this.#fate.isGone()) throw new ProcessGone()
    this.#takings.clear()
    this.#owed?.()
    super.begin()
  }

  override commit(): void {
    const when = this.#fate.dies()
    if (when === 'before') this.#die()
    if (this.#fate.late === null) super.commit()
    else this.#commitLate(this.#fate.late)
    this.#addUp()
    this.#fate.committed()
    if (when === 'after') this.#die()
  }

  override rollback(): void {
    this.#owed = null
    super.rollback()
  }

  override append(...row: Parameters<Ledger['append']>): void {
    this.#note(row[2])
    super.append(...row)
  }

  /** A fact is recorded before its rights are taken. */
  #note(bytes: Uint8Array): void {
    const fact = decodeStoredFact(bytes)
    const named = fact.kind === 'lease' ? fact.lines : 'rights' in fact ? fact.rights : []
    const sign = fact.kind === 'redemption' && fact.stage === 'cancelled' ? -1 : 1
    for (const { lease, amount } of named) {
      const row = this.leases.one(lease)
      // Of another life of the ledger (P-LEASE-5).
      if (row === undefined) continue
      const taking = this.#takings.get(lease) ?? { amount: 0, before: row.spent + row.returned }
      taking.amount += sign * amount
      this.#takings.set(lease, taking)
    }
  }

  #addUp(): void {
    for (const [lease, { amount, before }] of this.#takings) {
      const row = this.leases.one(lease)
      const after = row === undefined ? 0 : row.spent + row.returned
      if (after !== before + amount)
        this.#fate.wrong(
          `lease ${lease}: ${before} taken, its facts took ${amount} more, its row says ${after}`,
        )
      else if (amount > 0 && row !== undefined && after > row.granted)
        this.#fate.wrong(`lease ${lease}: ${after} taken of ${row.granted} granted`)
    }
  }

  #commitLate(late: (commit: () => void) => void): void {
    const owed = (): void => {
      if (this.#owed !== owed) return
      this.#owed = null
      super.commit()
    }
    this.#owed = owed
    late(owed)
  }

  #die(): never {
    this.#fate.gone()
    throw new ProcessGone()
  }
}
