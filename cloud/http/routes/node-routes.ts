// What the node says about itself: health, figures, totals, the live feed, and where edges connect.
import { Type } from 'typebox'
import { refuse } from '../../../protocol/result.ts'
import { closed } from '../../../protocol/shapes.ts'
import { TotalsShape } from '../../domain/view-shapes.ts'
import type { FeedReader } from '../feed/feed-reader.ts'
import { eventStream, placeOfEventId } from '../feed/stream-peer.ts'
import { FeedQueryShape } from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Answered } from '../route.ts'

const StatusShape = Type.Object({ status: Type.String() }, closed)
const DigestShape = Type.Object(
  {
    digest: Type.String({ description: "SHA-256 over all members' outcomes by the key of their enrolment" }),
    totals: TotalsShape,
  },
  closed,
)

export const NODE_ROUTES = [
  route({
    method: 'GET',
    path: '/livez',
    needs: 'public',
    summary: 'The process answers',
    answer: { status: 200, shape: StatusShape },
    async handle() {
      return answered(200, { status: 'live' })
    },
  }),
  route({
    method: 'GET',
    path: '/readyz',
    needs: 'public',
    summary:
      'The node takes requests: its store answers and it is not stopping; `read_only` while its disk is nearly full',
    answer: { status: 200, shape: StatusShape },
    refuses: ['stopping'],
    async handle({ services }) {
      if (services.stopping()) return refuse('stopping', 'This node is draining')
      await services.read.lastPosition()
      return answered(200, { status: services.readOnly() ? 'read_only' : 'ready' })
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    needs: 'operator',
    summary: 'Figures for Prometheus',
    answer: { type: 'text/plain' },
    async handle({ services }): Promise<Answered> {
      const { metrics } = services
      return { ok: true, value: { status: 200, text: await metrics.text(), type: metrics.contentType } }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/totals',
    needs: 'facts:read',
    summary: 'What all members come to together',
    answer: { status: 200, shape: TotalsShape },
    async handle({ services, tenant }) {
      return answered(200, await services.totals.totals(tenant))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/digest',
    needs: 'facts:read',
    summary: 'One number for all outcomes: equal wherever the same facts are known; and the totals',
    answer: { status: 200, shape: DigestShape },
    async handle({ services, tenant }) {
      return answered(200, await services.totals.digest(tenant))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/feed',
    needs: 'feed:read',
    tokenInQuery: true,
    summary:
      'Live activities of all stores as server-sent events (or a WebSocket at the same address); resumes by `after`, or by Last-Event-ID',
    query: FeedQueryShape,
    answer: { type: 'text/event-stream' },
    refuses: ['too_many_requests', 'stopping'],
    async handle({ services, tenant, query, header, head, cut, admitted }): Promise<Answered> {
      if (services.stopping()) return refuse('stopping', 'This node is draining')
      const value = { status: 200, type: 'text/event-stream' } as const
      if (head) return { ok: true, value: { ...value, text: '' } }
      const place = placeOfEventId(header('last-event-id')) ?? { epoch: query.epoch, after: query.after }
      const reading: { reader?: FeedReader | undefined } = {}
      const { body, peer } = eventStream(services.feed.epoch, () => reading.reader?.gone(), cut)
      reading.reader = services.feed.join(tenant, place, peer, admitted)
      if (reading.reader === undefined)
        return refuse('too_many_requests', 'As many readers as there may be watch the feed already')
      return { ok: true, value: { ...value, stream: body, headers: { 'X-Accel-Buffering': 'no' } } }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/sync',
    needs: 'public',
    summary: 'Where edges connect: a WebSocket, `?edge=ID`; every frame is signed by the device',
    query: Type.Object({ edge: Type.Optional(Type.Integer({ minimum: 1 })) }, closed),
    answer: { type: 'application/octet-stream' },
    refuses: ['input_invalid', 'edge_unknown', 'too_many_requests'],
    async handle() {
      return refuse('input_invalid', 'Open a WebSocket here', 'Upgrade')
    },
  }),
]
