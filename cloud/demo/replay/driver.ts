// Sends a plan through the tills of the stores: each store has its queue, the tills of all stores work side by side. Refused calls are
// collected, not thrown: one bad line must not hide the rest.
import { setTimeout as wait } from 'node:timers/promises'
import type { AckLog } from '../ack-log.ts'
import { PATHS, bodyOf } from './bodies.ts'
import type { PlannedCall, SaleCall } from './plan.ts'
import { StoreQueue } from './store-queue.ts'
import { CallFault } from './terminal.ts'
import type { Terminal } from './terminal.ts'
import type { Segment } from './timeline.ts'

/** Errors shown; all are counted. */
export const ERRORS_SHOWN_MAX = 20

export interface DriverOptions {
  /** Per store, its tills. */
  readonly terminals: readonly (readonly Terminal[])[]
  readonly acks: AckLog
  /** Told before each call, with the call's time. */
  readonly reached: (at: number) => void
  readonly line: (store: number, does: 'cut' | 'heal') => void
  readonly progress: { done: number; lines: number; at: number }
}

export interface DriverCounts {
  /** Answers that were stored ones. */
  replayed: number
  confirmed: number
  provisional: number
  errors: number
  readonly firstErrors: string[]
}

export class Driver {
  readonly counts: DriverCounts = { replayed: 0, confirmed: 0, provisional: 0, errors: 0, firstErrors: [] }
  readonly #options: DriverOptions
  readonly #members = new Map<string, string>()
  readonly #sales = new Map<SaleCall, string>()
  #pace: { readonly firstAt: number; readonly startedAt: number; readonly speed: number } | null = null

  constructor(options: DriverOptions) {
    this.#options = options
  }

  /** Segments per store; resolves when every call was answered or given up. `speed` is in file seconds per second from `firstAt` on. */
  async run(
    segments: readonly (readonly Segment[])[],
    firstAt: number,
    speed: number | 'max',
  ): Promise<void> {
    this.#pace = speed === 'max' ? null : { firstAt, startedAt: Date.now(), speed }
    await Promise.all(segments.map((own, store) => this.#runStore(own, store)))
  }

  async #runStore(segments: readonly Segment[], store: number): Promise<void> {
    for (const { before, calls } of segments) {
      if (before !== null) this.#options.line(store, before)
      const queue = new StoreQueue(calls)
      const terminals = this.#options.terminals[store] ?? []
      await Promise.all(terminals.map((terminal) => this.#runTerminal(terminal, store, queue)))
    }
  }

  async #runTerminal(terminal: Terminal, store: number, queue: StoreQueue): Promise<void> {
    const { progress, reached } = this.#options
    let call = queue.take(undefined)
    while (call !== undefined) {
      await this.#due(call.at)
      reached(call.at)
      await this.#send(terminal, store, call)
      progress.done += 1
      if (call.kind !== 'enrolment') progress.lines += call.lines.length
      if (call.at > progress.at) progress.at = call.at
      call = queue.take(call)
    }
  }

  async #due(at: number): Promise<void> {
    if (this.#pace === null) return
    const { firstAt, startedAt, speed } = this.#pace
    const early = startedAt + (at - firstAt) / speed - Date.now()
    if (early > 0) await wait(early)
  }

  async #send(terminal: Terminal, store: number, call: PlannedCall): Promise<void> {
    const unmet = this.#unmet(call)
    if (unmet !== undefined) return this.#error(`${call.key}: not sent, because ${unmet} was refused`)
    try {
      const known = { members: this.#members, sales: this.#sales }
      const answer = await terminal.call(PATHS[call.kind], call.key, bodyOf(call, known))
      const first = this.#options.acks.record(store, answer)
      if (call.kind === 'enrolment') this.#members.set(call.customer, answer.id)
      if (call.kind === 'sale') this.#sales.set(call, answer.id)
      if (answer.replayed) this.counts.replayed += 1
      if (first) this.counts[answer.confirmed ? 'confirmed' : 'provisional'] += 1
    } catch (cause) {
      if (!(cause instanceof CallFault)) throw cause
      this.#error(cause.message)
    }
  }

  /** What the call refers to and the store does not have. */
  #unmet(call: PlannedCall): string | undefined {
    if (call.kind === 'enrolment' || call.customer === null) return undefined
    if (!this.#members.has(call.customer)) return `the enrolment of customer ${call.customer}`
    if (call.kind === 'sale') return undefined
    const missing = call.lines.find(({ sale }) => sale !== null && !this.#sales.has(sale))?.sale
    return missing?.key
  }

  #error(text: string): void {
    this.counts.errors += 1
    if (this.counts.firstErrors.length < ERRORS_SHOWN_MAX) this.counts.firstErrors.push(text)
  }
}
