// A dialect whole: rows, other names, and how it says no. The table of refusals is total: a code of ours that a platform has no words for does not compile.
import type { RefusalCode } from '../../../protocol/refusals.ts'
import type { Form } from '../../../protocol/form.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Json } from '../../collections/collection.ts'
import type { Filters } from './filters.ts'
import type { Resource } from './resource.ts'

export interface Dialect<S> {
  /** Its name in tenants, clients and principals, and its mount: `/perkville`. */
  readonly name: string
  /** Before every resource's name: `/v2`. */
  readonly base: string
  /** All resources have one address: which is meant stands in a field, and fields stand in query and body alike, whatever the verb (DF-11). */
  readonly oneAddress?: OneAddress
  /** Only calls over TLS, or from the machine itself, are heard (DF-12). */
  readonly tlsOnly?: true
  readonly resources: readonly Resource<S>[]
  /** Other addresses behind the mount at which a resource answers: `/api/identify`. */
  readonly elsewhere: Readonly<Record<string, string>>
  /** Filters of objects that are embedded in others, by name. */
  readonly embedded: Readonly<Record<string, Filters>>
  /** Filters that go by another name than they are documented by. */
  readonly aliases: Readonly<Record<string, string>>
  /** Null: its lists have pages of their own, or none. */
  readonly limit: { readonly standard: number; readonly max: number } | null
  /** Status and body for what was refused, all of it at once. `requestId` is in the answer's headers too. */
  readonly refused: (refusals: readonly Refusal[], requestId: string) => RefusedAnswer
  readonly listed: (objects: readonly Json[], page: ListPage) => Json
}

export interface OneAddress {
  /** The field that names the resource. */
  readonly selector: string
  /** The token, of the header or wherever else it may stand; empty for none. */
  readonly token: (authorization: string, fields: Form) => string
  /** What is said to who names none. */
  readonly unknown: Refusal
}

export interface RefusedAnswer {
  readonly status: number
  readonly body: Json
  /** Content type where it is not JSON's. */
  readonly type?: string
}

export interface ListPage {
  readonly limit: number
  readonly offset: number
  /** The next page's address; null on the last. */
  readonly next: string | null
}

export type RefusalTable<T> = Readonly<Record<RefusalCode, T>>
