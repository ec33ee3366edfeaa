// Members of other systems: told of one by one, changed, and told of in batches.
import type { Refusal } from '../../../../protocol/result.ts'
import { refuse } from '../../../../protocol/result.ts'
import type { Millis } from '../../../../protocol/time.ts'
import type { Json } from '../../../collections/collection.ts'
import type { Membership, MembershipOf } from '../../../domain/accounts/operations/memberships.ts'
import { readInput } from '../../frame/input.ts'
import type { Input } from '../../frame/input.ts'
import { objectOf } from '../../frame/object.ts'
import type { Outcome } from '../../frame/resource.ts'
import { fieldOf } from '../refusals.ts'
import { NOT_STAFF, ownLocationOf, refused, staffedBusiness, textOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'
import type { BatchRows } from './batch-transactions.ts'
import { batchOf, bodyOfRow } from './batches.ts'
import { whoOf } from './transactions.ts'

/** Rows of one batch. */
const MEMBERS_MAX = 50

type Told =
  | { readonly ok: true; readonly of: MembershipOf; readonly membership: Membership }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export async function createExternalMember(call: PerkvilleCall): Promise<Outcome> {
  const tenant = staffedBusiness(call)
  return tenant === undefined ? NOT_STAFF : tell(call, tenant, call.input)
}

export async function changeExternalMember(call: PerkvilleCall): Promise<Outcome> {
  const { row, input } = call
  const known = { external_member_id: textIn(row?.external_id), external_system_id: textIn(row?.system) }
  return tell(call, Number(row?.tenant), { ...input, ...known })
}

async function tell(call: PerkvilleCall, tenant: number, input: Input): Promise<Outcome> {
  const told = await toldOf(call, tenant, input)
  if (!told.ok) return refused(...told.refusals)
  const [done] = await call.services.accounts.memberships.upsert(tenant, [told])
  if (done === undefined) throw new Error('every membership that is told of has an answer')
  return done.ok ? { ok: true, id: done.value.id } : refused(done.refusal)
}

export function postMembersOf(rows: BatchRows): (call: PerkvilleCall) => Promise<Outcome> {
  return async (call) => {
    const batch = await batchOf(call, 'external_members', MEMBERS_MAX)
    if (!batch.ok) return batch
    const { tenant } = batch
    const read = await Promise.all(
      batch.list.map(async (row): Promise<Told> => {
        const input = readInput(rows.input, bodyOfRow(row))
        return input.ok ? toldOf(call, tenant, input.value) : input
      }),
    )
    const good = read.filter((told) => told.ok)
    const done = await call.services.accounts.memberships.upsert(tenant, good)
    let next = 0
    const results = read.map((told): Json => {
      if (!told.ok) return failed(told.refusals)
      const one = done[next++]
      if (one === undefined) throw new Error('every membership that is told of has an answer')
      return one.ok ? objectOf(rows.fields, one.value, call.base, {}) : failed([one.refusal])
    })
    await batch.finished(results)
    return { ok: true, json: { business: tenant, external_members: results } }
  }
}

async function toldOf(call: PerkvilleCall, tenant: number, input: Input): Promise<Told> {
  const membership = await membershipOf(call, tenant, input)
  if (!membership.ok) return membership
  const { person: _, external: name, ...who } = whoOf(input)
  if (name === undefined) throw new Error('the table of the input wants an external member')
  return { ok: true, of: { ...who, external: name }, membership: membership.value }
}

/** What a body says of a membership, of whichever resource. */
export async function membershipOf(
  call: PerkvilleCall,
  tenant: number,
  input: Input,
): Promise<{ readonly ok: true; readonly value: Membership } | ReturnType<typeof refused>> {
  const { home_location: home, external_home_location_id: external } = input
  const named = home !== undefined || external !== undefined
  const location = named
    ? await ownLocationOf(call, tenant, { location: home ?? null, external_location_id: external ?? null })
    : undefined
  if (named && location === undefined) {
    const field = home === undefined ? 'external_home_location_id' : 'home_location'
    return refused(refuse('store_not_found', 'The business has no such location.', field).refusal)
  }
  const { external_membership_status: status, external_membership_type: type } = input
  const { external_join_dt: joined, external_cancel_dt: cancelled } = input
  const value: Membership = {
    ...(type === undefined ? {} : { type: textOf(type) }),
    ...(status === undefined ? {} : { status: status === 'ACTIVE' || status === 'INACTIVE' ? status : null }),
    ...(location === undefined ? {} : { home: location }),
    ...(joined === undefined ? {} : { joined: Number(joined) as Millis }),
    ...(cancelled === undefined ? {} : { cancelled: Number(cancelled) as Millis }),
  }
  return { ok: true, value }
}

/** Lists of texts, and not of objects (PK-6). */
function failed(refusals: readonly Refusal[]): Json {
  const errors: Record<string, string[]> = {}
  for (const refusal of refusals) (errors[fieldOf(refusal)] ??= []).push(refusal.detail)
  return { error_type: 'invalid_request_error', errors }
}

function textIn(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}
