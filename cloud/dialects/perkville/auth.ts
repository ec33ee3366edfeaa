// OAuth 2 as Perkville documents it: tokens that never run out, no refresh tokens, the secret by Basic or in the query, faults in Perkville's envelope.
// RFC 6749's own members stand beside the envelope, since OAuth libraries look for them (SPEC, decision on the token endpoint).
import type { AuthDialect } from '../../platform/oauth/auth-dialect.ts'

export const PERKVILLE_AUTH: AuthDialect = {
  name: 'perkville',
  paths: {
    authorize: '/perkville/api/authorize/',
    token: '/perkville/api/token/',
    revoke: null,
    introspect: null,
    profile: '/perkville/biz/:business/',
  },
  scopes: [
    { name: 'PUBLIC', says: 'See what is public about the rewards program' },
    {
      name: 'USER_CUSTOMER_INFO',
      says: 'See your contact data, memberships and vouchers, and use your vouchers',
    },
    { name: 'USER_REDEEM', says: 'Spend your points' },
    { name: 'USER_REFERRAL', says: 'Refer others in your name' },
    { name: 'ADMIN_CUSTOMER_INFO', says: "See your customers' contact data and memberships" },
    { name: 'ADMIN_CUSTOMER_REDEEM', says: "See and use your customers' vouchers, and spend their points" },
    { name: 'ADMIN_CUSTOMER_GRANT_POINTS', says: 'Give points to your customers and invite them' },
    { name: 'ADMIN_CUSTOMER_REFERRAL', says: 'Record referrals between your customers' },
    { name: 'ADMIN_PERK', says: 'Create and edit perks' },
    { name: 'ADMIN_LOCATION', says: 'Create and edit locations' },
    { name: 'ADMIN_IDENTIFY_USER', says: 'Learn which customer is in front of it' },
  ],
  grants: ['authorization_code', 'pkce_mobile', 'password'],
  secretInQuery: true,
  passwordRoles: ['ADMIN'],
  lifetimes: { codeMs: 5 * 60_000, accessMs: null, passwordAccessMs: null, refreshMs: null },
  identifyScope: 'ADMIN_IDENTIFY_USER',
  answer: ({ accessToken, scopes }) => ({
    access_token: accessToken,
    token_type: 'Bearer',
    scope: scopes.join(' '),
  }),
  fault: ({ error, description }) => ({
    error_type: 'oauth_error',
    errors: { __all__: [{ code: error, message: description }] },
    error,
    error_description: description,
  }),
}
