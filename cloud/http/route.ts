// What a row of the route table says: who may call, what comes in, what goes out, and the handler. The router, the checks, /openapi.json and the
// tests all come from these rows, so a route cannot be served without being described.
import type { Static, TSchema } from 'typebox'
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { Refusal } from '../../protocol/result.ts'
import type { NativeNeed } from '../platform/native-scopes.ts'
import type { Principal } from '../platform/principal.ts'
import type { TenantId } from '../store/port.ts'
import type { Services } from './services.ts'

export interface Call<Input, Query> {
  readonly services: Services
  readonly principal: Principal
  /** The business the call counts for; 0 on public routes. */
  readonly tenant: TenantId
  readonly input: Input
  readonly query: Query
  /** By the names in the path. */
  readonly params: Readonly<Record<string, string>>
  /** The Idempotency-Key, where the route wants one. */
  readonly key: string
  /** The caller's network address. */
  readonly caller: string
  readonly header: (name: string) => string | undefined
  /** A HEAD: only the headers of the answer are wanted. */
  readonly head: boolean
  /** Whether the same call would be let in now, for the same business. */
  readonly admitted: () => Promise<boolean>
  /** Ends the connection under the answer at once. */
  readonly cut: () => void
}

interface ReplyHead {
  readonly status: 200 | 201
  readonly headers?: Readonly<Record<string, string>>
}
export type Reply =
  | (ReplyHead & { readonly json: unknown })
  | (ReplyHead & { readonly text: string; readonly type: string })
  | (ReplyHead & { readonly stream: ReadableStream<Uint8Array>; readonly type: string })

/** `more`: members of the problem document beyond the standard ones. */
export type Answered =
  | { readonly ok: true; readonly value: Reply }
  | { readonly ok: false; readonly refusal: Refusal; readonly more?: Readonly<Record<string, unknown>> }

export interface Route {
  readonly method: 'GET' | 'POST'
  /** With `:name` for parameters. */
  readonly path: string
  /** The scope a caller must have, or that it is for everybody or for the operator alone (PL-5). */
  readonly needs: NativeNeed
  /** The token may also be the query's `token`, for clients that cannot set headers. */
  readonly tokenInQuery: boolean
  readonly summary: string
  readonly input: TSchema | null
  /** Shown in /openapi.json instead of `input`, where the handler checks more than the shape. */
  readonly inputShown: TSchema | null
  readonly query: TSchema | null
  readonly keyed: boolean
  readonly answer: { readonly status: 200 | 201; readonly shape: TSchema } | { readonly type: string }
  readonly refuses: readonly RefusalCode[]
  readonly handle: (call: Call<never, never>) => Promise<Answered>
}

interface RouteText<I extends TSchema, Q extends TSchema> {
  readonly method: Route['method']
  readonly path: string
  readonly needs: Route['needs']
  readonly tokenInQuery?: boolean
  readonly summary: string
  readonly input?: I
  readonly inputShown?: TSchema
  readonly query?: Q
  readonly keyed?: boolean
  readonly answer: Route['answer']
  readonly refuses?: readonly RefusalCode[]
  readonly handle: (call: Call<Static<I>, Static<Q>>) => Promise<Answered>
}

export function route<I extends TSchema = TSchema, Q extends TSchema = TSchema>(row: RouteText<I, Q>): Route {
  return {
    tokenInQuery: false,
    keyed: false,
    refuses: [],
    ...row,
    input: row.input ?? null,
    inputShown: row.inputShown ?? row.input ?? null,
    query: row.query ?? null,
    // `never` is what every handler takes; the border calls it with what the validators of this row's own shapes accepted.
    handle: row.handle,
  }
}

export function answered(
  status: 200 | 201,
  json: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answered {
  return { ok: true, value: { status, json, headers } }
}
