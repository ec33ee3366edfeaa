// Who is calling, read from a request's headers, once (PL-1).
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { admitNative } from '../platform/native-scopes.ts'
import type { NativeNeed } from '../platform/native-scopes.ts'
import type { Principal } from '../platform/principal.ts'
import type { Principals } from '../platform/principals.ts'
import type { TenantId } from '../store/port.ts'

/** Which of several businesses a token is used for; where no header can be set, `tenant` in the query. */
export const TENANT_HEADER = 'tillstream-tenant'

/** 0, which is none, for what is no number. */
export function wantedTenant(given: string | undefined): TenantId | undefined {
  if (given === undefined) return undefined
  return /^[1-9][0-9]{0,14}$/.test(given) ? Number(given) : 0
}

/** What an open stream asks again: whether its token still opens it, to the business it was opened for (PL-22). */
export function admittedAgain(
  {
    authorization,
    inQuery,
  }: { readonly authorization: string | undefined; readonly inQuery: string | undefined },
  need: NativeNeed,
  tenant: TenantId,
  principals: Pick<Principals, 'of'>,
): () => Promise<boolean> {
  return async () => {
    const caller = await principalOfRequest(authorization, inQuery, principals)
    return caller.ok && admitNative(caller.value, need, tenant).ok
  }
}

/** By the bearer token, or the one in the query where that is allowed. */
export async function principalOfRequest(
  authorization: string | undefined,
  inQuery: string | undefined,
  principals: Pick<Principals, 'of'>,
): Promise<Result<Principal>> {
  const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1] ?? inQuery
  if (token === undefined || token === '')
    return refuse(
      'token_missing',
      'Send Authorization: Bearer TOKEN; the HQ token is in hq.token of the data directory',
    )
  const principal = await principals.of(token)
  return principal === undefined
    ? refuse('token_unknown', 'This token is not known here, or not any more')
    : accept(principal)
}
