// Identifying a visitor: the token that starts it, and the one user that its code names for whoever asked.
import { eq } from '../../../collections/query.ts'
import type { Outcome } from '../../frame/resource.ts'
import { refused, textOf } from './access.ts'
import type { PerkvilleCall } from './access.ts'

export async function issueIdentifyToken({ services, principal, input }: PerkvilleCall): Promise<Outcome> {
  const begun = await services.identification.begin(principal, {
    redirectUri: textOf(input.redirect_uri),
    state: textOf(input.state),
  })
  if (!begun.ok) return refused(begun.refusal)
  const { token, expires } = begun.value
  return {
    ok: true,
    json: { identify_token: token, expire_datetime: new Date(expires).toISOString() },
  }
}

export async function identifiedUser({ services, principal, params }: PerkvilleCall): Promise<Outcome> {
  const person = await services.identification.personOf(principal, params.get('code') ?? '')
  if (person === undefined) return { ok: true, rows: [] }
  const rows = await services.read.rows(services.schema.of('persons'), {
    tenants: 'every',
    where: eq('id', person),
    limit: 1,
  })
  return { ok: true, rows }
}
