// The border of the HQ API: turns the route table into a hono application. Every request passes the same checks in the same order: size,
// token, JSON, key, schema, then the domain. Refusals leave as problem documents; what breaks is logged with the request's id and leaves as
// `fault`, without a word of what broke.
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { HttpBindings } from '@hono/node-server'
import type { Logger } from 'pino'
import { PROBLEM_TYPE, problemOf } from '../../protocol/problem.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { KeyShape } from '../../protocol/shapes.ts'
import { validator } from '../../protocol/validation.ts'
import type { Validator } from '../../protocol/validation.ts'
import { admitNative } from '../platform/native-scopes.ts'
import { NOBODY } from '../platform/principal.ts'
import type { Principal } from '../platform/principal.ts'
import type { TenantId } from '../store/port.ts'
import { checkDeclaredLength, parseBody, readBody } from './body.ts'
import { addressOf } from './caller-address.ts'
import { TENANT_HEADER, admittedAgain, principalOfRequest, wantedTenant } from './caller.ts'
import { mountOAuth } from './oauth/oauth-app.ts'
import type { App, Serve } from './oauth/oauth-app.ts'
import { mountOffers } from './offers.ts'
import { mountUnsubscribe } from './unsubscribe.ts'
import type { UnsubscribeParts } from './unsubscribe.ts'
import { readQuery } from './query.ts'
import { requestIdOf } from './request-id.ts'
import type { Mount } from './dialect-mount.ts'
import type { Answered, Call, Route } from './route.ts'
import type { Services } from './services.ts'
import { faultFor } from './faults.ts'

export interface AppParts {
  readonly routes: readonly Route[]
  readonly services: Services
  /** Whether the node is reached over TLS: the cookies of the login pages say so. */
  readonly secure: boolean
  readonly log: Logger
  /** Dialects, each under its name. */
  readonly mounts?: readonly Mount[]
  readonly mail: UnsubscribeParts
}

type Ctx = Context<{ Bindings: HttpBindings }>

/** Every answer carries these; pages bring a policy of their own. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
} as const

export function appOf(parts: AppParts): App {
  const app: App = new Hono()
  for (const row of parts.routes) {
    const served = new ServedRoute(row, parts)
    app.on(row.method, row.path, (c) => served.serve(c))
  }
  for (const path of new Set(parts.routes.map((row) => row.path))) {
    const methods = parts.routes.filter((row) => row.path === path).map(({ method }) => method)
    app.all(path, (c) => {
      const refusal = refuse('method_unknown', `${methods.join(' and ')} only`).refusal
      return settle(parts, c, 'unknown', { ok: false, refusal }, { Allow: methods.join(', ') })
    })
  }
  const { read, platform, accounts } = parts.services
  mountOAuth(app, { read, platform, accounts, secure: parts.secure }, (c, path, work) =>
    servePage(parts, c, path, work),
  )
  for (const mount of parts.mounts ?? []) mount(app)
  const { store, secret } = parts.mail
  const page: Serve = (c, path, work) => servePage(parts, c, path, work)
  mountUnsubscribe(app, parts.mail, page)
  mountOffers(app, { store, secret, claiming: accounts.claiming }, page)
  app.notFound((c) => {
    const { refusal } = refuse('route_unknown', 'There is nothing here; see /openapi.json')
    return settle(parts, c, 'unknown', { ok: false, refusal })
  })
  app.onError((cause, c) => settle(parts, c, 'unknown', faultOf(parts, c, cause)))
  return app
}

class ServedRoute {
  readonly #row: Route
  readonly #parts: AppParts
  readonly #input: Validator<unknown> | null
  readonly #query: Validator<unknown> | null
  readonly #ownParams: readonly string[]

  constructor(row: Route, parts: AppParts) {
    this.#row = row
    this.#parts = parts
    this.#input = row.input === null ? null : validator(row.input)
    this.#query = row.query === null ? null : validator(row.query)
    this.#ownParams = row.tokenInQuery ? ['token', 'tenant'] : []
  }

  async serve(c: Ctx): Promise<Response> {
    const started = performance.now()
    let answered: Answered
    try {
      answered = await this.#answer(c)
    } catch (cause) {
      answered = faultOf(this.#parts, c, cause)
    }
    const response = settle(this.#parts, c, this.#row.path, answered)
    const seconds = (performance.now() - started) / 1000
    this.#parts.services.metrics.request(this.#row.method, this.#row.path, response.status, seconds)
    return response
  }

  async #answer(c: Ctx): Promise<Answered> {
    const { services } = this.#parts
    const writes = this.#row.method === 'POST'
    if (writes && services.stopping()) return refuse('stopping', 'Try again in a moment')
    const length = checkDeclaredLength(c.req.header('content-length'))
    if (!length.ok) return length
    const params = new URL(c.req.url).searchParams
    const caller = await this.#caller(c, params)
    if (!caller.ok) return caller
    const tenant = admitNative(caller.value, this.#row.needs, this.#wanted(c, params))
    if (!tenant.ok) return tenant
    const body = writes ? await this.#body(c) : accept(undefined)
    if (!body.ok) return body
    const key = this.#key(c, body.value)
    if (!key.ok) return key
    const input = this.#checkInput(body.value)
    if (!input.ok) return input
    const query = readQuery(params, this.#query, this.#ownParams)
    if (!query.ok) return query
    const call: Call<unknown, unknown> = {
      services,
      principal: caller.value,
      tenant: tenant.value,
      input: body.value,
      query: query.value,
      params: c.req.param(),
      key: key.value,
      caller: addressOf(c.env.incoming, this.#parts.secure),
      header: (name) => c.req.header(name),
      head: c.req.raw.method === 'HEAD',
      admitted: admittedAgain(
        { authorization: c.req.header('authorization'), inQuery: this.#tokenInQuery(params) },
        this.#row.needs,
        tenant.value,
        services.platform.principals,
      ),
      cut: () => void c.env.outgoing.destroy(),
    }
    // Input and query were accepted by this row's own shapes.
    return this.#row.handle(call as Call<never, never>)
  }

  #wanted(c: Ctx, params: URLSearchParams): TenantId | undefined {
    const inQuery = this.#row.tokenInQuery ? params.get('tenant') : null
    return wantedTenant(c.req.header(TENANT_HEADER) ?? inQuery ?? undefined)
  }

  #tokenInQuery(params: URLSearchParams): string | undefined {
    return this.#row.tokenInQuery ? (params.get('token') ?? undefined) : undefined
  }

  async #caller(c: Ctx, params: URLSearchParams): Promise<Result<Principal>> {
    if (this.#row.needs === 'public') return accept(NOBODY)
    return principalOfRequest(
      c.req.header('authorization'),
      this.#tokenInQuery(params),
      this.#parts.services.platform.principals,
    )
  }

  async #body(c: Ctx): Promise<Result<unknown>> {
    const bytes = await readBody(c.env.incoming)
    if (!bytes.ok) return bytes
    // A route that wants nothing takes an empty body or an empty object.
    return this.#input === null && bytes.value.length === 0 ? accept({}) : parseBody(bytes.value)
  }

  /** K-1: the header, or `id` in the body. */
  #key(c: Ctx, body: unknown): Result<string> {
    if (!this.#row.keyed) return accept('')
    const inHeader = c.req.header('idempotency-key')
    const inBody = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined
    if (inHeader !== undefined && inBody !== undefined && inBody !== inHeader)
      return refuse('input_invalid', 'The header Idempotency-Key and "id" in the body differ', '/id')
    const key = inHeader ?? inBody
    return keyValidator.accepts(key)
      ? accept(key)
      : refuse(
          'key_missing',
          'Send an Idempotency-Key header of 1 to 64 visible ASCII characters, or "id" in the body',
          'Idempotency-Key',
        )
  }

  #checkInput(body: unknown): Result<null> {
    const shape = this.#input
    if (shape === null) {
      const empty =
        body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0)
      return empty ? accept(null) : refuse('input_invalid', 'This address takes no body')
    }
    if (shape.accepts(body)) return accept(null)
    const { path, message } = shape.explain(body)
    return refuse('input_invalid', `${path} ${message}`.trim(), path)
  }
}

const keyValidator = validator(KeyShape)

/** A page or an OAuth endpoint: its own answer with the headers that every answer has; its policy, where it has one, stays. */
async function servePage(
  parts: AppParts,
  c: Ctx,
  path: string,
  work: () => Promise<Response>,
): Promise<Response> {
  const started = performance.now()
  const requestId = requestIdOf(c.env.incoming)
  let response: Response
  try {
    const length = checkDeclaredLength(c.req.header('content-length'))
    response = length.ok ? await work() : settle(parts, c, path, length)
  } catch (cause) {
    response = settle(parts, c, path, faultOf(parts, c, cause))
  }
  for (const [name, value] of Object.entries({ ...HEADERS, 'X-Request-Id': requestId }))
    if (!response.headers.has(name)) response.headers.set(name, value)
  const seconds = (performance.now() - started) / 1000
  parts.services.metrics.request(c.req.method, path, response.status, seconds)
  return response
}

function faultOf({ log }: AppParts, c: Ctx, cause: unknown): { ok: false; refusal: Refusal } {
  const requestId = requestIdOf(c.env.incoming)
  log.error({ request_id: requestId, err: cause }, 'a request broke')
  return faultFor(cause, requestId)
}

function settle(
  { log }: AppParts,
  c: Ctx,
  route: string,
  answered: Answered,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const requestId = requestIdOf(c.env.incoming)
  const response = responseOf(answered, requestId, { ...HEADERS, 'X-Request-Id': requestId, ...headers })
  log.debug({ request_id: requestId, method: c.req.method, route, status: response.status }, 'request')
  return response
}

function responseOf(answered: Answered, requestId: string, headers: Record<string, string>): Response {
  if (answered.ok) {
    const { value } = answered
    const type = 'json' in value ? 'application/json' : value.type
    const body = 'json' in value ? JSON.stringify(value.json) : 'text' in value ? value.text : value.stream
    return new Response(body, {
      status: value.status,
      headers: { ...headers, 'Content-Type': type, ...value.headers },
    })
  }
  const { refusal, more } = answered
  const problem = { ...problemOf(refusal, requestId), ...more }
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      ...headers,
      'Content-Type': PROBLEM_TYPE,
      ...(problem.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
      ...(refusal.retryAfterS === undefined ? {} : { 'Retry-After': String(refusal.retryAfterS) }),
    },
  })
}
