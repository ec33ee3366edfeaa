// A dialect whole: rows, other names, and how it says no. The table of refusals is total: a code of ours that a platform has no words for does not compile.
import type { RefusalCode } from '../../../protocol/refusals.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Json } from '../../collections/collection.ts'
import type { Filters } from './filters.ts'
import type { Resource } from './resource.ts'

export interface Dialect<S> {
  /** Its name in tenants, clients and principals, and its mount: `/perkville`. */
  readonly name: string
  /** Before every resource's name: `/v2`. */
  readonly base: string
  readonly resources: readonly Resource<S>[]
  /** Other addresses behind the mount at which a resource answers: `/api/identify`. */
  readonly elsewhere: Readonly<Record<string, string>>
  /** Filters of objects that are embedded in others, by name. */
  readonly embedded: Readonly<Record<string, Filters>>
  /** Filters that go by another name than they are documented by. */
  readonly aliases: Readonly<Record<string, string>>
  readonly limit: { readonly standard: number; readonly max: number }
  /** Status and body for what was refused, all of it at once. */
  readonly refused: (refusals: readonly Refusal[]) => { readonly status: number; readonly body: Json }
  readonly listed: (objects: readonly Json[], page: ListPage) => Json
}

export interface ListPage {
  readonly limit: number
  readonly offset: number
  /** The next page's address; null on the last. */
  readonly next: string | null
}

export type RefusalTable<T> = Readonly<Record<RefusalCode, T>>
