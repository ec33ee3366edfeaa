// How e-mail addresses and telephone numbers are read and compared, as tills do it too: two addresses that differ in case only are one, since no
// provider in use tells them apart, and a person who types a capital must not become two.
import type { ContactOfPerson } from '../store/platform-port.ts'

/** RFC 5321 allows 254; what stands between is left to the mail server. */
const EMAIL = /^(?=.{3,120}$)[^\s@<>"(),;:\\]+@[^\s@<>"(),;:\\.]+(?:\.[^\s@<>"(),;:\\.]+)*$/u
const PHONE = /^\+?[0-9]{3,20}$/

/** How it is compared; undefined for what is none. */
export function foldContact(kind: ContactOfPerson['kind'], given: string): string | undefined {
  const text = given.trim().normalize('NFC')
  const folded = kind === 'email' ? text.toLowerCase() : text.replaceAll(/[\s()./-]/g, '')
  return (kind === 'email' ? EMAIL : PHONE).test(folded) ? folded : undefined
}
