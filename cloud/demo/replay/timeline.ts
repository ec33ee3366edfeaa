// What happens when during a replay, in the file's time. A cut or a heal of a store's line is a barrier for that store: all of its tills
// finish what is before it, so that exactly the span is sold offline. A kill is none: it strikes when the first till of any store gets
// there, with the calls of all others in the air.
import type { Kill, OfflineSpan } from '../options.ts'
import type { Plan, PlannedCall } from './plan.ts'
import { SalesFileFault } from './rows.ts'
import { textHash } from '../random.ts'

export interface Segment {
  /** Done to the store's line before the calls. */
  readonly before: 'cut' | 'heal' | null
  readonly calls: readonly PlannedCall[]
}

/** Index of the store, from 0. It must not depend on the run, and one customer has one store. */
export function storeOf(call: PlannedCall, stores: number): number {
  return textHash(call.customer ?? call.key) % stores
}

/** Per store, its calls in the file's order, cut at the barriers of its line. */
export function segmentsOf(
  calls: readonly PlannedCall[],
  spans: readonly OfflineSpan[],
  stores: number,
): Segment[][] {
  const barriers = Array.from({ length: stores }, (_, store) =>
    spans
      .filter((span) => span.store === store + 1)
      .flatMap(({ from, to }) => [
        { at: from.at, does: 'cut' as const },
        { at: to.at, does: 'heal' as const },
      ])
      .toSorted((a, b) => a.at - b.at || (a.does === 'heal' ? -1 : 1)),
  )
  const segments = barriers.map((own) =>
    [null, ...own.map(({ does }) => does)].map((before) => ({ before, calls: [] as PlannedCall[] })),
  )
  const next = barriers.map(() => 0)
  for (const call of calls) {
    const store = storeOf(call, stores)
    let index = next[store] ?? 0
    while ((barriers[store]?.[index]?.at ?? Infinity) <= call.at) index += 1
    next[store] = index
    segments[store]?.[index]?.calls.push(call)
  }
  return segments
}

/** Fires each kill once, when the file's time first reaches it. */
export class Kills {
  readonly #due: Kill[]
  readonly #strike: (kill: Kill) => void

  constructor(kills: readonly Kill[], strike: (kill: Kill) => void) {
    this.#due = kills.toSorted((a, b) => a.when.at - b.when.at)
    this.#strike = strike
  }

  reached(at: number): void {
    while ((this.#due[0]?.when.at ?? Infinity) <= at) {
      const kill = this.#due.shift()
      if (kill !== undefined) this.#strike(kill)
    }
  }
}

/** A moment outside the file would silently test nothing. */
export function checkMoments(plan: Plan, spans: readonly OfflineSpan[], kills: readonly Kill[]): void {
  const first = plan.calls[0]?.at
  const last = plan.calls.at(-1)?.at
  if (first === undefined || last === undefined)
    throw new SalesFileFault('The sales file has no sale and no return.')
  const inside = (at: number): boolean => at >= first && at <= last
  const range = `the file runs from ${new Date(first).toISOString().slice(0, 10)} to ${new Date(last).toISOString().slice(0, 10)}`
  for (const { when, target } of kills)
    if (!inside(when.at))
      throw new SalesFileFault(`--kill ${target}:${when.text} would never happen: ${range}.`)
  for (const { store, from, to } of spans)
    if (to.at <= first || from.at > last)
      throw new SalesFileFault(`--offline ${store}:${from.text}:${to.text} would never happen: ${range}.`)
}
