// What the OAuth library asks for while it works a grant off: clients, codes, tokens, each by its hash. The library knows the protocol, this knows the
// rows. One is made per request, because what went wrong beyond the protocol's words (too many guesses) is kept here for the answer.
import type OAuth2Server from '@node-oauth/oauth2-server'
import type { Refusal } from '../../../protocol/result.ts'
import type { Millis } from '../../../protocol/time.ts'
import type { ClientRow, Grant, IssuedWhole, PersonId } from '../../store/platform-port.ts'
import type { CloudStore } from '../../store/port.ts'
import type { System } from '../../system.ts'
import type { Logins } from '../logins.ts'
import { isAlive } from '../principals.ts'
import { newSecret, sameSecret, secretHash } from '../secrets.ts'
import type { AuthDialect, Granted } from './auth-dialect.ts'

export interface GrantParts {
  readonly store: CloudStore
  readonly system: System
  readonly logins: Logins
}

/** Whom a grant is for. `family`: the agreement it goes on with; null where it begins one. */
interface Holder {
  readonly person: PersonId | null
  readonly family: number | null
}

/** The library compares its own clock; ours has decided already. */
const FAR = new Date(8.64e15)

type Model = OAuth2Server.AuthorizationCodeModel &
  OAuth2Server.PasswordModel &
  OAuth2Server.RefreshTokenModel &
  OAuth2Server.ClientCredentialsModel

export class GrantModel implements Model {
  readonly #parts: GrantParts
  readonly #dialect: AuthDialect
  readonly #address: string
  /** The grant that the request names; null while a code is made. */
  readonly #grant: string | null
  /** Whether the authorization request named where to go back to; only then the token request must name it again. */
  readonly #redirectNamed: boolean
  granted: Granted | null = null
  refusal: Refusal | null = null

  constructor(
    parts: GrantParts,
    dialect: AuthDialect,
    request: { readonly address: string; readonly grant: string | null; readonly redirectNamed: boolean },
  ) {
    this.#parts = parts
    this.#dialect = dialect
    this.#address = request.address
    this.#grant = request.grant
    this.#redirectNamed = request.redirectNamed
  }

  /** `null` for a secret: nothing is proved yet, an authorization begins. Missing: only a public client may go on. */
  async getClient(key: string, secret?: string | null): Promise<OAuth2Server.Client | false> {
    const row = await this.#parts.store.read.clientByKey(key)
    if (row === undefined || row.disabled || row.dialect !== this.#dialect.name) return false
    const proved =
      secret === null ||
      (row.secretHash === null
        ? secret === undefined
        : secret !== undefined && sameSecret(secret, row.secretHash))
    return proved && libraryClient(row)
  }

  async getUser(email: string, password: string, client: OAuth2Server.Client): Promise<Holder | false> {
    const from = { address: this.#address, client: rowOf(client).id }
    const checked = await this.#parts.logins.check(email, password, from)
    if (!checked.ok) {
      if (checked.refusal.code !== 'password_wrong') this.refusal = checked.refusal
      return false
    }
    const { id } = checked.value
    const staff = await this.#parts.store.read.staffOf(id)
    const { tenants } = rowOf(client)
    const may = staff.some(
      ({ tenant, role }) =>
        this.#dialect.passwordRoles.includes(role) && (tenants.length === 0 || tenants.includes(tenant)),
    )
    return may && { person: id, family: null }
  }

  async getUserFromClient(): Promise<Holder> {
    return { person: null, family: null }
  }

  /** Nothing asked for: everything the client may have. */
  async validateScope(
    _user: OAuth2Server.User,
    client: OAuth2Server.Client,
    scopes?: string[],
  ): Promise<string[] | false> {
    const allowed = rowOf(client).scopes
    if (scopes === undefined || scopes.join('') === '') return [...allowed]
    return scopes.every((scope) => allowed.includes(scope)) && [...new Set(scopes)]
  }

  async saveAuthorizationCode(
    code: Pick<OAuth2Server.AuthorizationCode, 'redirectUri' | 'scope' | 'codeChallenge'>,
    client: OAuth2Server.Client,
    user: OAuth2Server.User,
  ): Promise<OAuth2Server.AuthorizationCode> {
    const { store, system } = this.#parts
    const { text, hash } = newSecret(system)
    const scopes = code.scope ?? []
    const now = system.clock.now() as Millis
    const row = rowOf(client)
    await store.write(async (tx) => {
      const family = await tx.insertFamily({
        client: row.id,
        person: holderOf(user).person,
        scopes,
        grant: row.secretHash === null ? 'pkce_mobile' : 'authorization_code',
        created: now,
      })
      await tx.insertIssued({
        hash,
        family: family.id,
        kind: 'code',
        scopes,
        expires: (now + this.#dialect.lifetimes.codeMs) as Millis,
        redirectUri: this.#redirectNamed ? code.redirectUri : null,
        challenge: code.codeChallenge ?? null,
      })
    })
    return { authorizationCode: text, expiresAt: FAR, redirectUri: code.redirectUri, client, user }
  }

  /** A code that comes twice was stolen, by now or before: everything that came from it ends (RFC 6749, 4.1.2). */
  async getAuthorizationCode(code: string): Promise<OAuth2Server.AuthorizationCode | false> {
    const issued = await this.#alive(code, 'code')
    return (
      issued !== undefined && {
        authorizationCode: code,
        expiresAt: FAR,
        // The library wants none where it is empty.
        redirectUri: issued.redirectUri ?? '',
        scope: [...issued.scopes],
        client: libraryClient(issued.client),
        user: { person: issued.of.person, family: issued.family },
        ...(issued.challenge === null
          ? {}
          : { codeChallenge: issued.challenge, codeChallengeMethod: 'S256' }),
      }
    )
  }

  async revokeAuthorizationCode({ authorizationCode }: OAuth2Server.AuthorizationCode): Promise<boolean> {
    return this.#use(authorizationCode)
  }

  async getRefreshToken(token: string): Promise<OAuth2Server.RefreshToken | false> {
    const issued = await this.#alive(token, 'refresh')
    return (
      issued !== undefined && {
        refreshToken: token,
        scope: [...issued.scopes],
        client: libraryClient(issued.client),
        user: { person: issued.of.person, family: issued.family },
      }
    )
  }

  async revokeToken({ refreshToken }: OAuth2Server.RefreshToken): Promise<boolean> {
    return this.#use(refreshToken)
  }

  /** The library's way to authenticate requests is not used: principals.ts does. */
  async getAccessToken(): Promise<false> {
    return false
  }

  async generateAccessToken(): Promise<string> {
    return newSecret(this.#parts.system).text
  }

  async generateRefreshToken(): Promise<string> {
    return newSecret(this.#parts.system).text
  }

  async saveToken(
    token: OAuth2Server.Token,
    client: OAuth2Server.Client,
    user: OAuth2Server.User,
  ): Promise<OAuth2Server.Token> {
    const { store, system } = this.#parts
    const { lifetimes } = this.#dialect
    const now = system.clock.now() as Millis
    const row = rowOf(client)
    const holder = holderOf(user)
    const scopes = token.scope ?? []
    const accessMs = this.#grant === 'password' ? lifetimes.passwordAccessMs : lifetimes.accessMs
    // For a client itself the library makes none.
    const made = this.#grant === 'client_credentials' ? this.#clientRefresh() : token.refreshToken
    const refreshToken = row.grants.includes('refresh_token') ? made : undefined
    await store.write(async (tx) => {
      const family =
        holder.family ??
        (
          await tx.insertFamily({
            client: row.id,
            person: holder.person,
            scopes,
            grant: this.#grant === 'password' ? 'password' : 'client_credentials',
            created: now,
          })
        ).id
      const issued = { family, scopes, redirectUri: null, challenge: null }
      const expires = accessMs === null ? null : ((now + accessMs) as Millis)
      await tx.insertIssued({ ...issued, hash: secretHash(token.accessToken), kind: 'access', expires })
      if (refreshToken !== undefined)
        await tx.insertIssued({
          ...issued,
          hash: secretHash(refreshToken),
          kind: 'refresh',
          expires: lifetimes.refreshMs === null ? null : ((now + lifetimes.refreshMs) as Millis),
        })
    })
    this.granted = {
      accessToken: token.accessToken,
      refreshToken: refreshToken ?? null,
      seconds: accessMs === null ? null : Math.floor(accessMs / 1000),
      scopes,
    }
    return { accessToken: token.accessToken, client, user }
  }

  #clientRefresh(): string | undefined {
    return this.#dialect.clientsRefresh === true ? newSecret(this.#parts.system).text : undefined
  }

  async #alive(text: string, kind: 'code' | 'refresh'): Promise<IssuedWhole | undefined> {
    const { store, system } = this.#parts
    const issued = await store.read.issued(secretHash(text))
    if (issued?.kind !== kind) return undefined
    if (issued.used) await store.write((tx) => tx.endFamily(issued.family))
    return isAlive(issued, system.clock.now()) ? issued : undefined
  }

  /** False, and the family ends, where another request was faster. */
  async #use(text: string): Promise<boolean> {
    return this.#parts.store.write(async (tx) => {
      const hash = secretHash(text)
      if (await tx.useIssued(hash)) return true
      const issued = await tx.issued(hash)
      if (issued !== undefined) await tx.endFamily(issued.family)
      return false
    })
  }
}

/** The library's names for what a client may do; a public client's code grant is a code grant to it. */
const LIBRARY_GRANTS: Readonly<Record<Grant, string>> = {
  authorization_code: 'authorization_code',
  pkce_mobile: 'authorization_code',
  client_credentials: 'client_credentials',
  password: 'password',
  refresh_token: 'refresh_token',
}

function libraryClient(row: ClientRow): OAuth2Server.Client {
  return {
    id: row.key,
    redirectUris: [...row.redirectUris],
    grants: row.grants.map((grant) => LIBRARY_GRANTS[grant]),
    row,
  }
}

/** What `libraryClient` put there. */
function rowOf(client: OAuth2Server.Client): ClientRow {
  return client.row as ClientRow
}

/** What this model gave the library as the user. */
function holderOf(user: OAuth2Server.User): Holder {
  return user as Holder
}
