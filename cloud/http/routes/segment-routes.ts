// A segment as a whole: who is in it, and what its members spent.
import { Type } from 'typebox'
import type { RuleId, StoreId } from '../../../protocol/ids.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { closed } from '../../../protocol/shapes.ts'
import { zoneOffset } from '../../../protocol/time.ts'
import { periodsOf, segmentMembers, segmentMetrics } from '../../domain/segment-figures.ts'
import type { SegmentQuestion } from '../../domain/segment-figures.ts'
import { SegmentMemberViewShape, SegmentMetricsViewShape } from '../../domain/segment-shapes.ts'
import { pageOf } from '../../domain/view-shapes.ts'
import type { TenantId } from '../../store/port.ts'
import { PageQueryShape, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Services } from '../services.ts'

const MetricsQueryShape = Type.Object(
  {
    periods: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 600,
        description:
          'ever, or local days as 2024-03-01..2024-03-31; several with commas between; left out: ever',
      }),
    ),
  },
  closed,
)

async function questionOf(
  { read, shelf, clock }: Services,
  tenant: TenantId,
  path: string | undefined,
): Promise<Result<SegmentQuestion>> {
  if (!/^[1-9][0-9]{0,8}$/.test(path ?? ''))
    return refuse('segment_not_found', 'A segment id is a number', 'id')
  const nowMs = clock.now()
  const zones = new Map((await read.stores(tenant)).map(({ id, zone }) => [id, zone] as const))
  return accept({
    read,
    tenant,
    programs: await shelf.of(tenant),
    segment: Number(path) as RuleId,
    nowMs,
    offsetAt: (store: StoreId) => zoneOffset(zones.get(store) ?? 'UTC', nowMs),
  })
}

export const SEGMENT_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/segments/:id/members',
    needs: 'members:read',
    summary: 'Members in a segment now, by id; a page may be short, or empty, and still have a next one',
    query: PageQueryShape,
    answer: { status: 200, shape: pageOf(SegmentMemberViewShape) },
    refuses: ['segment_not_found', 'program_missing'],
    async handle({ services, tenant, params, query }) {
      const question = await questionOf(services, tenant, params.id)
      if (!question.ok) return question
      const page = await segmentMembers(question.value, pageOfQuery(query))
      return page.ok ? answered(200, page.value) : page
    },
  }),
  route({
    method: 'GET',
    path: '/v1/segments/:id/metrics',
    needs: 'members:read',
    summary: 'What the members in a segment now spent together, over periods of local days',
    query: MetricsQueryShape,
    answer: { status: 200, shape: SegmentMetricsViewShape },
    refuses: ['segment_not_found', 'program_missing'],
    async handle({ services, tenant, params, query }) {
      const question = await questionOf(services, tenant, params.id)
      if (!question.ok) return question
      const periods = periodsOf(query.periods ?? 'ever')
      if (!periods.ok) return periods
      const told = await segmentMetrics(question.value, periods.value)
      return told.ok ? answered(200, told.value) : told
    },
  }),
]
