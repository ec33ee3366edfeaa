// Hot: the JSON bodies of the calls, put together by hand (320,000 lines). A body is a function of the call and of the ids the store
// answered with, so that the same call always has the same bytes: an idempotency key stands for its body.
import { QUANTITY_UNIT } from '../../../protocol/numbers.ts'
import { assert } from '../../../protocol/result.ts'
import type { EnrolmentCall, PlannedCall, ReturnCall, SaleCall } from './plan.ts'

/** What the store answered so far: ids as the decimal texts they travel as. */
export interface KnownIds {
  readonly members: ReadonlyMap<string, string>
  readonly sales: ReadonlyMap<SaleCall, string>
}

export const PATHS: Readonly<Record<PlannedCall['kind'], string>> = {
  enrolment: '/v1/members',
  sale: '/v1/sales',
  return: '/v1/returns',
}

const quoted = new Map<string, string>()
const times = { at: Number.NaN, text: '' }

function quote(text: string): string {
  let known = quoted.get(text)
  if (known === undefined) {
    known = JSON.stringify(text)
    quoted.set(text, known)
  }
  return known
}

/** Calls of one minute follow each other. */
function timeText(at: number): string {
  if (times.at !== at) {
    times.at = at
    times.text = new Date(at).toISOString()
  }
  return times.text
}

export function bodyOf(call: PlannedCall, known: KnownIds): string {
  switch (call.kind) {
    case 'enrolment':
      return enrolmentBody(call)
    case 'sale':
      return saleBody(call, known)
    case 'return':
      return returnBody(call, known)
  }
}

function enrolmentBody({ at, customer }: EnrolmentCall): string {
  return `{"occurred_at":"${timeText(at)}","identities":[{"kind":"external_id","value":${quote(customer)}}]}`
}

function memberPart(customer: string | null, known: KnownIds): string {
  if (customer === null) return ''
  const id = known.members.get(customer)
  assert(id !== undefined, `customer ${customer} was enrolled before`)
  return `,"member":"${id}"`
}

function saleBody({ at, customer, lines }: SaleCall, known: KnownIds): string {
  let text = `{"occurred_at":"${timeText(at)}"${memberPart(customer, known)},"lines":[`
  let between = ''
  for (const { sku, category, quantity, amount } of lines) {
    text += `${between}{"sku":${quote(sku)},"category":"${category}","quantity":${quantity / QUANTITY_UNIT},"amount":${amount}}`
    between = ','
  }
  return `${text}]}`
}

function returnBody({ at, customer, lines }: ReturnCall, known: KnownIds): string {
  let text = `{"occurred_at":"${timeText(at)}"${memberPart(customer, known)},"lines":[`
  let between = ''
  for (const { sale, line, sku, quantity, amount } of lines) {
    const id = sale === null ? undefined : known.sales.get(sale)
    assert(sale === null || id !== undefined, 'the sale that is given back was acknowledged before')
    const from = id === undefined ? '"sale":null' : `"sale":"${id}","line":${line}`
    text += `${between}{${from},"sku":${quote(sku)},"quantity":${quantity / QUANTITY_UNIT},"amount":${amount}}`
    between = ','
  }
  return `${text}]}`
}
