// The batches of one connection that were handed to the ingest and wait for their COMMIT (I-12). Several share one: then their answers are there at the
// same moment, and of acks in a row only the last is told, which says the others (P-SYNC-3).
import { BATCHES_IN_FLIGHT_MAX } from '../../protocol/limits.ts'
import type { BatchAnswer } from '../domain/ingest/accept.ts'

interface Handed {
  answer?: BatchAnswer
  readonly told: Promise<void>
}

export class HandedBatches {
  readonly #broke: (cause: unknown) => void
  /** Oldest first. */
  readonly #handed: Handed[] = []

  /** `broke` is told what breaks on the way to an answer. */
  constructor(broke: (cause: unknown) => void) {
    this.#broke = broke
  }

  /** When one more may be handed on. */
  async room(): Promise<void> {
    if (this.#handed.length >= BATCHES_IN_FLIGHT_MAX) await this.#handed[0]?.told
  }

  /** `tell` is called when the batches before it were answered. */
  add(taken: Promise<BatchAnswer>, tell: (answer: BatchAnswer) => Promise<void>): void {
    const before = this.#handed.at(-1)?.told
    const told = Promise.all([taken.then((answer) => (handed.answer = answer)), before])
      .then(([answer]) => (this.#isSaidByNext(answer) ? undefined : tell(answer)))
      .catch(this.#broke)
      .finally(() => void this.#handed.shift())
    const handed: Handed = { told }
    this.#handed.push(handed)
  }

  /** Of the oldest. The answers of one COMMIT are all noted before the first of them is told. */
  #isSaidByNext({ type }: BatchAnswer): boolean {
    return type === 'ack' && this.#handed[1]?.answer?.type === 'ack'
  }

  async answered(): Promise<void> {
    await Promise.all(this.#handed.map(({ told }) => told))
  }
}
