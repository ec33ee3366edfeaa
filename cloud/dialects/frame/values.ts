// Values of dialects as text and back: dates and times of UTC, truth, whole numbers, and the URIs by which platforms name records. What is read is
// read liberally (a form knows only text), what is written has one form.
import type { Json } from '../../collections/collection.ts'

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const DATETIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)? ?(Z|[+-]\d{2}:?\d{2})?$/
const INTEGER = /^-?\d{1,16}$/
const DECIMAL_PLACES = 3

/** 2024-01-02T08:00:00+00:00, with a fraction only where there is one. */
export function datetimeText(ms: number): string {
  return new Date(ms).toISOString().replace(/(?:\.000)?Z$/, '+00:00')
}

/** Milliseconds; without an offset it is UTC, without a time midnight. Undefined for what is no time. */
export function datetimeOf(value: Json | undefined): number | undefined {
  const [, date, hours = '00', minutes = '00', seconds = '00', fraction = '', zone = 'Z'] =
    DATETIME.exec(typeof value === 'string' ? value.trim() : '') ?? []
  if (date === undefined || dateOf(date) === undefined) return undefined
  const offset = zone === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  const millis = fraction.padEnd(DECIMAL_PLACES, '0').slice(0, DECIMAL_PLACES)
  const ms = Date.parse(`${date}T${hours}:${minutes}:${seconds}.${millis}${offset}`)
  return Number.isNaN(ms) ? undefined : ms
}

/** YYYY-MM-DD of a day that exists. */
export function dateOf(value: Json | undefined): string | undefined {
  if (typeof value !== 'string' || !DATE.test(value)) return undefined
  const ms = Date.parse(`${value}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(value) ? value : undefined
}

export function integerOf(value: Json | undefined): number | undefined {
  const number = typeof value === 'string' && INTEGER.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}

const TRUTHS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  1: true,
  false: false,
  False: false,
  0: false,
}

export function booleanOf(value: Json | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && Object.hasOwn(TRUTHS, text) ? TRUTHS[text] : undefined
}

/** `/v2/perks/60/` */
export function uriText(base: string, resource: string, key: number | string): string {
  return `${base}/${resource}/${key}/`
}

/** The key in a record's URI, with or without host, mount and slash, or the plain key. */
export function keyOf(resource: string, value: Json | undefined): number | undefined {
  if (typeof value !== 'string' || !value.includes('/')) return positive(integerOf(value))
  const [, name, key] = /\/([a-z-]+)\/(\d{1,16})\/?$/.exec(value) ?? []
  return name === resource ? positive(integerOf(key)) : undefined
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined
}
