// OAuth 2 of the native API, as RFC 6749, 7009 and 7662 have it.
import { NATIVE_SCOPES } from '../native-scopes.ts'
import type { NativeScope } from '../native-scopes.ts'
import type { AuthDialect } from './auth-dialect.ts'

const SAYS: Readonly<Record<NativeScope, string>> = {
  'members:read': 'See members, their balances and their history',
  'members:write': 'Change members: points, awards, vouchers, profiles',
  'facts:read': 'See sales and everything else that was recorded',
  'feed:read': 'Watch what happens in the stores',
  'program:read': 'See the loyalty program',
  'program:write': 'Change the loyalty program',
  'fleet:read': 'See stores and their devices',
  'fleet:write': 'Add stores, enrol and retire devices',
  'conflicts:read': 'See what needs a decision',
  'conflicts:write': 'Decide what needs a decision',
  'access:read': 'See staff and API clients',
  'access:write': 'Change staff and API clients',
}

export const NATIVE_AUTH: AuthDialect = {
  name: 'native',
  paths: {
    authorize: '/oauth/authorize',
    token: '/oauth/token',
    revoke: '/oauth/revoke',
    introspect: '/oauth/introspect',
    profile: null,
  },
  scopes: NATIVE_SCOPES.map((name) => ({ name, says: SAYS[name] })),
  grants: ['authorization_code', 'pkce_mobile', 'client_credentials', 'refresh_token'],
  secretInQuery: false,
  passwordRoles: [],
  lifetimes: {
    codeMs: 60_000,
    accessMs: 3_600_000,
    passwordAccessMs: null,
    refreshMs: 60 * 24 * 3_600_000,
  },
  identifyScope: null,
  answer: ({ accessToken, refreshToken, seconds, scopes }) => ({
    access_token: accessToken,
    token_type: 'Bearer',
    ...(seconds === null ? {} : { expires_in: seconds }),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope: scopes.join(' '),
  }),
  fault: ({ error, description }) => ({ error, error_description: description }),
}
