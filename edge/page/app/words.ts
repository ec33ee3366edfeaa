// How the page says things: plain words, amounts, times on the store's clock wherever the browser stands.
import { computed, signal } from '@preact/signals'
import type { Activity, Status } from '../../till/answers.ts'

type Kind = Activity['kind']

/** Where the kind's own name is no word of a shop. */
const KIND_WORDS: Readonly<Partial<Record<Kind, string>>> = {
  checkin: 'Check-in',
  enrolment: 'New member',
  grant: 'Points given',
  voucher_use: 'Voucher used',
  link: 'Connection',
  lease: 'Offline limits',
  merge: 'Members merged',
  retro_claim: 'Claim',
  resolution: 'Decision',
}

/** What the filter offers: a word, and the kinds behind it; every other kind is the store's. */
export const KIND_GROUPS: readonly { readonly name: string; readonly kinds: readonly Kind[] }[] = [
  { name: 'Sales', kinds: ['sale', 'return', 'void'] },
  { name: 'Members', kinds: ['enrolment', 'checkin', 'profile', 'merge', 'activity', 'segment', 'referral'] },
  {
    name: 'Points',
    kinds: [
      'grant',
      'adjustment',
      'redemption',
      'voucher_use',
      'award',
      'entitlement',
      'correction',
      'challenge',
      'release',
      'moment',
    ],
  },
  { name: 'Store', kinds: [] },
]

/** The store's time zone. */
export const zone = signal('UTC')

const clock = computed(
  () =>
    new Intl.DateTimeFormat(undefined, {
      timeZone: zone.value,
      hourCycle: 'h23',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }),
)
/** Of the program in force; what has none yet is counted in minor units. */
export const money = signal<Status['program']>(null)

const amounts = computed(() => {
  const { currency, currency_digits: digits = 0 } = money.value ?? {}
  const style = currency === undefined ? 'decimal' : 'currency'
  return new Intl.NumberFormat(undefined, {
    style,
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
})
const counts = new Intl.NumberFormat()

export const timeText = (text: string): string => clock.value.format(new Date(text))
export const amountText = (minor: number): string =>
  amounts.value.format(minor / 10 ** (money.value?.currency_digits ?? 0))
export const countText = (count: number): string => counts.format(count)
export const kindWord = (kind: Kind): string =>
  KIND_WORDS[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1)

/** `+5 p`; `unit` of what is no points. */
export function pointsText(points: number, unit: '' | ' p' = ' p'): string {
  return `${points > 0 ? '+' : '−'}${countText(Math.abs(points))}${unit}`
}

/** `5 s`, `3 min`, `2 h`, `4 d`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

export function matches(one: Activity, words: readonly string[]): boolean {
  if (words.length === 0) return true
  const text = `${kindWord(one.kind)} ${one.text} ${one.member ?? ''} ${one.terminal ?? ''}`.toLowerCase()
  return words.every((word) => text.includes(word))
}
