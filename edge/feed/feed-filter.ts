// What of the feed a reader wants to see (F-7). Positions are not renumbered: a frame says from where to where it reaches, and holds what fits.
import type { FeedFrame } from './feed-log.ts'

export interface FeedFilter {
  /** Null: all. */
  readonly kinds: ReadonlySet<string> | null
  readonly terminal: string | null
}

interface Filtered {
  readonly kind: string
  readonly terminal: string | null
}

/** Undefined where it asks for everything. */
export function feedFilter(kinds: string | undefined, terminal: string | undefined): FeedFilter | undefined {
  if (kinds === undefined && terminal === undefined) return undefined
  return { kinds: kinds === undefined ? null : new Set(kinds.split(',')), terminal: terminal ?? null }
}

/** The frame with what fits alone; undefined where nothing does. */
export function filtered(frame: FeedFrame, { kinds, terminal }: FeedFilter): FeedFrame | undefined {
  // A frame of the log is JSON of activities.
  const parsed = JSON.parse(frame.text) as { activities: Filtered[] }
  const fits = parsed.activities.filter(
    (one) => (kinds === null || kinds.has(one.kind)) && (terminal === null || one.terminal === terminal),
  )
  if (fits.length === 0) return undefined
  return { ...frame, text: JSON.stringify({ ...parsed, activities: fits }) }
}
