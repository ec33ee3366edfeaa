// Time of the simulated world: nothing happens but what was put on this list, in the order of its times and, at one time, in the order it was put
// there. Promises settle between two entries, so a run is the same for the same seed. A binary heap: a dense world has thousands of
// entries waiting, most of them timers that are cancelled. More entries than its bound are a world that does not end.
import { EventTrace } from './event-trace.ts'
import type { Named } from './event-trace.ts'
import { pulse } from './hang-watch.ts'

/** FNV-1a's. */
const HISTORY_PRIME = 0x01000193

interface Entry {
  readonly at: number
  readonly order: number
  readonly named: Named
  call: (() => void) | null
}

export class VirtualTime {
  #now: number
  #order = 0
  #ran = 0
  #history = 0
  readonly #heap: Entry[] = []
  readonly #eventsMax: number
  /** Of what comes after too many. */
  #trace: EventTrace | null = null

  constructor(start: number, eventsMax = Infinity) {
    this.#now = start
    this.#eventsMax = eventsMax
  }

  now(): number {
    return this.#now
  }

  /** Of when everything happened, and of how much was put on the list before it: two runs that differ anywhere differ here. */
  get history(): number {
    return this.#history
  }

  /** Entries that happened so far. */
  get ran(): number {
    return this.#ran
  }

  /** `named`: whose timer it is, or what arrives; for a world that does not end. */
  after(ms: number, call: () => void, named: Named = 'the world'): () => void {
    const at = this.#now + Math.max(0, ms)
    const entry: Entry = { at, order: this.#order++, named: this.#trace?.placed(named) ?? named, call }
    this.#push(entry)
    return () => {
      entry.call = null
    }
  }

  /** Runs entries until `done` holds; throws when virtual time passes `ms` first, or when more happened than may. */
  async runUntil(done: () => boolean, ms: number): Promise<void> {
    const limit = this.#now + ms
    while (!done()) {
      const entry = this.#next()
      if (entry === undefined) throw new Error('the world stands still: nothing is left to happen')
      const { at, order } = entry
      if (at > limit) throw new Error(`not done after ${ms / 1000} virtual seconds`)
      this.#now = at
      this.#ran += 1
      pulse[0] = this.#ran
      this.#history = Math.imul(this.#history ^ at ^ (order << 8), HISTORY_PRIME)
      if (this.#ran > this.#eventsMax) this.#watched(entry)
      entry.call?.()
      await settled()
    }
  }

  async run(ms: number): Promise<void> {
    let over = false
    this.after(ms, () => (over = true))
    await this.runUntil(() => over, ms)
  }

  /** Past those that were cancelled, which are most: nobody asks after each whether the world is done. */
  #next(): Entry | undefined {
    for (;;) {
      const entry = this.#pop()
      if (entry === undefined || entry.call !== null) return entry
    }
  }

  #watched({ named }: Entry): void {
    this.#trace ??= new EventTrace()
    if (this.#trace.happened(named)) return
    throw new Error(`does not end: ${this.#eventsMax} events, its bound, are over, and ${this.#trace.told()}`)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(entry)
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !earlier(entry, parent)) break
      heap[index] = parent
      index = above
    }
    heap[index] = entry
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      let child = heap[below]
      const right = heap[below + 1]
      if (child === undefined) break
      if (right !== undefined && earlier(right, child)) {
        below += 1
        child = right
      }
      if (!earlier(child, last)) break
      heap[index] = child
      index = below
    }
    heap[index] = last
    return first
  }
}

function earlier(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** Every promise that can settle without the world going on has settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
