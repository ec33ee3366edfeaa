// An authorization request, read before anybody logs in. What concerns the client or where to go back to is told to the person and never to the
// address in the request, which may be an attacker's (PL-11); everything else goes back to the client as RFC 6749 4.1.2.1 has it.
import type { ClientRow } from '../../store/platform-port.ts'
import type { Reads } from '../../store/port.ts'
import { STATE_CHARS_MAX } from '../limits.ts'
import type { AuthDialect, ScopeText } from './auth-dialect.ts'

export interface AuthorizationRequest {
  readonly client: ClientRow
  readonly redirectUri: string
  readonly redirectNamed: boolean
  readonly scopes: readonly ScopeText[]
  readonly state: string | null
  /** As it came, for the library: of each name the first value. */
  readonly query: Readonly<Record<string, string>>
}

export type ReadAuthorization =
  | { readonly kind: 'request'; readonly request: AuthorizationRequest }
  /** For the person: the request itself cannot be trusted. */
  | { readonly kind: 'page'; readonly sentence: string }
  /** For the client, at an address that is its own. */
  | { readonly kind: 'redirect'; readonly to: string }

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/

export async function readAuthorization(
  read: Pick<Reads, 'clientByKey'>,
  dialect: AuthDialect,
  params: URLSearchParams,
): Promise<ReadAuthorization> {
  const page = (sentence: string): ReadAuthorization => ({ kind: 'page', sentence })
  for (const name of new Set(params.keys()))
    if (params.getAll(name).length > 1) return page(`The request names "${name.slice(0, 64)}" twice.`)
  const client = await read.clientByKey(params.get('client_id') ?? '')
  if (client === undefined || client.disabled || client.dialect !== dialect.name)
    return page('The app that sent you here is not known.')
  const named = params.get('redirect_uri')
  const redirectUri = named ?? client.redirectUris[0]
  if (redirectUri === undefined || !client.redirectUris.includes(redirectUri))
    return page('The app that sent you here wants you back at an address that is not its own.')
  const state = params.get('state')
  const fault = faultOf(client, dialect, params)
  if (fault !== null) return { kind: 'redirect', to: faultRedirect(redirectUri, state, fault) }
  return {
    kind: 'request',
    request: {
      client,
      redirectUri,
      redirectNamed: named !== null,
      scopes: scopesWanted(client, dialect, params.get('scope')) ?? [],
      state,
      query: Object.fromEntries(params),
    },
  }
}

interface Fault {
  readonly error: string
  readonly description: string
}

function faultOf(client: ClientRow, dialect: AuthDialect, params: URLSearchParams): Fault | null {
  const fault = (error: string, description: string): Fault => ({ error, description })
  const isPublic = client.secretHash === null
  if (!client.grants.includes(isPublic ? 'pkce_mobile' : 'authorization_code'))
    return fault('unauthorized_client', 'This client may not use the authorization code grant')
  if (params.get('response_type') !== 'code')
    return fault(
      params.has('response_type') ? 'unsupported_response_type' : 'invalid_request',
      'response_type must be code',
    )
  if ((params.get('state') ?? '').length > STATE_CHARS_MAX || /[^\x20-\x7e]/.test(params.get('state') ?? ''))
    return fault('invalid_request', 'state is too long or not visible ASCII')
  const challenge = params.get('code_challenge')
  const method = params.get('code_challenge_method')
  if (challenge === null && (isPublic || method !== null))
    return fault('invalid_request', 'code_challenge is missing')
  // RFC 7636 takes a missing method for "plain", which is not taken here.
  if (challenge !== null && (method !== 'S256' || !CHALLENGE.test(challenge)))
    return fault('invalid_request', 'code_challenge_method must be S256, and code_challenge 43 characters')
  if (scopesWanted(client, dialect, params.get('scope')) === undefined)
    return fault('invalid_scope', 'scope names what this client may not have')
  return null
}

/** Nothing asked for: everything the client may have. Undefined for what it may not. */
function scopesWanted(
  client: ClientRow,
  dialect: AuthDialect,
  given: string | null,
): readonly ScopeText[] | undefined {
  const words = (given ?? '').split(' ').filter((word) => word !== '')
  const wanted = words.length === 0 ? client.scopes : words
  if (!wanted.every((scope) => client.scopes.includes(scope))) return undefined
  return dialect.scopes.filter(({ name }) => wanted.includes(name))
}

export function faultRedirect(redirectUri: string, state: string | null, fault: Fault): string {
  const to = new URL(redirectUri)
  to.searchParams.set('error', fault.error)
  to.searchParams.set('error_description', fault.description)
  if (state !== null) to.searchParams.set('state', state)
  return to.href
}
