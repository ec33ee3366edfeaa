// What the leaves of condition trees have in common: their documents by name, and comparing a figure.
import type { Leaf, Situation } from './condition.ts'
import type { Comparison, ConditionDocument } from '../document/conditions.ts'

export type LeafDocument = Exclude<
  ConditionDocument,
  { readonly all: unknown } | { readonly any: unknown } | { readonly not: unknown }
>
export type Asked<K extends string> = Extract<LeafDocument, Readonly<Record<K, unknown>>>

export const UNKNOWN = 'not known'

/** A leaf that compares a figure, which may not be known: then it fails. */
export function comparedLeaf(
  name: string,
  figure: (at: Situation) => number | undefined,
  is: Comparison,
  value: number,
): Leaf {
  return {
    name,
    holds: (at) => compares(figure(at), is, value),
    tell: (at) => {
      const actual = figure(at)
      const rises = is === 'ge' || is === 'gt'
      const missing = actual === undefined || !rises ? 0 : value - actual + (is === 'gt' ? 1 : 0)
      return [
        actual === undefined ? UNKNOWN : String(actual),
        `${COMPARISON_WORDS[is]} ${value}`,
        missing > 0 ? `${missing} more` : null,
      ]
    },
  }
}

const COMPARISON_WORDS: Readonly<Record<Comparison, string>> = {
  eq: 'exactly',
  ne: 'other than',
  lt: 'less than',
  le: 'at most',
  gt: 'more than',
  ge: 'at least',
}

function compares(actual: number | undefined, is: Comparison, value: number): boolean {
  if (actual === undefined) return false
  switch (is) {
    case 'eq':
      return actual === value
    case 'ne':
      return actual !== value
    case 'lt':
      return actual < value
    case 'le':
      return actual <= value
    case 'gt':
      return actual > value
    default:
      return actual >= value
  }
}
