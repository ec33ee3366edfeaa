// The local API as one table (H-1). A handler here only carries: from the admitted call to the till, from its result to the answer. Rules of
// the store are the till's, rules of the border are in checks.ts.
import { Type } from 'typebox'
import type { Static, TObject } from 'typebox'
import { IDENTITY_KINDS, IdentityValueShape } from '../../protocol/facts.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { idFromText } from '../../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import { KeyShape, closed, oneOf } from '../../protocol/shapes.ts'
import { ROLES } from '../ledger/terminals.ts'
import type { Role } from '../ledger/terminals.ts'
import type { Readers } from '../feed/readers.ts'
import { PAGE_FILES, PAGE_POLICY } from '../page/page.ts'
import {
  ExplanationAnswerShape,
  HistoryAnswerShape,
  MemberAnswerShape,
  PerksAnswerShape,
  QuoteAnswerShape,
  ReceiptShape,
  StatusAnswerShape,
  TodayAnswerShape,
} from '../till/answers.ts'
import { INPUT_SHAPES, IdTextShape, QuoteInputShape } from '../till/inputs.ts'
import type { InputOf, WriteKind } from '../till/inputs.ts'
import type { Till } from '../till/till.ts'
import type { Metrics } from './metrics.ts'
import { openApi } from './openapi.ts'
import type { Passcodes } from './passcodes.ts'
import { CALLER_NAME } from './tokens.ts'
import { FeedQueryShape, streamText } from './feed-stream.ts'
import { managerRoutes } from './manager-routes.ts'
import { pegkeRoutes } from './pegke/rows.ts'
import type { PegkeApi } from './pegke/rows.ts'
import { answer, json, jsonOf, route } from './route.ts'
import type { Call, Outcome, Route } from './route.ts'
import type { Tokens } from './tokens.ts'

export interface Api extends PegkeApi {
  readonly till: Till
  readonly tokens: Tokens
  readonly passcodes: Passcodes
  readonly readers: Readers
  readonly metrics: Metrics
  readonly software: string
  /** Of the CA that certified this node, in PEM; undefined before that. */
  ca(): string | undefined
  /** Taking writes; false once the node is told to stop. */
  ready(): boolean
}

const TERMINAL: readonly Role[] = ['terminal']
const MANAGER: readonly Role[] = ['manager']
const BOTH: readonly Role[] = ['terminal', 'manager']
const ADMIN: readonly Role[] = []

const RECEIPT = { 201: answer('The receipt', ReceiptShape) }

/** A write whose body is the till's input as it stands. */
function write(api: Api, kind: WriteKind, path: string, summary: string): Route {
  return route({
    method: 'POST',
    path,
    summary,
    roles: TERMINAL,
    keyed: true,
    body: INPUT_SHAPES[kind],
    answers: RECEIPT,
    // INPUT_SHAPES[kind] accepted the body.
    handle: (call) => api.till.write(kind, call, call.body as InputOf<WriteKind>),
  })
}

const KeyOnlyShape = Type.Object({ id: Type.Optional(KeyShape) }, closed)
type KeyOnly = Static<typeof KeyOnlyShape>

/** A write on what the path names: nothing but a key in the body. */
function writeOn(
  path: string,
  summary: string,
  handle: (call: Call<KeyOnly>) => Outcome | Promise<Outcome>,
): Route {
  return route({
    method: 'POST',
    path,
    summary,
    roles: TERMINAL,
    keyed: true,
    body: KeyOnlyShape,
    answers: RECEIPT,
    handle,
  })
}

function settle(
  api: Api,
  kind: 'redemption_capture' | 'redemption_cancel',
  call: Call<KeyOnly>,
): Outcome | Promise<Outcome> {
  const redemption = call.parameters[0] ?? ''
  if (idFromText(redemption) === undefined)
    return refuse('redemption_not_found', 'The path names no redemption.', 'id')
  return api.till.write(kind, call, { ...call.body, redemption })
}

function useVoucher(api: Api, call: Call<KeyOnly>): Outcome | Promise<Outcome> {
  const code = call.parameters[0] ?? ''
  if (code.length < 4 || code.length > 32)
    return refuse('voucher_not_found', 'A voucher code has 4 to 32 characters.', 'code')
  return api.till.write('voucher_use', call, { ...call.body, code })
}

const FindQueryShape = Type.Object(
  Object.fromEntries(IDENTITY_KINDS.map((kind) => [kind, Type.Optional(IdentityValueShape)])) as Record<
    (typeof IDENTITY_KINDS)[number],
    Type.TOptional<typeof IdentityValueShape>
  >,
  closed,
)

async function findMember(
  api: Api,
  { query }: Call<unknown, Static<typeof FindQueryShape>>,
): Promise<Outcome> {
  const given = IDENTITY_KINDS.filter((kind) => query[kind] !== undefined)
  const [kind] = given
  if (kind === undefined || given.length > 1)
    return refuse('input_invalid', `Name one of ${IDENTITY_KINDS.join(', ')} in the query.`)
  return jsonOf(await api.till.findMember({ kind, value: query[kind] ?? '' }))
}

const PerksQueryShape = Type.Object({ member: Type.Optional(IdTextShape) }, closed)
const HistoryQueryShape = Type.Object(
  {
    member: Type.Optional(IdTextShape),
    before: Type.Optional(IdTextShape),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_SIZE_MAX })),
  },
  closed,
)

function sellingRoutes(api: Api): Route[] {
  return [
    write(api, 'sale', '/v1/sales', 'Records a sale'),
    write(api, 'return', '/v1/returns', 'Takes lines of sales back'),
    write(api, 'void', '/v1/voids', 'Takes back a fact as if it had not happened'),
    write(api, 'checkin', '/v1/checkins', 'A member is in the store'),
    write(api, 'enrolment', '/v1/members', 'Makes a member'),
    write(api, 'grant', '/v1/grants', 'Gives a member points'),
    write(
      api,
      'redemption',
      '/v1/redemptions',
      'Spends points on a perk, or reserves them with capture: false',
    ),
    writeOn('/v1/redemptions/:id/capture', 'Spends reserved points', (call) =>
      settle(api, 'redemption_capture', call),
    ),
    writeOn('/v1/redemptions/:id/cancel', 'Gives reserved points back', (call) =>
      settle(api, 'redemption_cancel', call),
    ),
    writeOn('/v1/vouchers/:code/use', 'Uses a voucher', (call) => useVoucher(api, call)),
    route({
      method: 'POST',
      path: '/v1/quotes',
      summary: 'What a sale would bring, and why or why not; writes nothing',
      roles: TERMINAL,
      body: QuoteInputShape,
      answers: { 200: answer('The quote', QuoteAnswerShape) },
      handle: async (call) => jsonOf(await api.till.quote(call.body)),
    }),
  ]
}

function askingRoutes(api: Api): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/members',
      summary: 'Finds a member by one identity',
      roles: TERMINAL,
      query: FindQueryShape,
      answers: { 200: answer('The member', MemberAnswerShape) },
      handle: (call) => findMember(api, call),
    }),
    route({
      method: 'GET',
      path: '/v1/members/:id',
      summary: 'A member',
      roles: TERMINAL,
      answers: { 200: answer('The member', MemberAnswerShape) },
      async handle({ parameters }) {
        const id = idFromText<MemberId>(parameters[0] ?? '')
        if (id === undefined) return refuse('member_not_found', 'The path names no member.', 'id')
        return jsonOf(await api.till.member(id))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/perks',
      summary: 'The perks of the program, and which of them a member may redeem',
      roles: TERMINAL,
      query: PerksQueryShape,
      answers: { 200: answer('The perks', PerksAnswerShape) },
      async handle({ query }) {
        const member = query.member === undefined ? undefined : idFromText<MemberId>(query.member)
        if (query.member !== undefined && member === undefined)
          return refuse('member_not_found', 'The query names no member.', 'member')
        return jsonOf(await api.till.perks(member))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/receipts/:id',
      summary: 'The answer that was given to a write',
      roles: BOTH,
      answers: { 200: answer('The stored receipt', ReceiptShape) },
      handle({ parameters }) {
        const id = idFromText<FactId>(parameters[0] ?? '')
        if (id === undefined) return refuse('fact_not_found', 'The path names no fact.', 'id')
        const stored = api.till.receipt(id)
        return stored.ok ? accept({ status: 200, body: stored.value }) : stored
      },
    }),
    route({
      method: 'GET',
      path: '/v1/receipts/:id/explanation',
      summary: 'Why a record came to what it came to, and what was nearly reached',
      roles: BOTH,
      answers: { 200: answer('The explanation', ExplanationAnswerShape) },
      handle({ parameters }) {
        const id = idFromText<FactId>(parameters[0] ?? '')
        return id === undefined
          ? refuse('fact_not_found', 'The path names no fact.', 'id')
          : jsonOf(api.till.explanation(id))
      },
    }),
    route({
      method: 'GET',
      path: '/v1/history',
      summary: 'Facts of the store or of a member, newest first',
      roles: BOTH,
      query: HistoryQueryShape,
      answers: { 200: answer('A page', HistoryAnswerShape) },
      handle: ({ query }) => jsonOf(api.till.history(query)),
    }),
    route({
      method: 'GET',
      path: '/v1/status',
      summary: 'The store, how far it is synced, the link, the program',
      roles: BOTH,
      answers: { 200: answer('The status', StatusAnswerShape) },
      handle: () => json(200, api.till.status()),
    }),
    route({
      method: 'GET',
      path: '/v1/today',
      summary: 'The day so far, beside what is usual for its weekday',
      roles: BOTH,
      answers: { 200: answer('The day', TodayAnswerShape) },
      handle: () => json(200, api.till.today()),
    }),
    route({
      method: 'GET',
      path: '/v1/feed',
      summary: 'Live activities, resumable by position: a WebSocket, or server-sent events',
      roles: MANAGER,
      query: FeedQueryShape,
      answers: {
        101: {
          description:
            'WebSocket of frames {"type":"welcome"|"activities"|"beat", …}, as JSON, or as CBOR under the subprotocol tillstream.cbor, or by columns under tillstream.packed; see /asyncapi.json',
        },
        200: {
          description: 'The same frames as events, with the id epoch:position',
          type: 'text/event-stream',
        },
      },
      handle: 'feed',
    }),
  ]
}

const TerminalShape = Type.Object({ name: Type.String({ pattern: CALLER_NAME }), role: oneOf(ROLES) }, closed)

function terminalRoutes({ tokens, readers }: Api): Route[] {
  const issued = Type.Object({ ...TerminalShape.properties, token: Type.String() }, closed)
  return [
    route({
      method: 'POST',
      path: '/v1/terminals',
      summary: 'A token for a terminal or a manager; it is shown this once',
      roles: ADMIN,
      body: TerminalShape,
      answers: { 201: answer('The terminal with its token', issued) },
      handle({ body: { name, role } }) {
        const token = tokens.add(name, role)
        return token === undefined
          ? refuse('terminal_taken', `There is a terminal "${name}" already.`, '/name')
          : json(201, { name, role, token })
      },
    }),
    route({
      method: 'GET',
      path: '/v1/terminals',
      summary: 'Who has a token',
      roles: ADMIN,
      answers: { 200: answer('All', Type.Object({ terminals: Type.Array(TerminalShape) }, closed)) },
      handle: () => json(200, { terminals: tokens.list() }),
    }),
    route({
      method: 'DELETE',
      path: '/v1/terminals/:name',
      summary: 'Takes a token back at once; open feeds of it are closed',
      roles: ADMIN,
      answers: { 204: { description: 'Gone' } },
      handle({ parameters }) {
        const name = parameters[0] ?? ''
        if (!tokens.remove(name))
          return refuse('terminal_not_found', 'There is no terminal of this name.', 'name')
        readers.revoke(name)
        return accept({ status: 204, body: '' })
      },
    }),
  ]
}

/** Devices take it for a certificate to install. */
const CA_TYPE = 'application/x-x509-ca-cert'

function publicRoutes(api: Api, all: () => readonly Route[]): Route[] {
  const word = (name: string): TObject => Type.Object({ [name]: Type.Boolean() }, closed)
  let document: string | undefined
  let stream: string | undefined
  return [
    route({
      method: 'GET',
      path: '/livez',
      summary: 'The process serves',
      roles: 'public',
      answers: { 200: answer('Alive', word('alive')) },
      handle: () => json(200, { alive: true }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      summary: 'The node takes writes',
      roles: 'public',
      answers: { 200: answer('Ready', word('ready')) },
      handle: () =>
        api.ready() ? json(200, { ready: true }) : refuse('stopping', 'The node takes no new writes.'),
    }),
    route({
      method: 'GET',
      path: '/openapi.json',
      summary: 'This description',
      roles: 'public',
      answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
      handle: () =>
        accept({ status: 200, body: (document ??= JSON.stringify(openApi(all(), api.software))) }),
    }),
    route({
      method: 'GET',
      path: '/asyncapi.json',
      summary: 'What the feed says',
      roles: 'public',
      answers: { 200: { description: 'AsyncAPI 3', type: 'application/json' } },
      handle: () => accept({ status: 200, body: (stream ??= JSON.stringify(streamText(api.software))) }),
    }),
    route({
      method: 'GET',
      path: '/ca.crt',
      summary: "The certificate that proves this node's TLS; HQ serves the same",
      roles: 'public',
      answers: { 200: { description: 'A certificate in PEM', type: CA_TYPE } },
      handle() {
        const ca = api.ca()
        return ca === undefined
          ? refuse('route_unknown', 'This node was not certified yet.')
          : accept({ status: 200, body: ca, type: CA_TYPE })
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      summary: 'Figures for Prometheus',
      roles: MANAGER,
      answers: { 200: { description: 'Prometheus text', type: 'text/plain' } },
      handle: async () => {
        const { type, text } = await api.metrics.text()
        return accept({ status: 200, body: text, type })
      },
    }),
    ...PAGE_FILES.map(({ path, type, summary, body }) =>
      route({
        method: 'GET',
        path,
        summary,
        roles: 'public',
        answers: { 200: { description: summary, type } },
        handle: () => accept({ status: 200, body, type, coding: 'gzip', contentSecurityPolicy: PAGE_POLICY }),
      }),
    ),
  ]
}

export function routesOf(api: Api): readonly Route[] {
  const routes: Route[] = []
  routes.push(
    ...sellingRoutes(api),
    ...askingRoutes(api),
    ...terminalRoutes(api),
    ...managerRoutes(api),
    ...pegkeRoutes(api),
    ...publicRoutes(api, () => routes),
  )
  return routes
}
