// The report of a business's transactions: rows with plain keys, by time and place, under both of each field's names (PK-17, PK-18).
import { refuse } from '../../../../protocol/result.ts'
import { EVERYTHING, among, and } from '../../../collections/query.ts'
import type { Predicate } from '../../../collections/query.ts'
import type { Row } from '../../../collections/collection.ts'
import { isStaffOf } from '../../../platform/principal.ts'
import { STAFF_ROLES } from '../../../store/platform-port.ts'
import { objectOf, datetime, plain } from '../../frame/object.ts'
import type { Fields } from '../../frame/object.ts'
import type { Outcome } from '../../frame/resource.ts'
import { datetimeOf, keyOf } from '../../frame/values.ts'
import { refused } from './access.ts'
import type { PerkvilleCall } from './access.ts'

export const REPORT_FIELDS: Fields = {
  classification: plain('classification'),
  title: plain('title'),
  trans_source_id: plain('source_id'),
  perk_id: plain('perk'),
  business_id: plain('tenant'),
  transaction_status: plain('status'),
  trans_status: plain('status'),
  points: plain('points'),
  transaction_dt: datetime('at'),
  user_id: plain('person'),
  transaction_reference: plain('reference'),
  location_id: plain('location'),
  locations_id: plain('location'),
  quantity: plain('quantity'),
  transaction_id: plain('id'),
}

const KNOWN = [
  'business',
  'business_id',
  'biz',
  'locations',
  'locations__in',
  'from_datetime',
  'to_datetime',
  'limit',
  'offset',
  'format',
]

export async function transactionReport(call: PerkvilleCall): Promise<Outcome> {
  const { params, page, services, base } = call
  const unknown = [...params.keys()].filter((name) => !KNOWN.includes(name))
  if (unknown.length > 0)
    return refused(
      ...unknown.map((name) => refuse('input_invalid', 'The report has no such parameter.', name).refusal),
    )
  const given = params.get('business') ?? params.get('business_id') ?? params.get('biz')
  if (given === null) return refused(refuse('input_missing', 'A business is required.', 'business').refusal)
  const business = keyOf('businesses', given)
  if (
    business === undefined ||
    !call.tenants.includes(business) ||
    !isStaffOf(call.principal, business, STAFF_ROLES)
  )
    return refused(refuse('input_invalid', 'The token may not act for this business.', 'business').refusal)
  const where: Predicate[] = []
  for (const [name, is] of [
    ['from_datetime', 'gte'],
    ['to_datetime', 'lte'],
  ] as const) {
    const text = params.get(name)
    const value = datetimeOf(text ?? undefined)
    if (text !== null && value === undefined)
      return refused(refuse('input_invalid', 'Enter a time, YYYY-MM-DD HH:MM:SS.', name).refusal)
    if (value !== undefined) where.push({ at: ['at'], is, value })
  }
  const places = params.get('locations__in') ?? params.get('locations')
  if (places !== null)
    where.push(
      among(
        'location',
        places.split(',').map((key) => keyOf('locations', key) ?? 0),
      ),
    )
  const rows: Row[] = await services.read.rows(services.schema.of('transactions'), {
    tenants: [business],
    where: where.length === 0 ? EVERYTHING : and(...where),
    order: [{ column: 'at' }],
    limit: page.limit,
    offset: page.offset,
  })
  const objects = rows.map((row) => objectOf(REPORT_FIELDS, row, base, {}))
  return { ok: true, json: { meta: { limit: page.limit, offset: page.offset, next: null }, objects } }
}
