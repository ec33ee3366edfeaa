// How much each connected edge may send (P-SYNC-7), so that what waits in memory is bounded by the cloud and not by its edges (ADM). An edge that
// keeps up is in the live lane and always has its small credit. One with a backlog drains it in a lane of few places; the others wait without credit,
// and whoever was away longest comes first. Pure bookkeeping: it knows no socket and no clock.
import {
  DRAIN_CREDIT_BYTES,
  DRAIN_CREDIT_FACTS,
  DRAIN_EDGES_MAX,
  LIVE_CREDIT_BYTES,
  LIVE_CREDIT_FACTS,
  RETURNS_PER_SECOND,
  RETURN_SPREAD_MS_MAX,
} from '../../protocol/limits.ts'
import type { Millis } from '../../protocol/time.ts'

export interface Credit {
  readonly credit_facts: number
  readonly credit_bytes: number
}

const LIVE: Credit = { credit_facts: LIVE_CREDIT_FACTS, credit_bytes: LIVE_CREDIT_BYTES }
const DRAIN: Credit = { credit_facts: DRAIN_CREDIT_FACTS, credit_bytes: DRAIN_CREDIT_BYTES }
const NONE: Credit = { credit_facts: 0, credit_bytes: 0 }

export interface Guest {
  /** When the edge was last heard of before this connection; null: never. */
  readonly away: Millis | null
  /** A place has become free for it: tell its edge. */
  granted(): void
}

export class Admission {
  readonly #draining = new Set<Guest>()
  /** Longest away first. */
  readonly #waiting: Guest[] = []

  get draining(): number {
    return this.#draining.size
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** What an edge that is `behind` facts behind its own ledger may have out. */
  credit(guest: Guest, behind: number): Credit {
    if (behind <= LIVE_CREDIT_FACTS) {
      this.leave(guest)
      return LIVE
    }
    if (this.#draining.has(guest)) return DRAIN
    if (!this.#waiting.includes(guest)) {
      const at = this.#waiting.findIndex((other) => awayOf(other) > awayOf(guest))
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, guest)
    }
    if (this.#draining.size >= DRAIN_EDGES_MAX || this.#waiting[0] !== guest) return NONE
    this.#waiting.shift()
    this.#draining.add(guest)
    return DRAIN
  }

  /** It has caught up, or is gone. */
  leave(guest: Guest): void {
    const at = this.#waiting.indexOf(guest)
    if (at >= 0) this.#waiting.splice(at, 1)
    if (!this.#draining.delete(guest)) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#draining.add(next)
    next.granted()
  }
}

/** Over how long a fleet of so many edges spreads its return (ADM-3). */
export function returnMsOf(edges: number): number {
  return Math.min(RETURN_SPREAD_MS_MAX, Math.floor((edges * 1000) / RETURNS_PER_SECOND))
}

function awayOf({ away }: Guest): number {
  return away ?? 0
}
