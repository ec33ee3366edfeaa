// Reports of a business: rows with plain keys, under both of each doubtful field's names (PK-16 to PK-18).
import type { StoreId } from '../../../../protocol/ids.ts'
import { DAY_MS } from '../../../../protocol/time.ts'
import { among, and } from '../../../collections/query.ts'
import type { Predicate } from '../../../collections/query.ts'
import type { TopEarner } from '../../../domain/accounts/views/rankings.ts'
import type { Row } from '../../../collections/collection.ts'
import { isStaffOf, locationsOf } from '../../../platform/principal.ts'
import { STAFF_ROLES } from '../../../store/platform-port.ts'
import type { Input, InputTable } from '../../frame/input.ts'
import type { Outcome } from '../../frame/resource.ts'
import { NOT_STAFF } from './access.ts'
import type { PerkvilleCall } from './access.ts'
import { readParameters } from './parameters.ts'

const REPORTED = {
  business: { type: 'key', of: 'businesses', required: true },
  locations: { type: 'keys', of: 'locations' },
} as const satisfies InputTable['fields']

const TRANSACTIONS: InputTable = {
  fields: { ...REPORTED, from_datetime: { type: 'datetime' }, to_datetime: { type: 'datetime' } },
}
const EARNERS: InputTable = {
  fields: {
    ...REPORTED,
    from_date: { type: 'date' },
    to_date: { type: 'date' },
    hide_pending: { type: 'boolean' },
    hide_cancelled: { type: 'boolean' },
  },
}

export async function transactionReport(call: PerkvilleCall): Promise<Outcome> {
  const asked = askedFor(call, TRANSACTIONS)
  if (!asked.ok) return asked
  const { from_datetime: from, to_datetime: to } = asked.value
  const where: Predicate[] = []
  if (typeof from === 'number') where.push({ at: ['at'], is: 'gte', value: from })
  if (typeof to === 'number') where.push({ at: ['at'], is: 'lte', value: to })
  const places = placesOf(call, asked.value)
  if (places !== null) where.push(among('location', places))
  const { limit, offset } = call.page
  const rows = await call.services.read.rows(call.services.schema.of('transactions'), {
    tenants: [Number(asked.value.business)],
    where: and(...where),
    order: [{ column: 'at' }],
    limit: limit + 1,
    offset,
  })
  return { ok: true, rows }
}

/** Days are of UTC, both included (PK-62). */
export async function topEarners(call: PerkvilleCall): Promise<Outcome> {
  const asked = askedFor(call, EARNERS)
  if (!asked.ok) return asked
  const { business, from_date: from, to_date: to, hide_pending, hide_cancelled } = asked.value
  const { limit, offset } = call.page
  const earners = await call.services.accounts.rankings.topEarners(Number(business), {
    from: typeof from === 'string' ? Date.parse(from) : null,
    until: typeof to === 'string' ? Date.parse(to) + DAY_MS : null,
    stores: placesOf(call, asked.value) as readonly StoreId[] | null,
    hidePending: hide_pending === true,
    hideCancelled: hide_cancelled === true,
    limit: limit + 1,
    offset,
  })
  return { ok: true, rows: earners.map(earnerRow) }
}

type Asked = { readonly ok: true; readonly value: Input } | Extract<Outcome, { ok: false }>

/** Of a business that the caller is staff of. */
function askedFor(call: PerkvilleCall, table: InputTable): Asked {
  const read = readParameters(call.params, table)
  if (!read.ok) return read
  const business = Number(read.value.business)
  return call.tenants.includes(business) && isStaffOf(call.principal, business, STAFF_ROLES)
    ? read
    : NOT_STAFF
}

/** Those that are asked for, of those that the caller works at; null: all. */
function placesOf({ principal }: PerkvilleCall, { business, locations }: Input): readonly number[] | null {
  const worked = locationsOf(principal, Number(business), STAFF_ROLES)
  const asked = Array.isArray(locations) ? locations.map(Number) : null
  return asked === null ? worked : asked.filter((location) => worked?.includes(location) ?? true)
}

function earnerRow({ connection, person, email, points, lastStore }: TopEarner): Row {
  return {
    id: connection.id,
    first_name: person.first_name ?? '',
    last_name: person.last_name ?? '',
    person: connection.person,
    home: connection.home,
    last_location: lastStore,
    points,
    email,
  }
}
