// When to tell on the feed that the cloud has caught up (F-6). An activity per acknowledgement would drown the sales; so the end of a backlog is
// told once: some fact waited longer than SYNC_LATE_MS, and now what was recorded is acknowledged in less than that again.
import type { Seq } from '../../protocol/ids.ts'
import { SYNC_LATE_MS } from '../../protocol/limits.ts'

export interface CaughtUp {
  readonly facts: number
  readonly ms: number
}

export class Backlog {
  /** A fact and when it was in the ledger: the next acknowledgement that covers it shows how long facts wait. */
  #mark: { readonly seq: Seq; readonly at: number } | null
  /** The backlog that is being worked off: since when, and what the cloud had then. */
  #late: { readonly since: number; readonly synced: Seq } | null = null
  #synced: Seq

  constructor(head: Seq, synced: Seq, now: number) {
    this.#synced = synced
    this.#mark = head > synced ? { seq: head, at: now } : null
  }

  committed(head: Seq, now: number): void {
    this.#mark ??= { seq: head, at: now }
  }

  /** What to tell, once, when a backlog ends with this acknowledgement. */
  acknowledged(seq: Seq, head: Seq, now: number): CaughtUp | undefined {
    const before = this.#synced
    this.#synced = seq
    const mark = this.#mark
    if (mark === null || seq < mark.seq) return undefined
    const late = now - mark.at > SYNC_LATE_MS
    if (late) this.#late ??= { since: mark.at, synced: before }
    this.#mark = seq < head ? { seq: head, at: now } : null
    const worked = this.#late
    if (worked === null || (late && this.#mark !== null)) return undefined
    this.#late = null
    return { facts: seq - worked.synced, ms: now - worked.since }
  }
}

/** `40 seconds`, `12 minutes`, `3 hours`, `2 days`. */
export function spanText(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const
  for (const [unit, size] of units) {
    if (ms >= 2 * size) return `${Math.round(ms / size)} ${unit}s`
  }
  return `${Math.round(ms / 1000)} seconds`
}
