// Mounts the OAuth 2 endpoints and the login pages of every dialect. Addresses answer with or without a slash at their end, because clients in the
// wild send both.
import type { Hono } from 'hono'
import type { HttpBindings } from '@hono/node-server'
import type { AuthDialect } from '../../platform/oauth/auth-dialect.ts'
import type { Issuer } from '../../platform/oauth/issuer.ts'
import type { Platform } from '../../platform/platform.ts'
import type { Reads } from '../../store/port.ts'
import { AccountPages } from './account-pages.ts'
import type { PageAccounts } from './account-pages.ts'
import { PageGround } from './page-ground.ts'
import { PersonPages } from './person-pages.ts'
import { TLS_REQUIRED, cameWithoutTls } from '../plain-calls.ts'
import { refusalOf, serveToken } from './token-endpoints.ts'
import type { TokenWork } from './token-endpoints.ts'
import type { Ctx } from './visit.ts'

export type App = Hono<{ Bindings: HttpBindings }>

export interface PageParts {
  readonly read: Reads
  readonly platform: Platform
  readonly accounts: PageAccounts
  /** Whether the node is reached over TLS. */
  readonly secure: boolean
}

/** How an answer leaves: with the headers every answer has, or as a fault where it broke. */
export type Serve = (c: Ctx, path: string, work: () => Promise<Response>) => Promise<Response>

/** What is served here, for the list of everything that is served (S50). */
export function oauthPaths(dialects: readonly AuthDialect[]): string[] {
  return [
    ...dialects.flatMap(({ paths: { authorize, token, revoke, introspect, profile } }) =>
      [authorize, token, revoke, introspect, profile, profile && identifyPath(profile)].filter(
        (path) => path !== null,
      ),
    ),
    INVITATION_PATH,
    ACCOUNT_PATH,
    PASSWORD_PATH,
    PROOF_PATH,
  ]
}

const INVITATION_PATH = '/invitations/:secret'
const ACCOUNT_PATH = '/account'
const PASSWORD_PATH = '/account/password'
const PROOF_PATH = '/account/proofs/:secret'
const identifyPath = (profile: string): string => `${profile}identify`

export function mountOAuth(app: App, parts: PageParts, serve: Serve): void {
  const ground = new PageGround(parts.read, parts.platform, parts.secure)
  const pages = new PersonPages(ground)
  const own = new AccountPages(ground, parts.accounts)
  const on = (
    path: string,
    methods: readonly string[],
    work: (c: Ctx) => Promise<Response>,
    tlsOnly = false,
  ): void => {
    const bare = path.replace(/\/$/, '')
    const heard = (c: Ctx): Promise<Response> =>
      tlsOnly && cameWithoutTls(c.env.incoming, parts.secure)
        ? Promise.resolve(refusalOf(c, TLS_REQUIRED))
        : work(c)
    for (const form of [bare, `${bare}/`]) app.on([...methods], form, (c) => serve(c, path, () => heard(c)))
  }
  const TOKEN_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
  for (const dialect of parts.platform.dialects) {
    const { authorize, token, revoke, introspect, profile } = dialect.paths
    on(authorize, ['GET', 'POST'], (c) => pages.authorize(c, dialect), dialect.tlsOnly)
    const endpoints: readonly (readonly [string | null, TokenWork])[] = [
      [token, (issuer: Issuer, of, call) => issuer.token(of, call)],
      [revoke, (issuer: Issuer, of, call) => issuer.revoke(of, call)],
      [introspect, (issuer: Issuer, of, call) => issuer.introspect(of, call)],
    ]
    const place = { issuer: parts.platform.issuer, dialect, secure: parts.secure }
    for (const [path, work] of endpoints)
      if (path !== null) on(path, TOKEN_METHODS, (c) => serveToken(c, place, work), dialect.tlsOnly)
    if (profile === null) continue
    on(profile, ['GET'], (c) => pages.profile(c, tenantOf(c)))
    on(identifyPath(profile), ['GET', 'POST'], (c) => pages.identify(c, dialect, tenantOf(c)))
  }
  on(ACCOUNT_PATH, ['GET', 'POST'], (c) => own.account(c))
  on(PASSWORD_PATH, ['GET', 'POST'], (c) => own.forgotten(c))
  on(PROOF_PATH, ['GET', 'POST'], (c) => own.proof(c, c.req.param('secret') ?? ''))
  on(INVITATION_PATH, ['GET', 'POST'], (c) => pages.invitation(c, c.req.param('secret') ?? ''))
}

/** 0, which is no business, for what is no number. */
function tenantOf(c: Ctx): number {
  const text = c.req.param('business') ?? ''
  return /^[1-9][0-9]{0,14}$/.test(text) ? Number(text) : 0
}
