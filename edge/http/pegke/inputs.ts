// What Pegke's clients send, read out of a form (PG-3): each reader takes the fields it knows and says what is wrong with them.
import { PEGKE_PAGES_MAX } from '../../../protocol/limits.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import type { Identity } from '../../../protocol/facts.ts'
import type { Form } from '../form.ts'

const WHOLE = /^[1-9][0-9]{0,8}$/
const NO = new Set(['0', 'false', 'no', 'check'])

export function phoneOf(form: Form): string {
  return (form.phone ?? form.phone_number ?? '').trim()
}

export function readPhone(form: Form): Result<Identity> {
  const value = phoneOf(form)
  return value === ''
    ? refuse('input_invalid', 'Send the customer’s number as phone.', 'phone')
    : accept({ kind: 'phone', value })
}

/** PG-4: some clients send `10.0`. */
export function readPoints(form: Form): Result<number> {
  const text = (form.points ?? '').trim().replace(/\.0+$/, '')
  return WHOLE.test(text)
    ? accept(Number(text))
    : refuse('input_invalid', 'points must be a whole number of at least 1.', 'points')
}

/** PG-7. */
export function readPage(form: Form): Result<number> {
  const text = form.page ?? '1'
  const page = WHOLE.test(text) ? Number(text) : 0
  return page >= 1 && page <= PEGKE_PAGES_MAX
    ? accept(page)
    : refuse('input_invalid', `page must be a number from 1 to ${PEGKE_PAGES_MAX}.`, 'page')
}

export function readIdentity(form: Form): Result<Identity> {
  if (phoneOf(form) !== '') return readPhone(form)
  for (const kind of ['email', 'card'] as const) {
    const value = form[kind]?.trim() ?? ''
    if (value !== '') return accept({ kind, value })
  }
  return refuse('input_invalid', 'A store finds customers by phone, email or card; by name HQ does.', 'phone')
}

/** PG-6. */
export function readUse(form: Form): boolean {
  return !NO.has((form.use ?? '1').trim().toLowerCase())
}
