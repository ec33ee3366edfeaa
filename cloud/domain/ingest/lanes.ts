// Which of the batches that wait go into the next commit (I-11). A trickle is small batches, a backlog large ones: they wait in lanes of their own, and
// every commit takes the trickle first and then of the backlog as much as there is room for, one batch at least. So neither starves, and what a live
// store waits for is bounded by one commit however much others bring. Batches of one ledger stay in their order: a small one behind a large one of its
// own waits with it.
import {
  INGEST_GROUP_BATCHES_MAX,
  INGEST_GROUP_FACTS_MAX,
  LIVE_BATCH_FACTS,
} from '../../../protocol/limits.ts'

export interface Sized {
  readonly origin: number
  readonly batch: { readonly facts: readonly unknown[] }
}

export class Lanes<T extends Sized> {
  readonly #live: T[] = []
  readonly #drain: T[] = []

  get length(): number {
    return this.#live.length + this.#drain.length
  }

  push(item: T): void {
    const live =
      item.batch.facts.length <= LIVE_BATCH_FACTS && !this.#drain.some(({ origin }) => origin === item.origin)
    const lane = live ? this.#live : this.#drain
    lane.push(item)
  }

  /** The batches of the next commit, in the order they are taken. */
  take(): T[] {
    const group: T[] = []
    let facts = 0
    const fill = (lane: T[], atLeastOne: boolean): void => {
      let count = 0
      for (const item of lane) {
        const size = item.batch.facts.length
        // What is left of the trickle comes before what the same ledger sent later.
        if (lane === this.#drain && this.#live.some(({ origin }) => origin === item.origin)) break
        const first = atLeastOne && count === 0
        if (!first && (facts + size > INGEST_GROUP_FACTS_MAX || group.length >= INGEST_GROUP_BATCHES_MAX))
          break
        group.push(item)
        facts += size
        count += 1
      }
      lane.splice(0, count)
    }
    fill(this.#live, true)
    fill(this.#drain, true)
    return group
  }
}
