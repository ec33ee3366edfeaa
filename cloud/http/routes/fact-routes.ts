// Facts with all revisions of their effects, why they came to what they came to, what was set aside, and what HQ should look at.
import type { FactId, StoreId } from '../../../protocol/ids.ts'
import { accept } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { explanationOf } from '../../domain/explanation.ts'
import {
  ExplanationShape,
  FactSummaryShape,
  FactViewShape,
  NoticeViewShape,
  QuarantineViewShape,
  pageOf,
} from '../../domain/view-shapes.ts'
import { factView, noticeView, quarantineView } from '../../domain/views.ts'
import type { FactFilter, FactRow, TenantId } from '../../store/port.ts'
import {
  FactsQueryShape,
  PageQueryShape,
  factOfPath,
  listOf,
  noFact,
  oneMore,
  pageOfQuery,
} from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Services } from '../services.ts'
import { factList } from './member-routes.ts'

/** The fact of a path, if it is the tenant's. */
export async function factOf(
  { read }: Services,
  tenant: TenantId,
  text: string | undefined,
): Promise<Result<FactRow>> {
  const id: Result<FactId> = factOfPath(text)
  if (!id.ok) return id
  const row = await read.fact(id.value)
  return row === undefined || row.tenant !== tenant ? noFact(id.value) : accept(row)
}

export const FACT_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/facts',
    needs: 'facts:read',
    summary: 'Facts by id, that is by origin and seq',
    query: FactsQueryShape,
    answer: { status: 200, shape: pageOf(FactSummaryShape) },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const filter: FactFilter = {
        ...(query.store === undefined ? {} : { store: query.store as StoreId }),
        ...(query.kind === undefined ? {} : { kind: query.kind }),
      }
      const rows = await services.read.facts(tenant, filter, oneMore(page))
      return answered(
        200,
        listOf(rows, page, ({ id }) => id, await factList(services, rows)),
      )
    },
  }),
  route({
    method: 'GET',
    path: '/v1/facts/:id',
    needs: 'facts:read',
    summary: 'A fact with all revisions of its effects',
    answer: { status: 200, shape: FactViewShape },
    refuses: ['fact_not_found'],
    async handle({ services, tenant, params }) {
      const fact = await factOf(services, tenant, params.id)
      if (!fact.ok) return fact
      const activities = await services.read.activitiesOfFacts([fact.value.id])
      return answered(200, factView(fact.value, activities, await services.shelf.of(tenant)))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/facts/:id/explanation',
    needs: 'facts:read',
    summary: 'Why a fact came to its points: every perk and bonus considered',
    answer: { status: 200, shape: ExplanationShape },
    refuses: ['fact_not_found'],
    async handle({ services, tenant, params }) {
      const fact = await factOf(services, tenant, params.id)
      if (!fact.ok) return fact
      return answered(200, await explanationOf(services.read, await services.shelf.of(tenant), fact.value))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/quarantine',
    needs: 'conflicts:read',
    summary: 'What was set aside because it is no fact, or breaks a rule no honest edge breaks',
    query: PageQueryShape,
    answer: { status: 200, shape: pageOf(QuarantineViewShape) },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const rows = await services.read.quarantine(tenant, oneMore(page))
      return answered(
        200,
        listOf(rows, page, ({ id }) => id, quarantineView),
      )
    },
  }),
  route({
    method: 'GET',
    path: '/v1/notices',
    needs: 'conflicts:read',
    summary: 'What HQ should look at, oldest first',
    query: PageQueryShape,
    answer: { status: 200, shape: pageOf(NoticeViewShape) },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const rows = await services.read.notices(tenant, oneMore(page))
      return answered(
        200,
        listOf(rows, page, ({ position }) => position, noticeView),
      )
    },
  }),
]
