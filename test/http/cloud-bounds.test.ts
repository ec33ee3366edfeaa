// Bounds that a caller of a whole cloud runs into (P-LIM-1), on one node: at the bound it is done, one beyond is refused, and says what the bound is.
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HQ_REQUEST_SHAPES } from '../../cloud/domain/hq-requests.ts'
import {
  REDIRECT_URIS_MAX,
  REDIRECT_URI_CHARS_MAX,
  STAFF_LOCATIONS_MAX,
} from '../../cloud/platform/limits.ts'
import { ACTIVITY_QUANTITY_MAX, CA_DAYS, FORM_BYTES_MAX, STORE_CLIENTS_MAX } from '../../protocol/limits.ts'
import { DAY_MS } from '../../protocol/time.ts'
import { validator } from '../../protocol/validation.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import type { Answer } from '../support/cloud-node.ts'
import { addTenant } from '../support/oauth-world.ts'

let cloud: CloudUnderTest

beforeAll(async () => {
  cloud = await CloudUnderTest.start()
})
afterAll(() => cloud.stop())

const register = (part: object, token?: string): Promise<Answer> =>
  cloud.post(
    '/v1/clients',
    {
      name: 'POS',
      dialect: 'pegke',
      redirect_uris: [],
      scopes: ['merchant'],
      grants: ['client_credentials'],
      ...part,
    },
    token === undefined ? {} : { token },
  )

test('PL-24 P-SYNC-11 a business has STORE_CLIENTS_MAX clients of an API that its stores serve, however they are registered together', async () => {
  const { id, token } = await addTenant(cloud, 'Many tills')
  const { client_id: key } = (await register({}, token)).json as { client_id: string }
  await cloud.node.store.write(async (tx) => {
    const row = await tx.clientByKey(key)
    if (row === undefined) throw new Error('it was registered')
    for (let more = 0; more < STORE_CLIENTS_MAX - 3; more++)
      await tx.insertClient({ ...row, key: `more-${more}`, tenants: [id] })
  })
  const answers = await Promise.all(Array.from({ length: 5 }, () => register({}, token)))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(2)
  for (const { status, json } of answers)
    if (status !== 201)
      expect([status, json]).toMatchObject([
        400,
        {
          code: 'input_invalid',
          param: '/dialect',
          detail: `A business has at most ${STORE_CLIENTS_MAX} of these`,
        },
      ])
  // What no store serves is not counted.
  const own = { dialect: 'native', scopes: ['members:read'], grants: ['client_credentials'] }
  expect((await register(own, token)).status).toBe(201)
})

test('P-LIM-1 a client has REDIRECT_URIS_MAX addresses of REDIRECT_URI_CHARS_MAX characters', async () => {
  const code = { dialect: 'native', scopes: ['members:read'], grants: ['authorization_code'] }
  const uri = (chars: number): string => 'https://app.example/'.padEnd(chars, 'x')
  const uris = (count: number, chars = 60): object => ({
    redirect_uris: Array.from({ length: count }, (_, at) => uri(chars - 2) + String(at).padStart(2, '0')),
  })
  expect((await register({ ...code, ...uris(REDIRECT_URIS_MAX, REDIRECT_URI_CHARS_MAX) })).status).toBe(201)
  expect((await register({ ...code, ...uris(REDIRECT_URIS_MAX + 1) })).json).toMatchObject({
    code: 'input_invalid',
  })
  expect((await register({ ...code, ...uris(1, REDIRECT_URI_CHARS_MAX + 1) })).json).toMatchObject({
    code: 'input_invalid',
    param: '/redirect_uris/0',
  })
})

test('P-LIM-1 an invitation names STAFF_LOCATIONS_MAX stores at most', async () => {
  const { id, token } = await addTenant(cloud, 'Many places')
  const stores: number[] = []
  await cloud.node.store.write(async (tx) => {
    for (let at = 0; at <= STAFF_LOCATIONS_MAX; at++)
      stores.push((await tx.insertStore(id, `Store ${at}`, 'UTC')).id)
  })
  const invite = (locations: readonly number[]): Promise<Answer> =>
    cloud.post('/v1/invitations', { email: 'a@example.com', role: 'EMPLOYEE', locations }, { token })
  expect((await invite(stores.slice(1))).status).toBeLessThan(300)
  expect((await invite(stores)).json).toMatchObject({ code: 'input_invalid', param: '/locations' })
})

test('P-LIM-1 the form of a page has FORM_BYTES_MAX bytes at most', async () => {
  const sent = async (bytes: number): Promise<number> => {
    const body = 'name='.padEnd(bytes, 'x')
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return (await fetch(`${cloud.url}/oauth/token`, { method: 'POST', headers, body })).status
  }
  expect([await sent(FORM_BYTES_MAX), await sent(FORM_BYTES_MAX + 1)]).toEqual([401, 413])
})

test('G-11 the CA lasts CA_DAYS, from a day before it is made', async () => {
  const { text } = await cloud.ask('/ca.crt')
  const { validFromDate, validToDate } = new X509Certificate(text)
  expect((validToDate.getTime() - validFromDate.getTime()) / DAY_MS).toBe(CA_DAYS)
  expect(Math.round((Date.now() - validFromDate.getTime()) / DAY_MS)).toBe(1)
})

test('P-LIM-1 HQ says ACTIVITY_QUANTITY_MAX pieces of an activity at most, given or taken back', () => {
  const { accepts } = validator(HQ_REQUEST_SHAPES.activity)
  const said = (quantity: number): boolean => accepts({ kind: 'activity', perk: 120, quantity })
  expect([ACTIVITY_QUANTITY_MAX, -ACTIVITY_QUANTITY_MAX].map(said)).toEqual([true, true])
  expect([ACTIVITY_QUANTITY_MAX + 1, -ACTIVITY_QUANTITY_MAX - 1].map(said)).toEqual([false, false])
})
