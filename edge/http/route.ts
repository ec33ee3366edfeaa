// One row of the local API's table (H-1): what is served, to whom, what it takes, what it answers. The router, the checks, /openapi.json and
// the tests all read the same rows; there is no other place where a route is known.
import type { Static, TObject, TSchema } from 'typebox'
import { compileJsonReader } from '../../protocol/json-reader.ts'
import type { ReadJson } from '../../protocol/json-reader.ts'
import { validator } from '../../protocol/validation.ts'
import type { Validator } from '../../protocol/validation.ts'
import { accept } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Role } from '../ledger/terminals.ts'
import type { Form } from '../../protocol/form.ts'

export const METHODS = ['GET', 'POST', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

export interface Reply {
  readonly status: number
  readonly body: Uint8Array | string
  /** A stored answer that was given before (K-2). */
  readonly replayed?: boolean
  /** Content type where it is not JSON. */
  readonly type?: string
  readonly contentSecurityPolicy?: string
  /** How the body is coded; who sends no Accept-Encoding takes any (RFC 9110, 12.5.3). */
  readonly coding?: 'gzip'
}

export type Outcome = Result<Reply>

/** An admitted request: everything of H-2 but the domain has been checked. */
export interface Call<B = unknown, Q = unknown> {
  /** Name of the token's terminal, '' on public routes. */
  readonly terminal: string
  /** Path parameters in order, decoded. */
  readonly parameters: readonly string[]
  readonly query: Q
  readonly body: B
  /** On rows with `keyed`. */
  readonly key: string
  readonly requestHash: Uint8Array
}

/** A call that comes as a form: nothing of it but its size has been checked. */
export interface FormCall {
  readonly form: Form
  /** Headers, '' without. */
  readonly authorization: string
  readonly key: string
}

export interface AnswerShape {
  readonly description: string
  /** Undefined where there is no body. */
  readonly type?: string
  /** JSON Schema of a JSON answer. */
  readonly shape?: TSchema
}

interface RouteParts<B, Q> {
  readonly method: Method
  /** With `:name` for a parameter. */
  readonly path: string
  readonly summary: string
  readonly roles: readonly Role[] | 'public'
  /** A write: it needs an idempotency key and has a request hash (K-1, K-2). */
  readonly keyed?: boolean
  readonly answers: Readonly<Record<number, AnswerShape>>
  /** Over plain HTTP only the machine's own loopback is heard. */
  readonly tlsOnly?: boolean
  /** In the place of `handle`: whatever stands in query and body comes as fields, and who calls is found there. */
  readonly form?: (call: FormCall) => Outcome | Promise<Outcome>
  /** Of a feed whose readers no token of the table opens: who reads, by the header or what stands in the query for it. */
  readonly reader?: (authorization: string) => Result<string>
  /** 'feed': the connection stays open and belongs to the feed readers. Left out where there is `form`. */
  readonly handle?: 'feed' | ((call: Call<B, Q>) => Outcome | Promise<Outcome>)
}

export interface Route extends RouteParts<never, never> {
  readonly keyed: boolean
  readonly body: Validator<unknown> | null
  /** The quick way from a body's bytes to what `body` accepts; what it does not read is parsed and checked. */
  readonly readBody: ReadJson
  /** The body may be left out: nothing in it is needed. */
  readonly bodyOptional: boolean
  readonly query: QueryRule | null
  readonly parameterCount: number
}

/** Names of the query, and which of them are integers: a query is text, a schema is not. */
export interface QueryRule {
  readonly validator: Validator<unknown>
  readonly integers: ReadonlySet<string>
}

export function route<B extends TSchema = TSchema, Q extends TObject = TObject>(
  parts: RouteParts<Static<B>, Static<Q>> & { readonly body?: B; readonly query?: Q },
): Route {
  const body = parts.body === undefined ? null : validator(parts.body)
  return {
    ...parts,
    keyed: parts.keyed ?? false,
    body,
    readBody: parts.body === undefined ? () => undefined : whenFirstRead(parts.body),
    bodyOptional: body?.accepts({}) ?? false,
    query: parts.query === undefined ? null : queryRule(parts.query),
    parameterCount: parts.path.split('/:').length - 1,
  }
}

/** Most routes see no request in most lives of a process. */
function whenFirstRead(shape: TSchema): ReadJson {
  let read: ReadJson | undefined
  return (bytes) => (read ??= compileJsonReader(shape))(bytes)
}

function queryRule(shape: TObject): QueryRule {
  const integers = Object.entries(shape.properties).filter(
    ([, property]) => (property as { type?: unknown }).type === 'integer',
  )
  return { validator: validator(shape), integers: new Set(integers.map(([name]) => name)) }
}

/** A JSON answer of a row. */
export function answer(description: string, shape: TSchema): AnswerShape {
  return { description, type: 'application/json', shape }
}

export function json(status: number, value: unknown): Outcome {
  return accept({ status, body: JSON.stringify(value) })
}

export function jsonOf<T>(result: Result<T>): Outcome {
  return result.ok ? json(200, result.value) : result
}
