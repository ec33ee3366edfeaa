// Pegke's addresses at a store, as rows of the local API's table: one address for all calls, which `q` tells apart, the token endpoint, and the store's feed.
// Who calls is found here and not by the table, since a key may stand in a field (PG-1).
import { Type } from 'typebox'
import type { StoreClient } from '../../../protocol/frames/clients.ts'
import type { Form } from '../../../protocol/form.ts'
import { PEGKE_ACCESS_MS } from '../../../protocol/limits.ts'
import { PEGKE_ANSWER_SHAPES, tokenAnswer, tokenFault } from '../../../protocol/pegke/answers.ts'
import {
  NO_SUCH_CALL,
  PEGKE_CALLS,
  PEGKE_CALL_NAMES,
  pegkeToken,
  readPegke,
} from '../../../protocol/pegke/calls.ts'
import type { PegkeCallName, PegkeMethod } from '../../../protocol/pegke/calls.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { closed, oneOf } from '../../../protocol/shapes.ts'
import type { Till } from '../../till/till.ts'
import { FeedQueryShape } from '../feed-stream.ts'
import { answer, json, route } from '../route.ts'
import type { FormCall, Outcome, Route } from '../route.ts'
import { OPERATIONS } from './operations.ts'
import type { StoreCall } from './operations.ts'
import type { IssuedTokens, TokenPair } from './issued-tokens.ts'

export interface PegkeApi {
  readonly till: Till
  readonly issued: IssuedTokens
}

const CallQueryShape = Type.Object({ q: oneOf(PEGKE_CALL_NAMES) }, closed)
const NO_FIELDS: Form = {}
const BASIC = /^basic /i

/** PG-1. */
function callerOf(issued: IssuedTokens, authorization: string, form: Form): Result<StoreClient> {
  const given = pegkeToken(authorization, form)
  if (given === '')
    return refuse('token_missing', 'Send "Authorization: Bearer CODE.SECRET", or an access token.')
  const found = issued.holderOf(given)
  return found === undefined
    ? refuse('token_unknown', 'This key or token is not, or no longer, valid here.')
    : accept(found)
}

async function serve(api: PegkeApi, method: PegkeMethod, call: FormCall): Promise<Outcome> {
  const name = PEGKE_CALL_NAMES.find((known) => known === call.form.q)
  return name === undefined ? { ok: false, refusal: NO_SUCH_CALL } : serveCall(api, name, method, call)
}

async function serveCall(
  { till, issued }: PegkeApi,
  name: PegkeCallName,
  method: PegkeMethod,
  { form, authorization, key }: FormCall,
): Promise<Outcome> {
  const methods: readonly PegkeMethod[] = PEGKE_CALLS[name].methods
  if (!methods.includes(method)) return refuse('method_unknown', `${name} goes by ${methods.join(' or ')}.`)
  const client = callerOf(issued, authorization, form)
  if (!client.ok) return client
  const input = readPegke(name, form)
  if (!input.ok) return input
  // The operation of this very call, whose fields were read.
  const operation = OPERATIONS[name] as (call: StoreCall<PegkeCallName>) => Promise<Result<unknown>>
  const answered = await operation({ till, client: client.value, key, method, input: input.value })
  return answered.ok ? json(200, answered.value) : answered
}

/** RFC 6749, 2.3.1: by Basic, or in the form. */
function clientOf(authorization: string, form: Form): { id: string; secret: string } {
  const text = BASIC.test(authorization) ? Buffer.from(authorization.slice(6), 'base64').toString('utf8') : ''
  const at = text.indexOf(':')
  return at < 0
    ? { id: form.client_id ?? '', secret: form.client_secret ?? '' }
    : { id: text.slice(0, at), secret: text.slice(at + 1) }
}

function tokens(issued: IssuedTokens, { form, authorization }: FormCall): Outcome {
  const grant = form.grant_type
  if (grant === undefined) return json(400, tokenFault('invalid_request', 'Send grant_type'))
  if (grant !== 'client_credentials' && grant !== 'refresh_token')
    return json(400, tokenFault('unsupported_grant_type', 'A store does not know that grant; HQ may'))
  const { id, secret } = clientOf(authorization, form)
  const pair =
    grant === 'client_credentials' ? issued.byClient(id, secret) : issued.refreshed(form.refresh_token ?? '')
  if (pair !== undefined) return json(200, pairView(pair))
  return grant === 'client_credentials'
    ? json(401, tokenFault('invalid_client', 'Client and secret do not fit'))
    : json(400, tokenFault('invalid_grant', 'This refresh token is unknown, used or out of time'))
}

const pairView = ({ access, refresh }: TokenPair) => tokenAnswer(access, refresh, PEGKE_ACCESS_MS / 1000)

const RealtimeQueryShape = Type.Object(
  { ...FeedQueryShape.properties, key: Type.Optional(Type.String()) },
  closed,
)

export function pegkeRoutes(api: PegkeApi): Route[] {
  const answers = {
    200: answer('As the call is answered', Type.Union(Object.values(PEGKE_ANSWER_SHAPES))),
  }
  return [
    ...(['GET', 'POST'] as const).map((method) =>
      route({
        method,
        path: '/pegke/apiv1/',
        summary: "Pegke's merchant calls; the caller is a merchant key or an access token",
        roles: 'public',
        tlsOnly: true,
        query: CallQueryShape,
        answers,
        form: (call) => serve(api, method, call),
      }),
    ),
    route({
      method: 'POST',
      path: '/pegke/oauth/token',
      summary: 'An access token of Pegke for client id and secret, or for a refresh token',
      roles: 'public',
      tlsOnly: true,
      answers: { 200: { description: 'As RFC 6749 has it', type: 'application/json' } },
      form: (call) => tokens(api.issued, call),
    }),
    route({
      method: 'GET',
      path: '/pegke/realtime',
      summary: "The store's activity for Pegke's clients: as /v1/feed, by a merchant key or an access token",
      roles: 'public',
      tlsOnly: true,
      query: RealtimeQueryShape,
      answers: {
        101: { description: 'The frames of /v1/feed' },
        200: { description: 'The same frames as events', type: 'text/event-stream' },
      },
      handle: 'feed',
      reader(authorization) {
        const client = callerOf(api.issued, authorization, NO_FIELDS)
        return client.ok ? accept(client.value.key) : client
      },
    }),
  ]
}
