// Rows that most resources have: a list and a look at one record, under the same scopes and with the same sight.
import type { ScopesNeeded } from '../../platform/principal.ts'
import type { Filter, Requires } from '../frame/filters.ts'
import type { Endpoint, Resource, Visibility } from '../frame/resource.ts'
import type { PerkvilleServices } from './services.ts'

export type PerkvilleResource = Resource<PerkvilleServices>
export type PerkvilleEndpoint = Endpoint<PerkvilleServices>

export function reads(
  scopes: ScopesNeeded,
  sees: Visibility,
  requires?: Requires,
): readonly PerkvilleEndpoint[] {
  return [
    { method: 'GET', on: 'list', scopes, sees, status: 200, ...(requires === undefined ? {} : { requires }) },
    { method: 'GET', on: 'one', scopes, sees, status: 200 },
  ]
}

export const BUSINESS: Filter = { way: 'tenant', type: 'key', into: 'businesses' }
export const USER: Filter = { way: 'person', type: 'key', into: 'users', me: true }
export const EMAIL: Filter = { way: 'person.emails.folded', type: 'email' }
export const key = (way: string, into: string): Filter => ({ way, type: 'key', into })
export const textFilter = (way: string): Filter => ({ way, type: 'text' })
export const int = (way: string): Filter => ({ way, type: 'int' })
export const time = (way: string): Filter => ({ way, type: 'datetime' })
