// A refusal is the domain saying no, as designed: a value, never an exception (STYLE section 6).
import type { RefusalCode } from './refusals.ts'

export interface Refusal {
  readonly code: RefusalCode
  /** What was wrong, in words for the caller. Never holds a secret or personal data. */
  readonly detail: string
  /** JSON pointer or parameter name of the input at fault. */
  readonly param?: string
  /** Seconds after which a retry makes sense. */
  readonly retryAfterS?: number
}

export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

export function accept<T>(value: T): Result<T> {
  return { ok: true, value }
}

export function refuse(
  code: RefusalCode,
  detail: string,
  param?: string,
): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: param === undefined ? { code, detail } : { code, detail, param } }
}

/** Ends every switch over a union: forgetting a case does not compile. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}

/** What cannot happen. A failure here is a defect: the process logs and stops, the ledger recovers. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}
