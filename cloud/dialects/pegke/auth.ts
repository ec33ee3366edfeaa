// OAuth 2 as Pegke's merchants use it (PG-9): a client id and secret for tokens that are refreshed, the two joined by a dot as the merchant key, and fields
// wherever its clients put them. Stores serve the same keys.
import { PEGKE_ACCESS_MS, PEGKE_REFRESH_MS } from '../../../protocol/limits.ts'
import { tokenAnswer, tokenFault } from '../../../protocol/pegke/answers.ts'
import type { AuthDialect } from '../../platform/oauth/auth-dialect.ts'

/** Pegke knows one kind of access: the merchant's. */
export const MERCHANT_SCOPE = 'merchant'

export const PEGKE_AUTH: AuthDialect = {
  name: 'pegke',
  paths: {
    authorize: '/pegke/oauth/authorize',
    token: '/pegke/oauth/token',
    revoke: '/pegke/oauth/revoke',
    introspect: null,
    profile: null,
  },
  scopes: [
    {
      name: MERCHANT_SCOPE,
      says: 'Give points to your customers, see them and their history, and use their vouchers',
    },
  ],
  grants: ['client_credentials', 'refresh_token', 'authorization_code'],
  secretInQuery: true,
  passwordRoles: [],
  lifetimes: {
    codeMs: 60_000,
    accessMs: PEGKE_ACCESS_MS,
    passwordAccessMs: null,
    refreshMs: PEGKE_REFRESH_MS,
  },
  identifyScope: null,
  tlsOnly: true,
  fieldsAnywhere: true,
  clientsRefresh: true,
  keysAreTokens: true,
  atStores: true,
  answer: ({ accessToken, refreshToken, seconds }) => tokenAnswer(accessToken, refreshToken, seconds),
  fault: ({ error, description }) => tokenFault(error, description),
}
