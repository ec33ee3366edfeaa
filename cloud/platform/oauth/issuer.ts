// The OAuth 2 endpoints without their HTTP: codes after consent, tokens for grants, revocation, introspection. The maintained library works the grants
// off (PL-10); the answer's form is the dialect's.
import OAuth2Server from '@node-oauth/oauth2-server'
import type { Refusal } from '../../../protocol/result.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { ClientRow, PersonId } from '../../store/platform-port.ts'
import { isAlive } from '../principals.ts'
import { sameSecret, secretHash } from '../secrets.ts'
import type { AuthDialect, OAuthFault } from './auth-dialect.ts'
import type { AuthorizationRequest } from './authorization.ts'
import { GrantModel } from './grant-model.ts'
import type { GrantParts } from './grant-model.ts'

export type Params = Readonly<Record<string, string>>

export interface TokenCall {
  readonly authorization: string | undefined
  readonly form: Params
  readonly query: Params
  readonly address: string
}

export type TokenAnswer =
  | { readonly status: number; readonly json: unknown; readonly challenge?: boolean }
  | { readonly refusal: Refusal }

const FORM = 'application/x-www-form-urlencoded'

export class Issuer {
  readonly #parts: GrantParts

  constructor(parts: GrantParts) {
    this.#parts = parts
  }

  /** Where the browser goes with its code, after the person agreed. */
  async authorize(
    dialect: AuthDialect,
    { query, redirectNamed, client, scopes }: AuthorizationRequest,
    person: PersonId,
    address: string,
  ): Promise<string> {
    const { store, system } = this.#parts
    const model = new GrantModel(this.#parts, dialect, { address, grant: null, redirectNamed })
    const response = new OAuth2Server.Response()
    await new OAuth2Server({ model }).authorize(
      new OAuth2Server.Request({ method: 'GET', headers: {}, query: { ...query } }),
      response,
      {
        allowEmptyState: true,
        authenticateHandler: { handle: () => ({ person, family: null }) },
      },
    )
    const before = await store.read.consent(person, client.id)
    // Who agrees to less than before has not taken the rest back.
    const agreed = new Set([...(before?.scopes ?? []), ...scopes.map(({ name }) => name)])
    const at = system.clock.now() as Millis
    await store.write((tx) => tx.saveConsent({ person, client: client.id, scopes: [...agreed], at }))
    return String(response.get('location'))
  }

  /** Whether the person agreed to all of this before. A public client proves nothing, so that agreement is asked for each time (RFC 8252, 8.6). */
  async agreedBefore({ client, scopes }: AuthorizationRequest, person: PersonId): Promise<boolean> {
    if (client.secretHash === null) return false
    const consent = await this.#parts.store.read.consent(person, client.id)
    return consent !== undefined && scopes.every(({ name }) => consent.scopes.includes(name))
  }

  async token(dialect: AuthDialect, call: TokenCall): Promise<TokenAnswer> {
    const grant = call.form.grant_type ?? ''
    const model = new GrantModel(this.#parts, dialect, {
      address: call.address,
      grant,
      redirectNamed: true,
    })
    const secret = dialect.secretInQuery ? call.query.client_secret : undefined
    const form = {
      ...call.form,
      ...(secret === undefined || call.authorization !== undefined ? {} : { client_secret: secret }),
    }
    const request = new OAuth2Server.Request({
      method: 'POST',
      headers: {
        'content-type': FORM,
        // The library looks whether there is a body before it looks at the type.
        'content-length': '1',
        ...(call.authorization === undefined ? {} : { authorization: call.authorization }),
      },
      query: {},
      body: form,
    })
    try {
      if (grant !== '' && !dialect.grants.some((known) => known === grant))
        return faultAnswer(dialect, {
          status: 400,
          error: 'unsupported_grant_type',
          description: 'This API does not know that grant',
        })
      await new OAuth2Server({ model }).token(request, new OAuth2Server.Response(), {
        alwaysIssueNewRefreshToken: true,
        // A public client has no secret for these either; the model lets no other do without.
        requireClientAuthentication: { refresh_token: false },
      })
    } catch (cause) {
      if (model.refusal !== null) return { refusal: model.refusal }
      return faultAnswer(dialect, faultOf(cause))
    }
    if (model.granted === null) throw new Error('the library said yes and saved no token')
    return { status: 200, json: dialect.answer(model.granted) }
  }

  /** RFC 7009: an unknown token is as good as revoked. A refresh token takes all with it, an access token only itself. */
  async revoke(dialect: AuthDialect, call: TokenCall): Promise<TokenAnswer> {
    const client = await this.#clientOf(dialect, call)
    if (client === undefined) return faultAnswer(dialect, UNKNOWN_CLIENT)
    const hash = secretHash(call.form.token ?? '')
    await this.#parts.store.write(async (tx) => {
      const issued = await tx.issued(hash)
      if (issued?.client.id !== client.id) return
      if (issued.kind === 'access') await tx.deleteIssued(hash)
      else await tx.endFamily(issued.family)
    })
    return { status: 200, json: {} }
  }

  /** RFC 7662, for the client whose token it is. */
  async introspect(dialect: AuthDialect, call: TokenCall): Promise<TokenAnswer> {
    const client = await this.#clientOf(dialect, call)
    if (client === undefined || client.secretHash === null) return faultAnswer(dialect, UNKNOWN_CLIENT)
    const { store, system } = this.#parts
    const issued = await store.read.issued(secretHash(call.form.token ?? ''))
    if (issued?.client.id !== client.id || !isAlive(issued, system.clock.now()) || issued.kind === 'code')
      return { status: 200, json: { active: false } }
    return {
      status: 200,
      json: {
        active: true,
        client_id: client.key,
        scope: issued.scopes.join(' '),
        token_type: issued.kind === 'access' ? 'Bearer' : 'refresh_token',
        ...(issued.of.person === null ? {} : { sub: String(issued.of.person) }),
        ...(issued.expires === null ? {} : { exp: Math.floor(issued.expires / 1000) }),
      },
    }
  }

  /** By Basic or in the form; a public client names itself only. */
  async #clientOf(dialect: AuthDialect, { authorization, form }: TokenCall): Promise<ClientRow | undefined> {
    const basic = basicOf(authorization)
    const key = basic?.key ?? form.client_id ?? ''
    const secret = basic?.secret ?? form.client_secret
    const row = await this.#parts.store.read.clientByKey(key)
    if (row === undefined || row.disabled || row.dialect !== dialect.name) return undefined
    if (row.secretHash === null) return secret === undefined ? row : undefined
    return secret !== undefined && sameSecret(secret, row.secretHash) ? row : undefined
  }
}

const UNKNOWN_CLIENT: OAuthFault = {
  status: 401,
  error: 'invalid_client',
  description: 'Client and secret do not fit',
}

function basicOf(
  authorization: string | undefined,
): { readonly key: string; readonly secret: string } | undefined {
  const [, coded] = /^Basic ([A-Za-z0-9+/=]{1,1024})$/i.exec(authorization ?? '') ?? []
  if (coded === undefined) return undefined
  const text = Buffer.from(coded, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0 ? undefined : { key: text.slice(0, at), secret: text.slice(at + 1) }
}

function faultOf(cause: unknown): OAuthFault {
  if (!(cause instanceof OAuth2Server.OAuthError) || cause.code >= 500) throw cause
  return { status: cause.code, error: cause.name, description: cause.message }
}

function faultAnswer(dialect: AuthDialect, fault: OAuthFault): TokenAnswer {
  const status = fault.error === 'invalid_client' ? 401 : fault.status
  return { status, json: dialect.fault({ ...fault, status }), challenge: status === 401 }
}
