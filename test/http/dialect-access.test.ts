// Every endpoint of every dialect with every kind of wrong token and scope, made from its rows (PL-16).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PERKVILLE_AUTH } from '../../cloud/dialects/perkville/auth.ts'
import { PERKVILLE } from '../../cloud/dialects/perkville/perkville.ts'
import { newSecret } from '../../cloud/platform/secrets.ts'
import { realSystem } from '../../cloud/system.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import { addClient, addStaff } from '../support/oauth-world.ts'

let cloud: CloudUnderTest

const SCOPES = PERKVILLE_AUTH.scopes.map(({ name }) => name)
const ENDPOINTS = PERKVILLE.resources.flatMap(({ name, endpoints }) =>
  endpoints.map(({ method, on, scopes }) => ({
    method,
    path: `/${PERKVILLE.name}${PERKVILLE.base}/${name}/${on === 'one' ? '1/' : ''}`,
    scopes,
  })),
)

beforeAll(async () => {
  cloud = await CloudUnderTest.start()
  await cloud.post('/v1/dialects', { name: PERKVILLE.name })
  await addStaff(cloud, 'ada@shop.example')
})
afterAll(() => cloud.stop())

/** A token of an administrator with these scopes, as a grant would have made it. */
async function tokenWith(scopes: readonly string[], ended = false): Promise<string> {
  const { store } = cloud.node
  const { id } = await addClient(cloud, { scopes: SCOPES })
  const [client, person] = [
    await store.read.clientByKey(id),
    await store.read.personByContact('email', 'ada@shop.example'),
  ]
  if (client === undefined || person === undefined) throw new Error('nobody')
  const { text, hash } = newSecret(realSystem)
  await store.write(async (tx) => {
    const family = await tx.insertFamily({
      client: client.id,
      person: person.id,
      scopes,
      grant: 'password',
      created: 0 as Millis,
    })
    const issued = { family: family.id, scopes, redirectUri: null, challenge: null, expires: null }
    await tx.insertIssued({ ...issued, hash, kind: 'access' })
    if (ended) await tx.endFamily(family.id)
  })
  return text
}

async function statusOf(method: string, path: string, token: string | null): Promise<number> {
  const response = await fetch(cloud.url + path, {
    method,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  })
  await response.arrayBuffer()
  return response.status
}

test('S05 PL-16 what is no token of the dialect opens none of its endpoints', async () => {
  expect(ENDPOINTS.length).toBeGreaterThan(20)
  const native = await addClient(cloud, {
    dialect: 'native',
    scopes: ['members:read'],
    grants: ['client_credentials'],
    redirects: [],
  })
  const tokens = [null, 'A'.repeat(43), cloud.node.token, native.secret, await tokenWith(SCOPES, true)]
  for (const token of tokens)
    for (const { method, path } of ENDPOINTS)
      expect([method, path, await statusOf(method, path, token)]).toEqual([method, path, 401])
})

test('S03 PL-16 a token with every scope but one that an endpoint needs does not open it', async () => {
  for (const { method, path, scopes } of ENDPOINTS) {
    const lacking = [...scopes.all.map((scope) => [scope]), ...scopes.anyOf]
    for (const missing of lacking) {
      const token = await tokenWith(SCOPES.filter((scope) => !missing.includes(scope)))
      expect([method, path, missing, await statusOf(method, path, token)]).toEqual([
        method,
        path,
        missing,
        403,
      ])
    }
    const whole = await statusOf(method, path, await tokenWith(SCOPES))
    expect([method, path, whole === 401]).toEqual([method, path, false])
  }
})
