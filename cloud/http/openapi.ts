// /openapi.json, made from the route table once at start.
import type { TSchema } from 'typebox'
import { Type } from 'typebox'
import { REFUSALS } from '../../protocol/refusals.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { PROBLEM_TYPE } from '../../protocol/problem.ts'
import { KeyShape } from '../../protocol/shapes.ts'
import { OF_STORES } from './node-names.ts'
import type { Route } from './route.ts'

const ProblemShape = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.Enum(Object.keys(REFUSALS)),
    request_id: Type.String(),
    retryable: Type.Boolean({ description: 'The same request may succeed later' }),
    param: Type.Optional(Type.String({ description: 'JSON pointer or name of the input at fault' })),
  },
  { description: 'RFC 9457' },
)

/** Refusals the border may give on any route with these properties. */
function borderRefusals(route: Route): RefusalCode[] {
  const codes: RefusalCode[] = ['fault']
  if (!OF_STORES.includes(route.path)) codes.push('host_unknown')
  if (route.needs !== 'public')
    codes.push('token_missing', 'token_unknown', 'role_insufficient', 'tenant_unclear')
  if (route.method === 'POST') codes.push('stopping', 'storage_full', 'body_too_large')
  if (route.input !== null) codes.push('body_malformed')
  if (route.input !== null || route.query !== null || route.path.includes(':')) codes.push('input_invalid')
  if (route.keyed) codes.push('key_missing')
  return codes
}

export function openApiPath(path: string): string {
  return path.replaceAll(/:([a-z_]+)/g, '{$1}')
}

export function openApiOf(routes: readonly Route[], version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = openApiPath(route.path)
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tillstream HQ API',
      version,
      description:
        'Ids of facts and members are decimal strings, times RFC 3339 in UTC, amounts integers of minor units. Lists take `limit` and `after` and answer `{items, next}`.',
    },
    paths,
    components: {
      securitySchemes: { hq: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: ProblemShape },
    },
  }
}

function operationOf(route: Route): unknown {
  const { answer } = route
  const success =
    'shape' in answer
      ? {
          [answer.status]: { description: 'Done', content: { 'application/json': { schema: answer.shape } } },
        }
      : { 200: { description: 'Done', content: { [answer.type]: { schema: { type: 'string' } } } } }
  return {
    summary: route.summary,
    security: securityOf(route),
    parameters: parametersOf(route),
    ...(route.inputShown === null
      ? {}
      : {
          requestBody: { required: true, content: { 'application/json': { schema: route.inputShown } } },
        }),
    responses: { ...success, ...refusalsOf(route) },
  }
}

/** HQ's token always does; a client's with the scope does, unless it is the operator's. */
function securityOf({ needs }: Route): unknown[] {
  if (needs === 'public') return []
  return needs === 'operator' ? [{ hq: [] }] : [{ hq: [] }, { oauth: [needs] }]
}

function refusalsOf(route: Route): Record<string, unknown> {
  const byStatus = new Map<number, RefusalCode[]>()
  for (const code of new Set([...borderRefusals(route), ...route.refuses])) {
    const { status } = REFUSALS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `${code}: ${REFUSALS[code].title}`).join('; '),
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

function parametersOf(route: Route): unknown[] {
  const inPath = [...route.path.matchAll(/:([a-z_]+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const properties = propertiesOf(route.query)
  const required = new Set(objectShape(route.query)?.required)
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.has(name),
    schema,
  }))
  const token = route.tokenInQuery
    ? [{ name: 'token', in: 'query', required: false, schema: { type: 'string' } }]
    : []
  const key = route.keyed ? [{ name: 'Idempotency-Key', in: 'header', required: true, schema: KeyShape }] : []
  return [...inPath, ...inQuery, ...token, ...key]
}

/** The properties of an object's shape. */
export function propertiesOf(shape: TSchema | null): Readonly<Record<string, TSchema>> {
  return objectShape(shape)?.properties ?? {}
}

interface ObjectShape {
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly required?: readonly string[]
}

function objectShape(shape: ObjectShape | TSchema | null): ObjectShape | null {
  return shape
}
