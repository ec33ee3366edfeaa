// A ledger whose process may die inside a commit: just before COMMIT, when nobody may have been answered, or just after it, when somebody may not have
// been. Two planted bugs live here too, because both are about what COMMIT means.
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
}

export class CrashingLedger extends Ledger {
  readonly #fate: CommitFate
  #owed: (() => void) | null = null

  constructor(open: OpenDatabase, fate: CommitFate) {
    super(open)
    this.#fate = fate
  }

  override begin(): void {
    if (this.#fate.isGone()) throw new ProcessGone()
    this.#owed?.()
    super.begin()
  }

  override commit(): void {
    const when = this.#fate.dies()
    if (when === 'before') this.#die()
    if (this.#fate.late === null) super.commit()
    else this.#commitLate(this.#fate.late)
    this.#fate.committed()
    if (when === 'after') this.#die()
  }

  override rollback(): void {
    this.#owed = null
    super.rollback()
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
