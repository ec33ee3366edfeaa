// Mounts a dialect into the cloud's application, under its name: `/perkville/v2/…`. Requests become the frame's, answers are sent with the headers that every
// answer has. A body is read under the same cap as any, as JSON or as a form, only once the caller may send one.
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import type { Logger } from 'pino'
import { accept, refuse } from '../../protocol/result.ts'
import type { Body } from '../dialects/frame/input.ts'
import type { DialectAnswer, DialectServer, ReadBody } from '../dialects/frame/serve.ts'
import { checkDeclaredLength, parseBody, readBody } from './body.ts'
import { fieldsOf } from './fields.ts'
import type { Metrics } from './metrics.ts'
import { TLS_REQUIRED, cameWithoutTls } from './plain-calls.ts'
import { requestIdOf } from './request-id.ts'
import { faultFor } from './faults.ts'

type App = Hono<{ Bindings: HttpBindings }>
type Ctx = Context<{ Bindings: HttpBindings }>

export interface MountParts {
  readonly log: Logger
  readonly metrics: Metrics
  readonly stopping: () => boolean
  /** Whether the node is reached over TLS. */
  readonly secure: boolean
}

const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
} as const
const FORM = 'application/x-www-form-urlencoded'
const FIELDS_MAX = 1_000

/** Puts a dialect's routes into the application. */
export type Mount = (app: App) => void

export function mountOf<S>(server: DialectServer<S>, parts: MountParts): Mount {
  const { name, base } = server.dialect
  const prefix = `/${name}${base}`
  const handle = (c: Ctx): Promise<Response> =>
    serve(server, parts, c, new URL(c.req.url).pathname.slice(prefix.length))
  return (app) => {
    app.all(prefix, handle)
    app.all(`${prefix}/*`, handle)
    for (const [path, resource] of Object.entries(server.dialect.elsewhere))
      for (const form of [path, `${path}/`])
        app.all(`/${name}${form}`, (c) => serve(server, parts, c, resource))
  }
}

async function serve<S>(
  server: DialectServer<S>,
  { log, metrics, stopping, secure }: MountParts,
  c: Ctx,
  path: string,
): Promise<Response> {
  const started = performance.now()
  const requestId = requestIdOf(c.env.incoming)
  const { dialect } = server
  const early = stopping()
    ? refuse('stopping', 'Try again in a moment.').refusal
    : dialect.tlsOnly === true && cameWithoutTls(c.env.incoming, secure)
      ? TLS_REQUIRED
      : null
  let answer: DialectAnswer
  try {
    answer =
      early === null
        ? await server.serve({
            method: c.req.method,
            path,
            params: new URL(c.req.url).searchParams,
            authorization: c.req.header('authorization'),
            idempotencyKey: c.req.header('idempotency-key') ?? '',
            requestId,
            body: () => (dialect.oneAddress === undefined ? bodyOf(c) : formBody(c)),
          })
        : dialect.refused([early], requestId)
  } catch (cause) {
    log.error({ request_id: requestId, err: cause }, 'a request of a dialect broke')
    answer = dialect.refused([faultFor(cause, requestId).refusal], requestId)
  }
  const route = `/${dialect.name}${dialect.base}/${dialect.oneAddress === undefined ? ':resource' : ''}`
  metrics.request(c.req.method, route, answer.status, (performance.now() - started) / 1000)
  return responseOf(answer, requestId)
}

function responseOf({ status, body, type }: DialectAnswer, requestId: string): Response {
  const headers: Record<string, string> = { ...HEADERS, 'X-Request-Id': requestId }
  if (body === null) return new Response(null, { status, headers })
  headers['Content-Type'] = type ?? 'application/json; charset=utf-8'
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer'
  return new Response(JSON.stringify(body), { status, headers })
}

async function formBody(c: Ctx): Promise<ReadBody> {
  const fields = await fieldsOf(c)
  return fields.ok ? { ok: true, value: fields.value, form: true } : fields
}

async function bodyOf(c: Ctx): Promise<ReadBody> {
  const length = checkDeclaredLength(c.req.header('content-length'))
  if (!length.ok) return length
  const bytes = await readBody(c.env.incoming)
  if (!bytes.ok) return bytes
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === FORM) return { ok: true, value: formOf(bytes.value), form: true }
  const parsed = bytes.value.length === 0 ? accept({}) : parseBody(bytes.value)
  if (!parsed.ok) return parsed
  const { value } = parsed
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? // What JSON.parse gives is JSON.
      { ok: true, value: value as Body, form: false }
    : refuse('body_malformed', 'Send a JSON object.')
}

function formOf(bytes: Uint8Array): Body {
  const fields = [...new URLSearchParams(Buffer.from(bytes).toString('utf8'))].slice(0, FIELDS_MAX)
  return Object.fromEntries(fields)
}
