// The page a caller asks for. What is out of bounds is refused, never silently cut.
import { refuse } from '../../../protocol/result.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Page } from './resource.ts'

export interface PageLimits {
  readonly standard: number
  readonly max: number
}

const OFFSET_MAX = 10_000_000

export function readPage(
  params: URLSearchParams,
  { standard, max }: PageLimits,
):
  | { readonly ok: true; readonly value: Page }
  | { readonly ok: false; readonly refusals: readonly Refusal[] } {
  const refusals: Refusal[] = []
  const number = (name: string, least: number, most: number, otherwise: number): number => {
    const text = params.get(name)
    if (text === null || text === '') return otherwise
    const value = /^\d{1,9}$/.test(text) ? Number(text) : -1
    if (value >= least && value <= most) return value
    refusals.push(refuse('input_invalid', `Enter a whole number from ${least} to ${most}.`, name).refusal)
    return otherwise
  }
  const page = { limit: number('limit', 1, max, standard), offset: number('offset', 0, OFFSET_MAX, 0) }
  return refusals.length === 0 ? { ok: true, value: page } : { ok: false, refusals }
}
