// The rows of a dialect (DF-1). A resource is a collection as the platform shows it; its endpoints say who may call, what comes in, and what becomes of it. Code
// stands only where a row cannot say it: an operation, which calls the domain.
import type { Refusal } from '../../../protocol/result.ts'
import type { Json, Row } from '../../collections/collection.ts'
import type { Order, Predicate } from '../../collections/query.ts'
import type { Principal, ScopesNeeded } from '../../platform/principal.ts'
import type { StaffRole } from '../../store/platform-port.ts'
import type { Filters, Requires } from './filters.ts'
import type { Input, InputTable, ReadInput } from './input.ts'
import type { Fields } from './object.ts'

/** Which rows a scope opens: all, those whose way leads to the token's person, those of businesses where it is staff in one of these roles. */
export type Sees =
  | { readonly kind: 'all' }
  | { readonly kind: 'own'; readonly ways: readonly string[] }
  | {
      readonly kind: 'staff'
      readonly roles: readonly StaffRole[]
      readonly way: string
      /** Of rows that are of a location: its column. Who is limited to some sees those of these (DF-13). */
      readonly at?: string
      /** Who is limited to some locations sees nothing. */
      readonly whole?: true
    }

/** By scope; a token sees what any of its scopes opens (DF-3). `*`: whatever its scopes. */
export type Visibility = Readonly<Record<string, Sees>>

/** What an operation is called with. */
export interface Call<S> {
  readonly services: S
  readonly principal: Principal
  /** Businesses of the dialect that the token's client may act for. */
  readonly tenants: readonly number[]
  /** The row that the path names and the caller may see; null for a list. */
  readonly row: Row | null
  readonly input: Input
  readonly params: URLSearchParams
  readonly page: Page
  readonly base: string
  readonly method: Method
  /** The header Idempotency-Key; empty without. */
  readonly idempotencyKey: string
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export interface Page {
  readonly limit: number
  readonly offset: number
}

export type Outcome =
  /** A row of the resource's collection, read again and shown as its object. */
  | { readonly ok: true; readonly id: number }
  /** The same, as it stands now. */
  | { readonly ok: true; readonly row: Row }
  /** Rows that are listed as objects of the resource, a page of them. */
  | { readonly ok: true; readonly rows: readonly Row[] }
  | { readonly ok: true; readonly json: Json }
  | { readonly ok: true; readonly none: true }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

export type Operation<S> = (call: Call<S>) => Promise<Outcome>

export interface Endpoint<S> {
  readonly method: Method
  /** `one`: the path ends in a key. */
  readonly on: 'list' | 'one'
  readonly scopes: ScopesNeeded
  /** Left out: nothing is shown but what the operation answers. */
  readonly sees?: Visibility
  readonly requires?: Requires
  /** Holds only for tokens with none of these scopes. */
  readonly requiresUnless?: string
  readonly input?: InputTable | ReadInput
  /** Takes a form, and no JSON. */
  readonly form?: true
  readonly status: number
  readonly operation?: Operation<S>
  /** What answers instead, under scopes of its own, where this parameter is given. */
  readonly when?: Readonly<
    Record<string, { readonly scopes: ScopesNeeded; readonly operation: Operation<S> }>
  >
}

export interface Resource<S> {
  /** As in the path. */
  readonly name: string
  /** Null: an operation answers. */
  readonly collection: string | null
  readonly fields: Fields
  readonly filters: Filters
  /** Query parameters that are no filters. */
  readonly aside?: readonly string[]
  readonly order?: readonly Order[]
  /** What a row must be to be one of this resource. */
  readonly where?: Predicate
  /** And besides, as things stand. */
  readonly now?: (services: S, tenants: readonly number[]) => Promise<Predicate>
  readonly limitMax?: number
  /** `me` is a key: the token's person. */
  readonly me?: true
  readonly endpoints: readonly Endpoint<S>[]
}
