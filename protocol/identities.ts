// The one form in which identities are compared, stored and sent (M-3): e-mail in lower case, a phone number as its digits with a leading plus.
import type { Identity } from './facts.ts'
import { unreachable } from './result.ts'

/** Empty for what is none. */
export function identityForm({ kind, value }: Identity): string {
  switch (kind) {
    case 'email':
      return value.trim().toLowerCase()
    case 'phone': {
      const digits = value.replaceAll(/\D/g, '')
      return digits.length > 0 && value.trimStart().startsWith('+') ? `+${digits}` : digits
    }
    case 'card':
    case 'external_id':
      return value.trim()
    default:
      return unreachable(kind)
  }
}
