// /openapi.json from the table of routes (H-1): TypeBox shapes are JSON Schema already, so nothing is described twice.
import { Type } from 'typebox'
import { PROBLEM_TYPE } from '../../protocol/problem.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import { closed, oneOf } from '../../protocol/shapes.ts'
import type { Route } from './route.ts'

const ProblemShape = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: oneOf(Object.keys(REFUSALS)),
    request_id: Type.String(),
    retryable: Type.Boolean({ description: 'The same request may succeed later' }),
    param: Type.Optional(Type.String({ description: 'JSON pointer or name of the input at fault' })),
  },
  closed,
)

const PROBLEM = {
  description: 'A refusal, as a problem document (RFC 9457)',
  content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** Fields may stand in the query too. */
const FORM = {
  required: false,
  content: Object.fromEntries(
    ['multipart/form-data', 'application/x-www-form-urlencoded', 'application/json'].map((type) => [
      type,
      { schema: { type: 'object', additionalProperties: { type: 'string' } } },
    ]),
  ),
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: unknown
}

const KEY_PARAMETER: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Needed unless the body has "id": 1 to 64 visible ASCII characters. The same key never counts twice',
  schema: { type: 'string', minLength: 1, maxLength: 64 },
}

function parametersOf(row: Route): Parameter[] {
  const inPath = [...row.path.matchAll(/:([a-z_]+)/g)].map(([, name = '']): Parameter => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  const shape = row.query?.validator.shape as { properties?: Record<string, unknown>; required?: string[] }
  const inQuery = Object.entries(shape?.properties ?? {}).map(([name, schema]): Parameter => {
    return { name, in: 'query', required: shape.required?.includes(name) ?? false, schema }
  })
  return [...inPath, ...inQuery, ...(row.keyed ? [KEY_PARAMETER] : [])]
}

function responsesOf(row: Route): Record<string, object> {
  const responses: Record<string, object> = {}
  for (const [status, { description, type, shape }] of Object.entries(row.answers))
    responses[status] =
      type === undefined ? { description } : { description, content: { [type]: { schema: shape ?? {} } } }
  return responses
}

function operationOf(row: Route): object {
  return {
    summary: row.summary,
    ...(row.roles === 'public'
      ? { security: [] }
      : { description: `Roles: ${[...row.roles, 'admin'].join(', ')}.` }),
    parameters: parametersOf(row),
    ...(row.body === null
      ? {}
      : {
          requestBody: {
            required: !row.bodyOptional,
            content: { 'application/json': { schema: row.body.shape } },
          },
        }),
    ...(row.form === undefined ? {} : { requestBody: FORM }),
    responses: { ...responsesOf(row), default: PROBLEM },
  }
}

/** The path as OpenAPI writes it: `/v1/members/{id}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:([a-z_]+)/g, '{$1}')
}

export function openApi(routes: readonly Route[], software: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const row of routes) (paths[openApiPath(row.path)] ??= {})[row.method.toLowerCase()] = operationOf(row)
  return {
    openapi: '3.1.0',
    info: { title: 'Tillstream edge: the local API of a store', version: software },
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: { Problem: ProblemShape },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  }
}
