// One row of the sales file, from text to integers, or the reason why it is set aside. Texts repeat a lot (1,500 prices, 300 days over
// 320,000 rows), so each distinct text is worked out once; that, not the arithmetic, is what makes reading quick.
import { toScaled } from '../../../protocol/numbers.ts'
import { DAY_MS, MINUTE_MS, millisOfWallClock, zoneOffset } from '../../../protocol/time.ts'
import { PlainFault } from '../plain-fault.ts'
import { categoryOf } from './categories.ts'
import type { Category } from './categories.ts'

export const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const
type Column = (typeof COLUMNS)[number]

/** The file's times are wall clock in this zone, and so are its stores. */
export const FILE_ZONE = 'Europe/London'
/** Unit prices are kept in millionths of the currency: the amount is rounded once, after multiplying. */
export const PRICE_DIGITS = 6
const SKU_CHARS_MAX = 64

export type InvoiceSort = 'sale' | 'return' | 'adjustment'

export interface SalesRow {
  readonly row: number
  readonly invoice: string
  readonly sort: InvoiceSort
  readonly sku: string
  readonly category: Category
  /** Thousandths, signed. */
  readonly quantity: number
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  /** Millionths of the currency, signed. */
  readonly price: number
  /** "17850" for the file's 17850.0; null for a guest. */
  readonly customer: string | null
}

export type RowFault = { readonly reason: 'row_unparsable' | 'invoice_unknown'; readonly detail: string }
export type ReadRow =
  { readonly ok: true; readonly row: SalesRow } | { readonly ok: false; readonly fault: RowFault }

/** Works a text out once. Rows of one invoice repeat each other, so the last text is looked at first. */
function remembered<T>(work: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  let lastText = ''
  let lastValue = work('')
  return (text) => {
    if (text === lastText) return lastValue
    let value = known.get(text)
    if (value === undefined) {
      // A flat copy, so that what is kept does not keep the piece of file it was cut from.
      const flat = Buffer.from(text, 'utf8').toString('utf8')
      value = work(flat)
      known.set(flat, value)
    }
    lastText = text
    lastValue = value
    return value
  }
}

const SORTS: Readonly<Record<string, InvoiceSort>> = { '': 'sale', C: 'return', A: 'adjustment' }

export function sortOfInvoice(invoice: string): InvoiceSort | undefined {
  const match = /^([A-Z]?)[0-9]{1,20}$/.exec(invoice)
  return match === null ? undefined : SORTS[match[1] ?? '']
}

interface FileDay {
  /** The day's midnight as if the wall clock were UTC. */
  readonly wall: number
  /** Minutes ahead of UTC, where they are the same all day; null on the days the clock is changed. */
  readonly offset: number | null
}

function fileDay(text: string): FileDay | null {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return null
  const wall = Date.parse(`${text}T00:00:00Z`)
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== text) return null
  const offset = zoneOffset(FILE_ZONE, wall - DAY_MS / 2)
  return { wall, offset: zoneOffset(FILE_ZONE, wall + 1.5 * DAY_MS) === offset ? offset : null }
}

function timeOfDay(text: string): number | null {
  const match = /^([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?$/.exec(text)
  if (match === null) return text === '' ? 0 : null
  return (Number(match[1]) * 60 + Number(match[2])) * MINUTE_MS + Number(match[3] ?? 0) * 1000
}

/** Reads "2010-12-01 08:26:00", without seconds or without a time too, as UTC milliseconds; null when it is no time. */
export function fileClock(): (text: string) => number | null {
  const day = remembered(fileDay)
  const time = remembered(timeOfDay)
  return (text) => {
    const date = day(text.slice(0, 10))
    const clock = time(text.slice(11))
    const between = text.charAt(10)
    if (date === null || clock === null || !(between === ' ' || between === 'T' || text.length === 10))
      return null
    const wall = date.wall + clock
    return date.offset === null ? millisOfWallClock(wall, FILE_ZONE) : wall - date.offset * MINUTE_MS
  }
}

/** "17850.0" is customer 17850; empty is a guest; anything else undefined. */
export function customerOf(text: string): string | null | undefined {
  if (text === '') return null
  return /^([0-9]{1,15})(?:\.0*)?$/.exec(text)?.[1]
}

export class RowParser {
  readonly #index: Readonly<Record<Column, number>>
  readonly #columns: number
  readonly #invoice = remembered((text) => text)
  /** A stock code and what its last row said it was; nearly every row of a code says the same. */
  readonly #product = remembered((sku) => ({ sku, description: '', category: categoryOf(sku, '') }))
  readonly #sort = remembered((text) => sortOfInvoice(text) ?? null)
  readonly #quantity = remembered((text) => exactScaled(text, 3))
  readonly #price = remembered((text) => exactScaled(text, PRICE_DIGITS))
  readonly #time = remembered(fileClock())
  readonly #customer = remembered((text) => customerOf(text) ?? null)

  /** The header names the columns, in any order; columns of other names are allowed and not read. */
  constructor(header: readonly string[]) {
    const names = header.map((name) => name.replace(/^\uFEFF/, '').trim())
    const missing = COLUMNS.filter((column) => !names.includes(column))
    if (missing.length > 0)
      throw new SalesFileFault(
        `The sales file has no column ${missing.join(', ')}; its first line must name them.`,
      )
    this.#index = Object.fromEntries(COLUMNS.map((column) => [column, names.indexOf(column)])) as Record<
      Column,
      number
    >
    this.#columns = header.length
  }

  parse(row: number, fields: readonly string[]): ReadRow {
    if (fields.length !== this.#columns)
      return unparsable(`${fields.length} fields where the header has ${this.#columns}`)
    const cell = (column: Column): string => (fields[this.#index[column]] ?? '').trim()
    const invoice = cell('InvoiceNo')
    const sku = cell('StockCode')
    const customerText = cell('CustomerID')
    if (invoice === '') return unparsable('InvoiceNo is empty')
    if (sku === '' || sku.length > SKU_CHARS_MAX) return unparsable('StockCode is empty or too long')
    const quantity = this.#quantity(cell('Quantity'))
    if (quantity === null) return unparsable('Quantity is not a number of at most three decimals')
    const at = this.#time(cell('InvoiceDate'))
    if (at === null) return unparsable('InvoiceDate is not a time like 2010-12-01 08:26:00')
    const price = this.#price(cell('UnitPrice'))
    if (price === null) return unparsable('UnitPrice is not a number of at most six decimals')
    const customer = this.#customer(customerText)
    if (customer === null && customerText !== '') return unparsable('CustomerID is not a number')
    const sort = this.#sort(invoice)
    if (sort === null)
      return {
        ok: false,
        fault: { reason: 'invoice_unknown', detail: 'InvoiceNo is neither digits nor C or A and digits' },
      }
    const product = this.#product(sku)
    const description = cell('Description')
    if (description !== product.description) {
      product.description = description
      product.category = categoryOf(sku, description)
    }
    return {
      ok: true,
      row: {
        row,
        invoice: this.#invoice(invoice),
        sort,
        sku: product.sku,
        category: product.category,
        quantity,
        at,
        price,
        customer,
      },
    }
  }
}

/** The user's file or options are wrong: said in one plain sentence, without a stack. */
export class SalesFileFault extends PlainFault {}

function unparsable(detail: string): ReadRow {
  return { ok: false, fault: { reason: 'row_unparsable', detail } }
}

/** Further digits than asked for are not rounded away here: null. */
function exactScaled(text: string, digits: number): number | null {
  const decimals = text.split('.')[1]?.replace(/0+$/, '').length ?? 0
  if (decimals > digits) return null
  return toScaled(text, digits, 'half_up') ?? null
}
