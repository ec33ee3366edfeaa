// Making and changing perks. What the program knows goes to the program, the rest into the document; the API makes STANDARD perks only.
import { refuse } from '../../../../protocol/result.ts'
import type { Extras } from '../../../domain/configuration/configuration.ts'
import type { PerkChanges } from '../../../domain/configuration/perk-rules.ts'
import type { Json } from '../../../collections/collection.ts'
import type { Input } from '../../frame/input.ts'
import type { Outcome } from '../../frame/resource.ts'
import { NOT_STAFF, authorOf, ownBusiness, refused, textOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'

const STATUSES = { UNUSED: 'unused', USED: 'used', ISSUED: 'issued' } as const
/** Members of the document that no program knows. */
const TOLD = ['description', 'fine_print', 'redemption_instructions', 'external_coupon_code']

export async function createPerk(call: PerkvilleCall): Promise<Outcome> {
  const { input, services } = call
  const business = ownBusiness(call)
  if (business === undefined) return NOT_STAFF
  const classification = input.classification === 'REDEEM' ? 'REDEEM' : 'EARN'
  if (classification === 'REDEEM' && input.completes_referral === true) return NO_REFERRAL
  const changes = changesOf(input)
  // Left out with a list, it is false, as in the document's sample; left out with neither, it is true.
  const everywhere = input.eligible_at_all_locations ?? input.eligible_locations === undefined
  if (everywhere === false && input.eligible_locations === undefined) return NO_LOCATIONS
  const perk = {
    ...changes,
    classification,
    title: textOf(input.title),
    points: Number(input.points),
    stores: everywhere === true ? null : (changes.stores ?? null),
  } as const
  const made = await services.configuration.createPerk(business, perk, extrasOf(input), authorOf(call))
  return made.ok ? { ok: true, id: made.value } : refused(made.refusal)
}

export async function changePerk(call: PerkvilleCall): Promise<Outcome> {
  const { input, row, services } = call
  if (row?.classification === 'REDEEM' && input.completes_referral === true) return NO_REFERRAL
  if (input.eligible_at_all_locations === false && input.eligible_locations === undefined) return NO_LOCATIONS
  const changed = await services.configuration.changePerk(
    Number(row?.tenant),
    Number(row?.id),
    changesOf(input),
    extrasOf(input),
    authorOf(call),
  )
  return changed.ok ? { ok: true, id: changed.value } : refused(changed.refusal)
}

const NO_REFERRAL = refused(
  refuse('input_invalid', 'A REDEEM perk completes no referral.', 'completes_referral').refusal,
)
const NO_LOCATIONS = refused(
  refuse('input_missing', 'Name the eligible locations.', 'eligible_locations').refusal,
)

function changesOf(input: Input): PerkChanges {
  const { title, points, status, completes_referral: completes, external_coupon_code: code } = input
  const initial = STATUSES[input.initial_voucher_status as keyof typeof STATUSES]
  const stores = storesOf(input)
  return {
    ...(typeof title === 'string' ? { title } : {}),
    ...(typeof points === 'number' ? { points } : {}),
    ...(status === 'ACTIVE' || status === 'INACTIVE' ? { status } : {}),
    ...(stores === undefined ? {} : { stores }),
    ...(typeof completes === 'boolean' ? { completesReferral: completes } : {}),
    ...(typeof code === 'string' || code === null ? { externalCode: code } : {}),
    ...(input.initial_voucher_status === undefined ? {} : { initialStatus: initial }),
  }
}

/** Null: everywhere. */
function storesOf({
  eligible_at_all_locations: all,
  eligible_locations: list,
}: Input): readonly number[] | null | undefined {
  if (all === true) return null
  return Array.isArray(list) ? list.map(Number) : undefined
}

function extrasOf(input: Input): Extras {
  const body: Record<string, Json> = {}
  for (const name of TOLD) {
    const value = input[name]
    if (typeof value === 'string' || value === null) body[name] = value
  }
  const { admin_flagged_as_invisible_to_customers: invisible } = input
  return { ...(typeof invisible === 'boolean' ? { invisible } : {}), body }
}
