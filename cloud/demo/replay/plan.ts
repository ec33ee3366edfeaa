// From rows to the calls of a replay, in the order of the file's time. Invoices are their number: rows of one invoice belong together
// wherever they stand, the first row's time and customer count. The plan knows no HTTP; it refers to a sale by the sale itself, and the
// driver fills in the id the store answered with.
// Accounting: every row ends in exactly one of soldRows, returnedRows and the rows set aside unsent.
import { AMOUNT_MAX, LINES_MAX } from '../../../protocol/limits.ts'
import { QUANTITY_UNIT, mulDiv } from '../../../protocol/numbers.ts'
import { assert } from '../../../protocol/result.ts'
import type { Category } from './categories.ts'
import { ReturnMatcher } from './matching.ts'
import type { MatchedLine } from './matching.ts'
import type { SetAside } from './quarantine.ts'
import type { ReadRow, SalesRow } from './rows.ts'
import { PRICE_DIGITS } from './rows.ts'

const PENCE_DIGITS = 2
const PRICE_PER_PENNY = 10 ** (PRICE_DIGITS - PENCE_DIGITS)

export interface SoldLine {
  readonly sku: string
  readonly category: Category
  /** Thousandths, above zero. */
  readonly quantity: number
  /** Pence. */
  readonly amount: number
}

interface Call {
  readonly key: string
  /** Milliseconds since 1970, UTC. */
  readonly at: number
  readonly customer: string | null
}

export interface EnrolmentCall extends Call {
  readonly kind: 'enrolment'
  readonly customer: string
}

export interface SaleCall extends Call {
  readonly kind: 'sale'
  readonly invoice: string
  readonly lines: readonly SoldLine[]
}

export interface ReturnCall extends Call {
  readonly kind: 'return'
  readonly invoice: string
  readonly lines: readonly MatchedLine<SaleCall>[]
}

export type PlannedCall = EnrolmentCall | SaleCall | ReturnCall

export interface Plan {
  readonly calls: readonly PlannedCall[]
  readonly rows: number
  readonly soldRows: number
  readonly returnedRows: number
  readonly setAside: readonly SetAside[]
  /** Invoice numbers seen, and those of which no row was left to send. */
  readonly invoices: number
  readonly invoicesEmpty: number
  readonly sales: number
  readonly guestSales: number
  readonly returns: number
  readonly members: number
}

/** What one accepted row adds to its invoice. */
interface InvoiceLine extends SoldLine {
  readonly row: number
}

interface Invoice {
  readonly invoice: string
  readonly sort: 'sale' | 'return'
  readonly at: number
  readonly customer: string | null
  readonly lines: InvoiceLine[]
}

export class Planner {
  readonly #invoices = new Map<string, Invoice>()
  readonly #numbers = new Set<string>()
  readonly #setAside: SetAside[] = []
  #rows = 0

  /** Takes the next row of the file; rows are counted here. */
  add(read: (row: number) => ReadRow, fields: readonly string[]): void {
    this.#rows += 1
    const parsed = read(this.#rows)
    if (!parsed.ok) {
      this.#aside(this.#rows, parsed.fault.reason, parsed.fault.detail, fields)
      return
    }
    const { row } = parsed
    this.#numbers.add(row.invoice)
    if (row.sort === 'adjustment') return this.#aside(row.row, 'adjustment', 'no goods', fields)
    const quantity = row.sort === 'sale' ? row.quantity : -row.quantity
    if (quantity <= 0) {
      const reason = row.sort === 'sale' ? 'quantity_not_positive' : 'quantity_not_negative'
      return this.#aside(row.row, reason, `quantity ${row.quantity / QUANTITY_UNIT}`, fields)
    }
    if (row.price <= 0)
      return this.#aside(row.row, 'price_not_positive', `price ${row.price / 10 ** PRICE_DIGITS}`, fields)
    const amount = amountOf(quantity, row.price)
    if (amount === undefined) return this.#aside(row.row, 'amount_over_limit', 'quantity x price', fields)
    this.#addLine(row, row.sort, quantity, amount, fields)
  }

  #addLine(
    row: SalesRow,
    sort: 'sale' | 'return',
    quantity: number,
    amount: number,
    fields: readonly string[],
  ): void {
    let invoice = this.#invoices.get(row.invoice)
    if (invoice === undefined) {
      invoice = { invoice: row.invoice, sort, at: row.at, customer: row.customer, lines: [] }
      this.#invoices.set(row.invoice, invoice)
    }
    if (invoice.customer !== row.customer)
      return this.#aside(row.row, 'customer_differs', `first row: ${invoice.customer ?? 'guest'}`, fields)
    if (invoice.lines.length >= LINES_MAX)
      return this.#aside(row.row, 'lines_over_limit', `over ${LINES_MAX} lines`, fields)
    invoice.lines.push({ row: row.row, sku: row.sku, category: row.category, quantity, amount })
  }

  #aside(
    row: number,
    reason: SetAside['reason'],
    detail: string,
    fields: readonly string[],
    sent = false,
  ): void {
    this.#setAside.push({ row, reason, detail, sent, fields })
  }

  finish(): Plan {
    // The sort is stable: invoices of one minute keep the file's order.
    const invoices = [...this.#invoices.values()].toSorted((a, b) => a.at - b.at)
    const calls: PlannedCall[] = []
    const members = new Set<string>()
    const matcher = new ReturnMatcher<SaleCall>()
    for (const { sort, customer, lines } of invoices)
      if (sort === 'return' && customer !== null) matcher.expect(customer, lines)
    const counts = { soldRows: 0, returnedRows: 0, sales: 0, guestSales: 0, returns: 0 }
    for (const invoice of invoices) {
      const { at, customer } = invoice
      if (customer !== null && !members.has(customer)) {
        members.add(customer)
        calls.push({ kind: 'enrolment', key: `member-${customer}`, at, customer })
      }
      if (invoice.sort === 'sale') {
        const { invoice: number, lines } = invoice
        const sale: SaleCall = { kind: 'sale', key: `sale-${number}`, invoice: number, at, customer, lines }
        calls.push(sale)
        if (customer !== null) matcher.bought(customer, sale, sale.lines)
        counts.sales += 1
        if (customer === null) counts.guestSales += 1
        counts.soldRows += invoice.lines.length
      } else {
        calls.push(this.#returnOf(invoice, matcher))
        counts.returns += 1
        counts.returnedRows += invoice.lines.length
      }
    }
    const plan: Plan = {
      calls,
      rows: this.#rows,
      ...counts,
      setAside: this.#setAside.toSorted((a, b) => a.row - b.row),
      invoices: this.#numbers.size,
      invoicesEmpty: this.#numbers.size - invoices.length,
      members: members.size,
    }
    const unsent = plan.setAside.filter(({ sent }) => !sent).length
    assert(plan.rows === plan.soldRows + plan.returnedRows + unsent, 'every row of the file is accounted for')
    return plan
  }

  #returnOf({ invoice, at, customer, lines }: Invoice, matcher: ReturnMatcher<SaleCall>): ReturnCall {
    const parts: MatchedLine<SaleCall>[] = []
    for (const line of lines) {
      // The parts of the lines still to come must fit as well.
      const room = LINES_MAX - parts.length - (lines.length - 1)
      const matched = matcher.giveBack(customer, line, Math.max(1, room))
      parts.push(...matched)
      const without = matched.find(({ sale }) => sale === null)
      if (without === undefined) continue
      const reason = matched.length === 1 ? 'unmatched_return_line' : 'partly_matched_return_line'
      const detail = `${without.quantity / QUANTITY_UNIT} of ${line.quantity / QUANTITY_UNIT} without an earlier purchase`
      this.#aside(line.row, reason, detail, [invoice, line.sku, customer ?? ''], true)
    }
    return { kind: 'return', key: `return-${invoice}`, invoice, at, customer, lines: parts }
  }
}

/** Pence of thousandths times millionths, rounded half up once; undefined above the limit of one amount. */
function amountOf(quantity: number, price: number): number | undefined {
  const pieces = quantity % QUANTITY_UNIT === 0
  const factor = pieces ? quantity / QUANTITY_UNIT : quantity
  if (!Number.isSafeInteger(factor * price)) return undefined
  const amount = mulDiv(factor, price, pieces ? PRICE_PER_PENNY : PRICE_PER_PENNY * QUANTITY_UNIT, 'half_up')
  return amount <= AMOUNT_MAX ? amount : undefined
}
