// What of the feed a reader wants to see (F-7). Positions are not renumbered: a frame says from where to where it reaches, and holds what fits.

export interface FeedFilter {
  /** The same for the same wishes, whoever has them. */
  readonly name: string
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
  const wanted = kinds === undefined ? null : new Set(kinds.split(',').toSorted())
  return {
    name: JSON.stringify([wanted === null ? null : [...wanted], terminal ?? null]),
    kinds: wanted,
    terminal: terminal ?? null,
  }
}

export function fits({ kind, terminal: by }: Filtered, { kinds, terminal }: FeedFilter): boolean {
  return (kinds === null || kinds.has(kind)) && (terminal === null || by === terminal)
}
