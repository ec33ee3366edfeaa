// The scopes of the calling token.
import type { Outcome } from '../../frame/resource.ts'
import { PERKVILLE_SCOPES } from '../scopes.ts'
import type { PerkvilleCall } from './access.ts'

export async function scopesOf({ principal, page }: PerkvilleCall): Promise<Outcome> {
  const { limit, offset } = page
  const objects = PERKVILLE_SCOPES.filter((scope) => principal.scopes.has(scope)).map((scope) => ({ scope }))
  return {
    ok: true,
    json: { meta: { limit, offset, next: null }, objects: objects.slice(offset, offset + limit) },
  }
}
