// What can be redeemed, and what is left of it: of the budgets of all, of one member's limits.
import type { StoreId } from '../../../protocol/ids.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { hybridTime, zoneOffset } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import { HQ_STORE } from '../../domain/ingest/own-facts.ts'
import { claimsOf } from '../../domain/leases/member-books.ts'
import type { PerkScene } from '../../domain/perk-views.ts'
import { PerkViewShape, perkView } from '../../domain/perk-views.ts'
import { pageOf } from '../../domain/view-shapes.ts'
import { stateOf } from '../../domain/views.ts'
import type { Program } from '../../evaluation/compile.ts'
import { stateAt } from '../../evaluation/time/time.ts'
import type { MemberListRow, TenantId } from '../../store/port.ts'
import { PerksQueryShape, listOf, memberOfPath, noMember, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Services } from '../services.ts'

interface Wanted {
  readonly member?: string
  readonly store?: number
}

/** The member of the query, as whoever it was merged into. */
async function rowOf(
  { read }: Services,
  tenant: TenantId,
  { member }: Wanted,
): Promise<Result<MemberListRow | null>> {
  if (member === undefined) return accept(null)
  const id = memberOfPath(member)
  if (!id.ok) return id
  const named = await read.member(id.value)
  const into = named?.mergedInto ?? null
  const row = into === null ? named : await read.member(into)
  return row === undefined || row.tenant !== tenant ? noMember(id.value) : accept(row)
}

async function sceneOf(
  services: Services,
  tenant: TenantId,
  wanted: Wanted,
  program: Program,
): Promise<Result<PerkScene>> {
  const row = await rowOf(services, tenant, wanted)
  if (!row.ok) return row
  const { read, clock } = services
  const now = clock.now() as Millis
  const member = row.value
  const stored = member === null ? null : stateOf(member)
  const home = stored?.more?.profile.homeStore ?? 0
  const store = (wanted.store ?? (home > 0 ? home : (member?.store ?? HQ_STORE))) as StoreId
  const place = (await read.stores(tenant)).find(({ id }) => id === store)
  if (place === undefined && wanted.store !== undefined)
    return refuse('store_not_found', `There is no store ${store}`, 'store')
  const offset = zoneOffset(place?.zone ?? 'UTC', now)
  const holder =
    member === null || stored === null
      ? null
      : {
          state: stateAt(program, stored, member.id, now, offset),
          claims: await claimsOf(read, tenant, member.id, now),
        }
  return accept({ read, tenant, program, now, store, offset, here: wanted.store !== undefined, holder })
}

export const PERK_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/perks',
    needs: 'members:read',
    summary:
      'Redeem perks in force, by id: what is left of their budgets, in all and in a store; with a member also what their limits leave and whether it could be redeemed now',
    query: PerksQueryShape,
    answer: { status: 200, shape: pageOf(PerkViewShape) },
    refuses: ['member_not_found', 'store_not_found'],
    async handle({ services, tenant, query }) {
      const program = (await services.shelf.of(tenant)).program(hybridTime(services.clock.now()))
      if (program === null) return answered(200, { items: [], next: null })
      const scene = await sceneOf(services, tenant, query, program)
      if (!scene.ok) return scene
      const page = pageOfQuery(query)
      const perks = [...program.redeemPerks.values()]
        .filter(({ id }) => id > page.after)
        .sort((a, b) => a.id - b.id)
        .slice(0, page.limit + 1)
      const { items, next } = listOf(
        perks,
        page,
        ({ id }) => id,
        (perk) => perkView(scene.value, perk),
      )
      return answered(200, { items: await Promise.all(items), next })
    },
  }),
]
