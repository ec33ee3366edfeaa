// Members with their states, their facts, every effect, and what HQ says about them.
import { Type } from 'typebox'
import { IDENTITY_KINDS } from '../../../protocol/facts.ts'
import { idText } from '../../../protocol/ids.ts'
import type { StoreId } from '../../../protocol/ids.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { zoneOffset } from '../../../protocol/time.ts'
import type { ZoneOffset } from '../../../protocol/time.ts'
import { BalanceViewShape } from '../../domain/balance-shapes.ts'
import { balanceOf } from '../../domain/balance-view.ts'
import type { HqRequest } from '../../domain/hq-requests.ts'
import type { Recorded } from '../../domain/hq-facts.ts'
import {
  AdjustmentReceiptShape,
  EffectViewShape,
  FactReceiptShape,
  FactSummaryShape,
  MemberViewShape,
  pageOf,
} from '../../domain/view-shapes.ts'
import type { MemberView } from '../../domain/view-shapes.ts'
import { effectViews, factSummary } from '../../domain/views.ts'
import { POINTS } from '../../evaluation/document/metrics.ts'
import type { ActivityRow, FactRow, MemberListRow, TenantId } from '../../store/port.ts'
import {
  AdjustmentInputShape,
  BalanceQueryShape,
  HqFactInputShape,
  HqFactInputShownShape,
  MembersQueryShape,
  PageQueryShape,
  hqRequestOf,
  listOf,
  memberOfPath,
  millisOfText,
  noMember,
  oneMore,
  pageOfQuery,
} from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Answered } from '../route.ts'
import type { Services } from '../services.ts'

/** The member of a path, if it is the tenant's: another tenant's does not exist here. */
async function memberOf(
  { members }: Services,
  tenant: TenantId,
  text: string | undefined,
): Promise<Result<MemberListRow>> {
  const id = memberOfPath(text)
  if (!id.ok) return id
  const row = await members.byId(tenant, id.value)
  return row === undefined ? noMember(id.value) : accept(row)
}

/** The wall clock of the store of a member's enrolment says what day it is there. */
async function offsetsAt(
  { read }: Services,
  tenant: TenantId,
  ms: number,
): Promise<(store: StoreId) => ZoneOffset> {
  const zones = new Map((await read.stores(tenant)).map(({ id, zone }) => [id, zone] as const))
  return (store) => zoneOffset(zones.get(store) ?? 'UTC', ms)
}

/** A page of facts with what each came to. */
export async function factList(
  services: Services,
  rows: readonly FactRow[],
): Promise<(row: FactRow) => ReturnType<typeof factSummary>> {
  const byFact = new Map<number, ActivityRow[]>()
  for (const activity of await services.read.activitiesOfFacts(rows.map(({ id }) => id))) {
    const list = byFact.get(activity.fact)
    if (list === undefined) byFact.set(activity.fact, [activity])
    else list.push(activity)
  }
  return (row) => factSummary(row, byFact.get(row.id) ?? [])
}

export const MEMBER_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/members',
    needs: 'members:read',
    summary: 'The member with an identity (phone, email, card or external_id), or a list of all members',
    query: MembersQueryShape,
    answer: { status: 200, shape: Type.Union([MemberViewShape, pageOf(MemberViewShape)]) },
    refuses: ['member_not_found'],
    async handle({ services, tenant, query }): Promise<Answered> {
      const { members } = services
      const named = IDENTITY_KINDS.filter((kind) => query[kind] !== undefined)
      const [kind] = named
      if (kind === undefined) {
        const page = pageOfQuery(query)
        const rows = await services.read.members(tenant, oneMore(page))
        const views = new Map((await members.views(tenant, rows)).map((view) => [view.id, view]))
        const viewOf = ({ id }: MemberListRow): MemberView | undefined => views.get(idText(id))
        return answered(
          200,
          listOf(rows, page, ({ id }) => id, viewOf),
        )
      }
      if (named.length > 1 || query.after !== undefined || query.limit !== undefined)
        return refuse('input_invalid', 'Ask by one identity, or for a list, not both', named.at(-1))
      const found = await members.byIdentity(tenant, { kind, value: query[kind] ?? '' })
      return found.ok ? answered(200, await members.view(found.value)) : found
    },
  }),
  route({
    method: 'GET',
    path: '/v1/members/:id',
    needs: 'members:read',
    summary: 'A member with its state',
    answer: { status: 200, shape: MemberViewShape },
    refuses: ['member_not_found'],
    async handle({ services, tenant, params }) {
      const member = await memberOf(services, tenant, params.id)
      if (!member.ok) return member
      return answered(200, await services.members.view(member.value))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/members/:id/balance',
    needs: 'members:read',
    summary:
      "How a member's balance of a metric came to be: its lots, what is pending, goodwill, and a page of the entries, which add up to them",
    query: BalanceQueryShape,
    answer: { status: 200, shape: BalanceViewShape },
    refuses: ['member_not_found'],
    async handle({ services, tenant, params, query }) {
      const member = await memberOf(services, tenant, params.id)
      if (!member.ok) return member
      const programs = await services.shelf.of(tenant)
      const ms = services.clock.now()
      const offset = (await offsetsAt(services, tenant, ms))(member.value.store)
      const now = { ms, offset }
      const balance = await balanceOf(
        services.read,
        programs,
        member.value,
        query.metric ?? POINTS,
        pageOfQuery(query),
        now,
      )
      return balance.ok ? answered(200, balance.value) : balance
    },
  }),
  route({
    method: 'GET',
    path: '/v1/members/:id/facts',
    needs: 'members:read',
    summary: "A member's facts, by id",
    query: PageQueryShape,
    answer: { status: 200, shape: pageOf(FactSummaryShape) },
    refuses: ['member_not_found'],
    async handle({ services, tenant, params, query }) {
      const member = await memberOf(services, tenant, params.id)
      if (!member.ok) return member
      const page = pageOfQuery(query)
      const rows = await services.read.facts(tenant, { member: member.value.id }, oneMore(page))
      return answered(
        200,
        listOf(rows, page, ({ id }) => id, await factList(services, rows)),
      )
    },
  }),
  route({
    method: 'GET',
    path: '/v1/members/:id/effects',
    needs: 'members:read',
    summary:
      "All effects on a member in the order they were logged; `limit` counts revisions, a revision's effects stay together",
    query: PageQueryShape,
    answer: { status: 200, shape: pageOf(EffectViewShape) },
    refuses: ['member_not_found'],
    async handle({ services, tenant, params, query }) {
      const member = await memberOf(services, tenant, params.id)
      if (!member.ok) return member
      const page = pageOfQuery(query)
      const programs = await services.shelf.of(tenant)
      const rows = await services.read.activitiesOfMember(member.value.id, oneMore(page))
      const { items, next } = listOf(
        rows,
        page,
        ({ position }) => position,
        (row) => effectViews(row, programs),
      )
      return answered(200, { items: items.flat(), next })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/members/:id/adjustments',
    needs: 'members:write',
    summary: "Add or take away an amount of a metric by HQ's word",
    input: AdjustmentInputShape,
    keyed: true,
    answer: { status: 201, shape: AdjustmentReceiptShape },
    refuses: ['member_not_found', 'key_reused', 'metric_not_found'],
    async handle({ services, tenant, params, input, key }) {
      const recorded = await record(services, tenant, key, params.id, { kind: 'adjustment', ...input })
      if (!recorded.ok) return recorded
      const { receipt, kind, at, member, data } = recorded.value.receipt
      return told({ receipt, kind, at, member, ...data }, recorded.value)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/members/:id/facts',
    needs: 'members:write',
    summary:
      'What HQ says about a member: profile, activity, award, entitlement, challenge, response, referral, segment, release, void, merge, retro_claim, grant or adjustment',
    input: HqFactInputShape,
    inputShown: HqFactInputShownShape,
    keyed: true,
    answer: { status: 201, shape: FactReceiptShape },
    refuses: [
      'member_not_found',
      'key_reused',
      'store_not_found',
      'program_missing',
      'metric_not_found',
      'grant_over_limit',
      'perk_not_found',
      'perk_not_awardable',
      'limit_reached',
      'challenge_not_found',
      'challenge_not_possible',
      'response_not_possible',
      'segment_not_found',
      'voucher_not_found',
      'voucher_not_usable',
      'fact_not_found',
      'void_not_possible',
      'already_voided',
      'redemption_settled',
      'voucher_used',
      'sale_not_found',
      'merge_not_possible',
      'claim_not_possible',
    ],
    async handle({ services, tenant, params, input, key }) {
      const request = hqRequestOf(input)
      if (!request.ok) return request
      const recorded = await record(services, tenant, key, params.id, request.value)
      return recorded.ok ? told(recorded.value.receipt, recorded.value) : recorded
    },
  }),
]

async function record(
  services: Services,
  tenant: TenantId,
  key: string,
  path: string | undefined,
  request: HqRequest,
): Promise<Result<Recorded>> {
  const member = memberOfPath(path)
  if (!member.ok) return member
  const at = request.at === undefined ? null : millisOfText(request.at)
  return at === undefined
    ? refuse('input_invalid', 'at is an RFC 3339 time with a zone', '/at')
    : services.hqFacts.record(tenant, key, { member: member.value, request, at })
}

function told(answer: unknown, { replayed }: Recorded): Answered {
  return answered(201, answer, replayed ? { 'Idempotent-Replayed': 'true' } : {})
}
