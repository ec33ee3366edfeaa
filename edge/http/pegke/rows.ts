// Pegke's addresses at a store, as rows of the local API's table: one address for all calls, which `q` tells apart, and the token endpoint. Who calls is found here
// and not by the table, since a key may stand in a field (PG-1).
import { Type } from 'typebox'
import { PEGKE_ACCESS_MS } from '../../../protocol/limits.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { closed, oneOf } from '../../../protocol/shapes.ts'
import type { Terminal } from '../../ledger/terminals.ts'
import type { Till } from '../../till/till.ts'
import type { Form } from '../form.ts'
import { json, route } from '../route.ts'
import type { FormCall, Outcome, Route } from '../route.ts'
import { PEGKE_CALLS } from './calls.ts'
import type { PegkeCallName } from './calls.ts'
import type { IssuedTokens, TokenPair } from './issued-tokens.ts'

export interface PegkeApi {
  readonly till: Till
  readonly issued: IssuedTokens
  /** When the store's first record was made, in ms. */
  since(): number | undefined
}

const NAMES = Object.keys(PEGKE_CALLS) as PegkeCallName[]
const CallQueryShape = Type.Object({ q: oneOf(NAMES) }, closed)
const BEARER = /^bearer /i
const BASIC = /^basic /i

/** PG-1. */
export function callerOf(issued: IssuedTokens, authorization: string, form: Form): Result<Terminal> {
  const given = BEARER.test(authorization) ? authorization.slice(7).trim() : (form.key ?? '')
  if (given === '')
    return refuse('token_missing', 'Send "Authorization: Bearer CODE.SECRET", or an access token.')
  const found = issued.byKey(given) ?? issued.byAccessToken(given)
  if (found === undefined)
    return refuse('token_unknown', 'This key or token is not, or no longer, valid here.')
  return found.role === 'manager'
    ? refuse('role_insufficient', 'This needs the key of a terminal.')
    : accept(found)
}

async function serve(
  api: PegkeApi,
  method: 'GET' | 'POST',
  { form, authorization, key }: FormCall,
): Promise<Outcome> {
  const caller = callerOf(api.issued, authorization, form)
  if (!caller.ok) return caller
  const name = NAMES.find((known) => known === form.q)
  if (name === undefined) return refuse('route_unknown', `q chooses the call: ${NAMES.join(', ')}.`, 'q')
  const call = { till: api.till, since: api.since(), terminal: caller.value.name, form, key, method }
  const answered = await PEGKE_CALLS[name](call)
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
  if (grant !== 'client_credentials' && grant !== 'refresh_token')
    return json(400, { error: grant === undefined ? 'invalid_request' : 'unsupported_grant_type' })
  const { id, secret } = clientOf(authorization, form)
  const pair =
    grant === 'client_credentials' ? issued.byClient(id, secret) : issued.refreshed(form.refresh_token ?? '')
  if (pair !== undefined) return json(200, pairView(pair))
  return grant === 'client_credentials'
    ? json(401, { error: 'invalid_client' })
    : json(400, { error: 'invalid_grant' })
}

const pairView = ({ access, refresh }: TokenPair) => ({
  access_token: access,
  token_type: 'Bearer',
  expires_in: PEGKE_ACCESS_MS / 1000,
  refresh_token: refresh,
})

export function pegkeRoutes(api: PegkeApi): Route[] {
  const answers = { 200: { description: 'As Pegke answers', type: 'application/json' } }
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
      answers,
      form: (call) => tokens(api.issued, call),
    }),
  ]
}
