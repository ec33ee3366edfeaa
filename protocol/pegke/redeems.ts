// What Pegke is told of a code (PG-6): whether it can be used as it stands, and which refusals are about the code and so an answer, not a fault.
import type { RefusalCode } from '../refusals.ts'
import type { PegkeAnswer } from './answers.ts'

const ABOUT_THE_CODE: ReadonlySet<RefusalCode> = new Set([
  'voucher_not_found',
  'voucher_used',
  'voucher_not_usable',
  'voucher_expired',
  'voucher_not_now',
] as const satisfies readonly RefusalCode[])

const USABLE: ReadonlySet<string> = new Set(['UNUSED', 'ISSUED', 'CLIPPED'])

export interface HeldCode {
  readonly code: string
  readonly title: string
  readonly status: string
  readonly uses_left: number
}

export function isAboutTheCode(code: RefusalCode): boolean {
  return ABOUT_THE_CODE.has(code)
}

export function codeAnswer(code: string, held: HeldCode | undefined): PegkeAnswer<'validate_redeem'> {
  if (held === undefined) return noCode(code, 'voucher_not_found')
  const valid = held.uses_left > 0 && USABLE.has(held.status)
  return { valid, used: false, code, title: held.title, status: held.status.toLowerCase() }
}

/** Why it cannot be used. */
export function noCode(code: string, status: string): PegkeAnswer<'validate_redeem'> {
  return { valid: false, used: false, code, title: null, status }
}
