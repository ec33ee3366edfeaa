// The promotion of a location: its own, where one names it, else the one for all locations.
import { EVERYTHING, eq } from '../../../collections/query.ts'
import { bodyOf } from '../../../collections/documents.ts'
import type { Row } from '../../../collections/collection.ts'
import { refuse } from '../../../../protocol/result.ts'
import type { Outcome } from '../../frame/resource.ts'
import { keyOf } from '../../frame/values.ts'
import { refused } from './access.ts'
import type { PerkvilleCall } from './access.ts'

const PROMOTIONS_MAX = 1_000

export async function promotionsOfLocation({
  services,
  tenants,
  params,
  page,
}: PerkvilleCall): Promise<Outcome> {
  const location = keyOf('locations', params.get('location') ?? '')
  const given = params.get('business') ?? params.get('biz')
  const business = given === null ? null : keyOf('businesses', given)
  if (location === undefined || business === undefined)
    return refused(
      refuse('input_invalid', 'Enter a key.', location === undefined ? 'location' : 'business').refusal,
    )
  const [place] = await services.read.rows(services.schema.of('locations'), {
    tenants,
    where: eq('id', location),
    limit: 1,
  })
  if (place === undefined || (business !== null && business !== place.tenant)) return { ok: true, rows: [] }
  const all = await services.read.rows(services.schema.of('promotions'), {
    tenants: [Number(place.tenant)],
    where: EVERYTHING,
    limit: PROMOTIONS_MAX,
  })
  const own = all.filter((row) => names(row, location))
  const shown = own.length > 0 ? own : all.filter((row) => bodyOf(row).eligible_at_all_locations !== false)
  return { ok: true, rows: shown.slice(page.offset, page.offset + page.limit + 1) }
}

function names(row: Row, location: number): boolean {
  const { eligible_at_all_locations: everywhere, eligible_locations: list } = bodyOf(row)
  return everywhere === false && Array.isArray(list) && list.includes(location)
}
