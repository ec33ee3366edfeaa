// Who is calling, and what the native API lets them do.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SCOPES_OF_ROLE, admitNative } from '../../cloud/platform/native-scopes.ts'
import { EVERYTHING, NOTHING, among, and, eq, or } from '../../cloud/collections/query.ts'
import { sightOf } from '../../cloud/dialects/frame/visibility.ts'
import {
  NOBODY,
  actsFor,
  isStaffAt,
  isStaffOf,
  isStaffOfAll,
  permits,
} from '../../cloud/platform/principal.ts'
import type { Principal } from '../../cloud/platform/principal.ts'
import { Principals, principalOf } from '../../cloud/platform/principals.ts'
import { newSecret, sameSecret, secretHash } from '../../cloud/platform/secrets.ts'
import { systemWith } from '../../cloud/system.ts'
import type { ClientId, IssuedWhole, PersonId, StaffRole } from '../../cloud/store/platform-port.ts'
import { millis } from '../contract/store-rows.ts'

function issued(over: Partial<IssuedWhole> = {}): IssuedWhole {
  const family = {
    id: 7,
    client: 3 as ClientId,
    person: 5 as PersonId,
    scopes: ['members:read'],
    grant: 'authorization_code',
    created: millis(0),
    ended: false,
  } as const
  return {
    hash: secretHash('tok'),
    family: 7,
    kind: 'access',
    scopes: ['members:read'],
    expires: millis(100),
    used: false,
    redirectUri: null,
    challenge: null,
    of: family,
    client: {
      id: 3 as ClientId,
      key: 'app',
      name: 'App',
      dialect: 'native',
      secretHash: null,
      redirectUris: [],
      scopes: ['members:read'],
      grants: ['authorization_code'],
      tenants: [1, 2],
      disabled: false,
      created: millis(0),
      modified: millis(0),
    },
    staff: [staff(1, 'ADMIN'), staff(2, 'EMAIL_ONLY'), staff(3, 'ADMIN')],
    ...over,
  }
}

function staff(tenant: number, role: StaffRole) {
  return {
    id: tenant,
    tenant,
    person: 5 as PersonId,
    role,
    locations: null,
    description: '',
    billPayer: false,
    created: millis(0),
    modified: millis(0),
  }
}

function principals(row: IssuedWhole | undefined, now: number): Principals {
  return new Principals({
    read: {
      issued: async (hash) => (hash === row?.hash ? row : undefined),
      tenantByHqHash: async (hash) =>
        hash === secretHash('hq2')
          ? { id: 2, name: 'Two', hqHash: hash, dialects: [], modified: millis(0) }
          : undefined,
      clientByKey: async (key) => (key === row?.client.key ? row.client : undefined),
    },
    clock: { now: () => now },
    operatorHash: secretHash('op'),
    firstTenant: 1,
    keyDialects: new Set(['pegke']),
  })
}

test('PL-1 a token becomes one principal: operator, HQ of a business, what a client was given, or nobody', async () => {
  const all = principals(issued(), 50)
  expect(await all.of('op')).toMatchObject({ kind: 'operator', tenant: 1, family: 0 })
  expect(await all.of('hq2')).toMatchObject({ kind: 'hq', tenant: 2, tenants: [2] })
  expect(await all.of('tok')).toMatchObject({ kind: 'token', person: 5, client: 3, tenant: null, family: 7 })
  expect(await all.of('other')).toBeUndefined()
  expect(await all.of('with space')).toBeUndefined()
  expect(permits(NOBODY, { all: [], anyOf: [] })).toBe(true)
  expect(permits(NOBODY, { all: ['members:read'], anyOf: [] })).toBe(false)
  const caller = principalOf(issued())
  expect(permits(caller, { all: [], anyOf: [['x', 'members:read']] })).toBe(true)
  expect(permits(caller, { all: [], anyOf: [['x'], ['members:read']] })).toBe(false)
})

test('PL-23 id and secret of a client, joined by a dot, are a token where the API says so, for the client itself', async () => {
  const client = {
    ...issued().client,
    key: 'code',
    secretHash: secretHash('secret'),
    dialect: 'pegke',
    grants: ['client_credentials'],
  } as const
  const of = (over: object, token = 'code.secret') =>
    principals(issued({ client: { ...client, ...over } }), 50).of(token)
  expect(await of({})).toMatchObject({ kind: 'token', dialect: 'pegke', client: 3, person: null, staff: [] })
  for (const wrong of ['code.other', 'other.secret', 'code.', '.secret', 'code', 'secret', 'code.secret.'])
    expect(await of({}, wrong)).toBeUndefined()
  for (const not of [
    { disabled: true },
    { dialect: 'perkville' },
    { grants: ['authorization_code'] },
    { secretHash: null },
  ])
    expect(await of(not)).toBeUndefined()
})

test('PL-2 roles count in the businesses of the client only; a client without any acts for all', () => {
  const caller = principalOf(issued())
  expect(caller.staff.map(({ tenant }) => tenant)).toEqual([1, 2])
  expect([1, 2, 3].map((tenant) => actsFor(caller, tenant))).toEqual([true, true, false])
  expect(isStaffOf(caller, 1, ['ADMIN'])).toBe(true)
  expect(isStaffOf(caller, 2, ['ADMIN'])).toBe(false)
  expect(isStaffOf(caller, 3, ['ADMIN'])).toBe(false)
  const whole = issued()
  const node = principalOf({ ...whole, client: { ...whole.client, tenants: [] } })
  expect(actsFor(node, 9)).toBe(true)
  expect(isStaffOf(node, 3, ['ADMIN'])).toBe(true)
  expect(actsFor(NOBODY, 1)).toBe(false)
})

test('PL-3 what ran out, was used, revoked, is no access token, or is of a disabled client is no token', async () => {
  const whole = issued()
  const dead: Partial<IssuedWhole>[] = [
    { expires: millis(50) },
    { used: true },
    { kind: 'code' },
    { kind: 'refresh' },
    { of: { ...whole.of, ended: true } },
    { client: { ...whole.client, disabled: true } },
  ]
  for (const over of dead) expect(await principals(issued(over), 50).of('tok')).toBeUndefined()
  expect(await principals(issued({ expires: null }), 1e12).of('tok')).toBeDefined()
})

test('PL-4 a secret is 256 bits, and what is kept of it is its SHA-256', () => {
  const system = systemWith({ now: () => 0 })
  const { text, hash } = newSecret(system)
  expect(Buffer.from(text, 'base64url')).toHaveLength(32)
  expect(hash).toBe(createHash('sha256').update(text).digest('hex'))
  expect(newSecret(system).text).not.toBe(text)
  expect(sameSecret(text, hash)).toBe(true)
  expect(sameSecret(`${text}x`, hash)).toBe(false)
})

test('PL-5 a token counts in the business where the role has the scope, and says which of several', () => {
  const caller = principalOf(issued())
  expect(admitNative(caller, 'members:read', undefined)).toEqual({ ok: true, value: 1 })
  expect(admitNative(caller, 'members:read', 2)).toMatchObject({ refusal: { code: 'role_insufficient' } })
  expect(admitNative(caller, 'members:write', 1)).toMatchObject({ refusal: { code: 'role_insufficient' } })
  const forItself: Principal = { ...caller, person: null, staff: [] }
  expect(admitNative(forItself, 'members:read', undefined)).toMatchObject({
    refusal: { code: 'tenant_unclear' },
  })
  expect(admitNative(forItself, 'members:read', 2)).toEqual({ ok: true, value: 2 })
  expect(admitNative(forItself, 'members:read', 3)).toMatchObject({ refusal: { code: 'role_insufficient' } })
  expect(admitNative(NOBODY, 'public', undefined)).toEqual({ ok: true, value: 0 })
  expect(SCOPES_OF_ROLE.EMAIL_ONLY).toEqual([])
})

test("PL-6 no token has what is the operator's, and a dialect's token opens nothing native", async () => {
  const all = principals(issued(), 50)
  const [operator, hq] = [await all.of('op'), await all.of('hq2')]
  if (operator === undefined || hq === undefined) throw new Error('unknown')
  const refused = { refusal: { code: 'role_insufficient' } }
  expect(admitNative(operator, 'operator', undefined)).toEqual({ ok: true, value: 1 })
  expect(admitNative(hq, 'operator', undefined)).toMatchObject(refused)
  expect(admitNative(hq, 'fleet:write', undefined)).toEqual({ ok: true, value: 2 })
  expect(admitNative(hq, 'fleet:write', 1)).toMatchObject(refused)
  const scopes = new Set(['operator', 'members:read'])
  expect(admitNative({ ...principalOf(issued()), scopes }, 'operator', 1)).toMatchObject(refused)
  const dialect = { ...principalOf(issued()), dialect: 'perkville' }
  expect(admitNative(dialect, 'members:read', 1)).toMatchObject(refused)
})

test('PL-28 DF-13 staff that is limited to locations sees and does what is of these, in the business that limits it', () => {
  const limited = { ...staff(1, 'ADMIN'), locations: [3, 4] }
  const caller = principalOf({ ...issued(), staff: [limited, staff(2, 'ADMIN')] })
  const at = (tenant: number, location: number): boolean => isStaffAt(caller, tenant, location, ['ADMIN'])
  expect([at(1, 3), at(1, 5), at(2, 5), at(9, 3)]).toEqual([true, false, true, false])
  expect([1, 2, 9].map((tenant) => isStaffOfAll(caller, tenant, ['ADMIN']))).toEqual([false, true, false])
  expect(isStaffAt(caller, 1, 3, ['EMPLOYEE'])).toBe(false)
  const sees = { kind: 'staff', roles: ['ADMIN'], way: 'tenant' } as const
  const sight = (more: object) => sightOf(caller, { '*': { ...sees, ...more } }, [1, 2], true)
  expect(sight({})).toEqual({ tenants: [1, 2], where: EVERYTHING })
  expect(sight({ whole: true })).toEqual({ tenants: [2], where: EVERYTHING })
  const own = and(eq('tenant', 1), among('location', [3, 4]))
  expect(sight({ at: 'location' })).toEqual({ tenants: [1, 2], where: or(own, among('tenant', [2])) })
  expect(sightOf(caller, { '*': { ...sees, whole: true } }, [1], true).where).toBe(NOTHING)
})
