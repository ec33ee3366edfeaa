// How one API's OAuth 2 differs from another's, as a value: addresses, scopes, lifetimes, how a client proves itself, what an answer looks like. The
// grants themselves are the same for all (PL-10).
import type { Grant, StaffRole } from '../../store/platform-port.ts'

export interface ScopeText {
  readonly name: string
  /** What it lets the client do, in words for the person who agrees. */
  readonly says: string
}

export interface Granted {
  readonly accessToken: string
  readonly refreshToken: string | null
  /** Null: until it is revoked. */
  readonly seconds: number | null
  readonly scopes: readonly string[]
}

/** As RFC 6749 names it. */
export interface OAuthFault {
  readonly status: number
  readonly error: string
  readonly description: string
}

export interface AuthDialect {
  readonly name: string
  readonly paths: {
    readonly authorize: string
    readonly token: string
    readonly revoke: string | null
    readonly introspect: string | null
    /** A business's own page, with `:business`; below it `/identify` where persons are identified. */
    readonly profile: string | null
  }
  readonly scopes: readonly ScopeText[]
  readonly grants: readonly Grant[]
  /** A client may also send its secret in the query. */
  readonly secretInQuery: boolean
  /** Whose password a client may exchange for a token: staff with one of these roles. */
  readonly passwordRoles: readonly StaffRole[]
  /** Null: until it is revoked. */
  readonly lifetimes: {
    readonly codeMs: number
    readonly accessMs: number | null
    readonly passwordAccessMs: number | null
    readonly refreshMs: number | null
  }
  /** The scope that the identify flow needs; null where there is none. */
  readonly identifyScope: string | null
  /** Only calls over TLS, or from the machine itself, are heard (PL-25). */
  readonly tlsOnly?: true
  /** Its clients put fields anywhere: multipart, JSON, the query. */
  readonly fieldsAnywhere?: true
  /** A client that acts for itself gets a refresh token too. */
  readonly clientsRefresh?: true
  /** A client's id and secret, joined by a dot, are a token (PL-23). */
  readonly keysAreTokens?: true
  /** The stores of a business serve it too, and know its clients (PL-24). */
  readonly atStores?: true
  answer(granted: Granted): unknown
  fault(fault: OAuthFault): unknown
}

export function isScopeOf(dialect: AuthDialect, scope: string): boolean {
  return dialect.scopes.some(({ name }) => name === scope)
}
