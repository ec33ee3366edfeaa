// Making and changing locations.
import type { Place } from '../../../domain/configuration/configuration.ts'
import type { Input } from '../../frame/input.ts'
import type { Outcome } from '../../frame/resource.ts'
import { NOT_STAFF, authorOf, ownBusiness, refused, textOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'

const ADDRESS = ['address_1', 'address_2', 'city', 'country_code', 'postal_code', 'state']

export async function createLocation(call: PerkvilleCall): Promise<Outcome> {
  const business = ownBusiness(call)
  if (business === undefined) return NOT_STAFF
  const place = { ...placeOf(call.input), name: textOf(call.input.name) }
  const made = await call.services.configuration.createLocation(business, place, authorOf(call))
  return made.ok ? { ok: true, id: made.value } : refused(made.refusal)
}

export async function changeLocation(call: PerkvilleCall): Promise<Outcome> {
  const tenant = Number(call.row?.tenant)
  // A location stays with its business: naming another is refused, naming its own changes nothing.
  if (call.input.business !== undefined && call.input.business !== tenant) return NOT_STAFF
  const changed = await call.services.configuration.changeLocation(
    tenant,
    Number(call.row?.id),
    placeOf(call.input),
    authorOf(call),
  )
  return changed.ok ? { ok: true, id: changed.value } : refused(changed.refusal)
}

function placeOf(input: Input): Place {
  const address = ADDRESS.flatMap((name) => {
    const value = input[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  const { name, external_location_id: external } = input
  return {
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    ...(typeof external === 'string' ? { externalLocationId: external } : {}),
    body: Object.fromEntries(address),
  }
}
