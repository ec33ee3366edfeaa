// The customers of one store during a replay, in the file's order, in front of its tills: a free till takes the next call. A customer is
// served by one till at a time, so that one member's facts are made in the file's order, each after the one before was answered; whoever
// finishes with a customer goes on with what that customer had to wait with. Tills stay within a few calls of each other in the file's
// time, and none is left with a long tail, which fixed customers per till would give it.
import type { PlannedCall } from './plan.ts'

export class StoreQueue {
  readonly #calls: readonly PlannedCall[]
  readonly #waiting = new Map<string, PlannedCall[]>()
  #next = 0

  constructor(calls: readonly PlannedCall[]) {
    this.#calls = calls
  }

  /** The next call for a till that has just finished `done`; undefined when there is nothing left for it to do. */
  take(done: PlannedCall | undefined): PlannedCall | undefined {
    return (done === undefined ? undefined : this.#ownNext(done)) ?? this.#fileNext()
  }

  /** What the customer who was just served waits with. */
  #ownNext({ customer }: PlannedCall): PlannedCall | undefined {
    if (customer === null) return undefined
    const call = this.#waiting.get(customer)?.shift()
    if (call === undefined) this.#waiting.delete(customer)
    return call
  }

  #fileNext(): PlannedCall | undefined {
    for (;;) {
      const call = this.#calls[this.#next]
      if (call === undefined) return undefined
      this.#next += 1
      if (call.customer === null) return call
      const waiting = this.#waiting.get(call.customer)
      if (waiting === undefined) {
        this.#waiting.set(call.customer, [])
        return call
      }
      waiting.push(call)
    }
  }
}
