// The route table of the cloud.
import { asyncApi } from '../../../protocol/asyncapi.ts'
import { ACTIVITY_VIEW_KINDS, ActivityViewShape } from '../../domain/view-shapes.ts'
import { SOFTWARE_VERSION } from '../../version.ts'
import { FeedQueryShape } from '../inputs.ts'
import { openApiOf } from '../openapi.ts'
import { route } from '../route.ts'
import type { Answered, Route } from '../route.ts'
import { ACCESS_ROUTES } from './access-routes.ts'
import { ACCOUNT_ROUTES } from './account-routes.ts'
import { CHALLENGE_ROUTES } from './challenge-routes.ts'
import { CLAWBACK_ROUTES } from './clawback-routes.ts'
import { CONFLICT_ROUTES } from './conflict-routes.ts'
import { DOCUMENT_ROUTES } from './document-routes.ts'
import { ENTITY_ROUTES } from './entity-routes.ts'
import { FACT_ROUTES } from './fact-routes.ts'
import { FLEET_ROUTES } from './fleet-routes.ts'
import { MEMBER_ROUTES } from './member-routes.ts'
import { LEASE_ROUTES } from './lease-routes.ts'
import { NODE_ROUTES } from './node-routes.ts'
import { PAGE_ROUTES } from './page-routes.ts'
import { PERK_ROUTES } from './perk-routes.ts'
import { PROGRAM_ROUTES } from './program-routes.ts'
import { SEGMENT_ROUTES } from './segment-routes.ts'
import { WHAT_IF_ROUTES } from './what-if-routes.ts'

const OPENAPI_ROUTE = route({
  method: 'GET',
  path: '/openapi.json',
  needs: 'public',
  summary: 'This description',
  answer: { type: 'application/json' },
  async handle(): Promise<Answered> {
    return { ok: true, value: { status: 200, text: openApiText, type: 'application/json' } }
  },
})

const ASYNCAPI_ROUTE = route({
  method: 'GET',
  path: '/asyncapi.json',
  needs: 'public',
  summary: 'What the feed says, as AsyncAPI 3',
  answer: { type: 'application/json' },
  async handle(): Promise<Answered> {
    return { ok: true, value: { status: 200, text: asyncApiText, type: 'application/json' } }
  },
})

export const ROUTES: readonly Route[] = [
  ...FLEET_ROUTES,
  ...PROGRAM_ROUTES,
  ...WHAT_IF_ROUTES,
  ...MEMBER_ROUTES,
  ...FACT_ROUTES,
  ...LEASE_ROUTES,
  ...PERK_ROUTES,
  ...CONFLICT_ROUTES,
  ...CHALLENGE_ROUTES,
  ...CLAWBACK_ROUTES,
  ...SEGMENT_ROUTES,
  ...ACCESS_ROUTES,
  ...ACCOUNT_ROUTES,
  ...ENTITY_ROUTES,
  ...DOCUMENT_ROUTES,
  ...NODE_ROUTES,
  ...PAGE_ROUTES,
  OPENAPI_ROUTE,
  ASYNCAPI_ROUTE,
]

const asyncApiText = JSON.stringify(
  asyncApi({
    title: 'Tillstream HQ: activities of all stores',
    version: SOFTWARE_VERSION,
    description:
      'What happens in all stores of a merchant, as it happens, with corrections and notices. Members are masked.',
    query: FeedQueryShape,
    activity: ActivityViewShape,
    kinds: ACTIVITY_VIEW_KINDS,
    subprotocols: { 'tillstream.json': 'application/json' },
  }),
)
const openApiText = JSON.stringify(openApiOf(ROUTES, SOFTWARE_VERSION))
