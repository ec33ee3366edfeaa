// A person's own account over real HTTP, with e-mails that a real SMTP server takes: new passwords, invitations, addresses, apps, agreements, and two accounts that
// become one.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import { EVERYTHING, eq } from '../../cloud/collections/query.ts'
import { PERKVILLE_AUTH } from '../../cloud/dialects/perkville/auth.ts'
import { LETTERS_EACH_MAX, PROOF_MS_MAX } from '../../cloud/platform/limits.ts'
import type { PersonId } from '../../cloud/store/platform-port.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { HQ_PROGRAM, VISIT } from '../support/hq-program.ts'
import { COFFEE } from '../support/programs.ts'
import { MailRoom } from '../support/mail-room.ts'
import {
  Browser,
  PASSWORD,
  addClient,
  addStaff,
  askToken,
  authorizePath,
  codeOf,
  csrfOf,
} from '../support/oauth-world.ts'
import type { Page } from '../support/oauth-world.ts'

let cloud: CloudUnderTest
let mails: MailRoom
let now = Date.UTC(2026, 10, 1)
/** One customer is welcomed once. */
const WELCOME = 50
const NEW = 'a much longer password'
/** An administrator's, of a till's software. */
let token: string
let location: number
let perk: unknown

beforeAll(async () => {
  cloud = await CloudUnderTest.start(() => now)
  mails = new MailRoom(cloud.node, { now: () => now })
  await cloud.publish(HQ_PROGRAM)
  await cloud.post('/v1/dialects', { name: 'perkville' })
  location = await cloud.addStore('Main')
  await addStaff(cloud, 'ada@shop.example')
  const scopes = PERKVILLE_AUTH.scopes.map(({ name }) => name)
  const till = await addClient(cloud, { grants: ['password'], scopes })
  const form = { grant_type: 'password', username: 'ada@shop.example', password: PASSWORD }
  token = String((await askToken(cloud, form, { basic: till })).json.access_token)
  const where = eq('rule', VISIT)
  const perks = await cloud.node.store.read.rows(CONFIGURATION.perks, { tenants: [1], where, limit: 1 })
  perk = perks[0]?.id
})
afterAll(async () => {
  await mails.stop()
  await cloud.stop()
})

/** The path in the last e-mail to an address. */
async function pathFor(email: string): Promise<string> {
  await mails.work()
  const mail = mails.server.mails.findLast(({ to }) => to === email)
  // Long lines are broken by the mail library.
  const text = (mail?.data ?? '').replaceAll('=\n', '').replaceAll('=3D', '=')
  const [, path] = /https:\/\/node\.example(\/[A-Za-z0-9/_?=.-]+)/.exec(text) ?? []
  if (path === undefined) throw new Error(`no link for ${email} in ${text}`)
  return path
}

async function login(email: string, password = PASSWORD): Promise<Browser> {
  const browser = new Browser(cloud.url)
  const done = await browser.submit(await browser.get('/account'), 'login', { email, password })
  if (done.status !== 303) throw new Error(done.text)
  return browser
}

/** A customer with points, made by the business's till software. */
async function customer(email: string, name: string): Promise<number> {
  const [first_name = '', last_name = ''] = name.split(' ')
  const row = { business: 1, location, perk, quantity: 1, user_email: email, first_name, last_name }
  const made = await api('POST', 'transactions/', row)
  return Number(/(\d+)\/$/.exec(String(made.user))?.[1])
}

async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(`${cloud.url}/perkville/v2/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const json = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw new Error(JSON.stringify(json))
  return json
}

/** Sets a first or another password by the page that goes to the address. */
async function setPassword(email: string, password = PASSWORD): Promise<Page> {
  const browser = new Browser(cloud.url)
  await browser.submit(await browser.get('/account/password'), 'send', { email })
  const page = await browser.get(await pathFor(email))
  return browser.submit(page, 'set', { password })
}

test('PL-19 who forgot a password sets another by e-mail, once, within the hour; sessions end', async () => {
  await customer('ann@example.org', 'Ann Demo')
  expect((await setPassword('ann@example.org')).status).toBe(200)
  const before = await login('ann@example.org')
  const browser = new Browser(cloud.url)
  const form = await browser.get('/account/password')
  const known = await browser.submit(form, 'send', { email: 'ANN@example.org' })
  const stranger = await browser.submit(form, 'send', { email: 'nobody@example.org' })
  expect(known.text.replaceAll(/nonce[^>]*/g, '')).toBe(stranger.text.replaceAll(/nonce[^>]*/g, ''))
  const path = await pathFor('ann@example.org')
  expect(mails.server.mails.filter(({ to }) => to === 'nobody@example.org')).toEqual([])
  const page = await browser.get(path)
  expect((await browser.submit(page, 'set', { password: 'short' })).status).toBe(400)
  expect((await browser.submit(page, 'set', { password: NEW })).status).toBe(200)
  expect((await browser.get(path)).status).toBe(404)
  expect((await before.get('/account')).text).toContain('value="login"')
  await login('ann@example.org', NEW)
  await browser.submit(await browser.get('/account/password'), 'send', { email: 'ann@example.org' })
  const late = await pathFor('ann@example.org')
  now += PROOF_MS_MAX
  expect((await browser.get(late)).status).toBe(404)
  const rows = await cloud.node.store.read.accountRows('mails', { type: 'PASSWORD_RESET', status: 'sent' })
  // Neither the outbox nor what platforms list has a secret.
  expect(rows.length).toBeGreaterThan(2)
  expect(JSON.stringify(rows)).not.toContain('/account/proofs/')
  expect(await api('GET', 'email-tracking/?type=PASSWORD_RESET')).toMatchObject({ objects: [] })
  const asked = { email: 'x@example.org' }
  const statuses: number[] = []
  for (let n = 0; n <= LETTERS_EACH_MAX; n++)
    statuses.push((await browser.submit(await browser.get('/account/password'), 'send', asked)).status)
  expect([statuses.at(-2), statuses.at(-1)]).toEqual([200, 429])
})

test('PL-13 an administrator invites staff by e-mail; the secret goes to the address alone', async () => {
  const invited = await cloud.post('/v1/invitations', {
    email: 'Deb@shop.example',
    role: 'FRONT_DESK',
    locations: [location],
  })
  expect(invited.json).toEqual({ email: 'deb@shop.example', role: 'FRONT_DESK', locations: [location] })
  const browser = new Browser(cloud.url)
  const page = await browser.get(await pathFor('deb@shop.example'))
  const names = { first_name: 'Deb', last_name: 'Desk' }
  expect((await browser.submit(page, 'accept', { ...names, password: PASSWORD })).status).toBe(200)
  const staff = await cloud.ask('/v1/staff')
  expect(pick(staff.json, 'items', 1)).toMatchObject({
    role: 'FRONT_DESK',
    locations: [location],
    emails: ['deb@shop.example'],
  })
  const mail = mails.server.mails.findLast(({ to }) => to === 'deb@shop.example')
  expect(mail?.data).toContain('as front desk:')
  expect(await api('GET', 'email-tracking/?type=BUSINESS_ADD_EMPLOYEE_INFORM')).toMatchObject({
    objects: [{ user_email: 'deb@shop.example', user_id: null }],
  })
})

test('PL-20 an address is added by who holds it and is logged in; another may be the main one', async () => {
  await customer('bob@example.org', 'Bob Demo')
  await setPassword('bob@example.org')
  const browser = await login('bob@example.org')
  const add = await browser.submit(await browser.get('/account'), 'add', { email: 'bob@home.example' })
  expect(add.location).toBe('/account?done=add')
  const path = await pathFor('bob@home.example')
  expect((await new Browser(cloud.url).get(path)).text).toContain('value="login"')
  const other = await login('ann@example.org', NEW)
  expect((await other.get(path)).status).toBe(403)
  expect((await browser.get('/account')).text).not.toContain('bob@home.example')
  const page = await browser.get(path)
  expect((await browser.submit(page, 'mine')).location).toBe('/account?done=mine')
  expect((await browser.get('/account')).text).toContain('bob@home.example')
  const wrong = await browser.submit(await browser.get('/account'), 'remove', { address: 'bob@example.org' })
  expect(wrong.status).toBe(400)
  await browser.submit(await browser.get('/account'), 'main', { address: 'bob@home.example' })
  await browser.submit(await browser.get('/account'), 'remove', { address: 'bob@example.org' })
  expect((await login('bob@home.example')).cookies.size).toBeGreaterThan(0)
  expect(await api('GET', 'users/?emails__email=bob@home.example')).toMatchObject({
    objects: [{ emails: [{ email: 'bob@home.example', primary: true }] }],
  })
})

test('PERS-2 an address of another account makes one of the two, with what both had', async () => {
  const survivor = await customer('cy@example.org', 'Cy Demo')
  const merged = await customer('cy@work.example', 'Cyril Work')
  const balanceOf = async (user: number): Promise<number> =>
    Number(pick(await api('GET', `connections/?business=1&user=${user}`), 'objects', 0, 'point_balance'))
  const had = [await balanceOf(survivor), await balanceOf(merged)] as const
  expect(had[0]).toBeGreaterThan(0)
  await addStaff(cloud, 'cy@work.example', 'EMPLOYEE')
  await setPassword('cy@example.org')
  const browser = await login('cy@example.org')
  await browser.submit(await browser.get('/account?business=1'), 'add', { email: 'cy@work.example' })
  const page = await browser.get(await pathFor('cy@work.example'))
  expect(page.text).toContain('Is this you twice?')
  expect((await browser.submit(page, 'mine')).location).toBe('/account?done=mine')
  expect(await api('GET', `users/${survivor}/`)).toMatchObject({
    first_name: 'Cy',
    emails: [
      { email: 'cy@example.org', primary: true },
      { email: 'cy@work.example', primary: false },
    ],
  })
  const { objects } = await api('GET', `connections/?business=1&user=${survivor}`)
  expect(objects).toMatchObject([{ point_balance: had[0] + had[1] - WELCOME }])
  expect(await api('GET', `transactions/?user=${survivor}`)).toMatchObject({
    objects: [{ points: 5 }, { points: 5 }, { points: WELCOME }],
  })
  expect(await api('GET', `transactions/?user=${merged}`)).toMatchObject({ objects: [] })
  await expect(api('GET', `users/${merged}/`)).rejects.toThrow('not_found')
  const { store } = cloud.node
  expect(await store.read.staffOf(survivor as PersonId)).toMatchObject([{ role: 'EMPLOYEE' }])
  expect(await store.read.person(merged as PersonId)).toMatchObject({ firstName: '', password: null })
  await mails.work()
  expect(await api('GET', 'email-tracking/?type=USER_MERGE_OK')).toMatchObject({
    objects: [{ user_email: 'cy@example.org', user_id: survivor }],
  })
})

test('PL-21 what apps may do is listed, and taken back with all they were given', async () => {
  const app = await addClient(cloud)
  const browser = await login('cy@example.org')
  const code = await codeOf(browser, authorizePath(app.id))
  const form = { grant_type: 'authorization_code', code, client_id: app.id }
  const { json } = await askToken(cloud, form, { basic: app })
  const given = String(json.access_token)
  const page = await browser.get('/account')
  expect(page.text).toContain('Till App may:')
  expect(await cloud.principalOf(given)).toBeDefined()
  const [, client = ''] = /name="client"\s+value="(\d+)"/.exec(page.text) ?? []
  expect((await browser.submit(page, 'revoke', { client })).location).toBe('/account?done=revoke')
  expect(await cloud.principalOf(given)).toBeUndefined()
  expect((await browser.get('/account')).text).not.toContain('Till App may:')
  // The next time it is asked again.
  expect((await browser.get(authorizePath(app.id))).status).toBe(200)
})

test('CFG-6 customers agree on the page of the business, to what is asked for now, once', async () => {
  const made = async (path: string, body: unknown) => pick((await cloud.post(path, body)).json, 'id')
  const agreement = await made('/v1/agreements', { internal_name: 'Terms', type: 'REQUIRED-OPT-IN' })
  const version = await made('/v1/agreement-versions', {
    agreement,
    label: 'Terms of 2026',
    text: 'Be <kind>.',
    is_active: true,
  })
  const browser = await login('cy@example.org')
  expect((await browser.get('/account')).text).not.toContain('Terms of 2026')
  const page = await browser.get('/account?business=1')
  expect(page.text).toContain('Be &lt;kind&gt;.')
  const agree = { csrf: csrfOf(page), step: 'agree', [`agree_${String(version)}`]: 'yes', agree_999: 'yes' }
  for (let twice = 0; twice < 2; twice++)
    expect((await browser.post(page.path, agree)).location).toBe('/account?business=1&done=agree')
  expect((await browser.get('/account?business=1')).text).toContain('You agreed to this.')
  const tenants = [1]
  const rows = await cloud.node.store.read.rows(CONFIGURATION.user_agreements, {
    tenants,
    where: EVERYTHING,
    limit: 9,
  })
  expect(rows).toMatchObject([{ agreement_version: version, email: 'cy@example.org', first_name: 'Cy' }])
  // Who is no customer is asked nothing.
  const staff = await login('deb@shop.example')
  expect((await staff.get('/account?business=1')).text).not.toContain('Terms of 2026')
})

test('OP-14 MAIL-11 who was referred takes the offer of the e-mail, once, and the referral names its voucher', async () => {
  await customer('rae@example.org', 'Rae Lee')
  const where = eq('rule', COFFEE)
  const [coffee] = await cloud.node.store.read.rows(CONFIGURATION.perks, { tenants: [1], where, limit: 1 })
  const offer = { perk: coffee?.id, title: 'A coffee for <you>', detail: 'On us' }
  const promotion = Number(pick((await cloud.post('/v1/promotions', offer)).json, 'id'))
  const refer = async (referral_to_email: string): Promise<number> => {
    const person = await cloud.node.store.read.personByContact('email', 'rae@example.org')
    const sent = {
      business: 1,
      referral_from_user: person?.id,
      referral_to_email,
      referral_to_first_name: 'Sam',
    }
    return Number(/(\d+)\/$/.exec(String((await api('POST', 'referrals/', sent)).resource_uri))?.[1])
  }
  const id = await refer('sam@example.org')
  const path = await pathFor('sam@example.org')
  const browser = new Browser(cloud.url)
  const shown = await browser.get(path)
  expect(shown.text).toContain('A coffee for &lt;you&gt;')
  expect(await api('GET', `referrals/${id}/`)).toMatchObject({ referral_status: 'SENT', voucher: null })
  const [taken, again] = [await browser.post(path, {}), await browser.post(path, {})]
  const [, code = ''] = /Your voucher is ([0-9A-Z]{12})\./.exec(taken.text) ?? []
  expect([taken.status, again.status, again.text.includes(code)]).toEqual([200, 200, true])
  const { voucher } = await api('GET', `referrals/${id}/`)
  const [held, ...more] = await cloud.node.store.read.accountRows('entitlements', { code })
  expect([voucher, more]).toEqual([`/v2/vouchers/${held?.id}/`, []])
  await mails.work()
  const told = mails.server.mails.filter(({ data }) => data.includes(code)).map(({ to }) => to)
  expect(told.slice(0, 2)).toEqual(['sam@example.org', 'ada@shop.example'])
  expect((await browser.get(`${path}0`)).status).toBe(404)
  // What the business promotes no more is offered no more.
  await refer('tom@example.org')
  const late = await pathFor('tom@example.org')
  await cloud.post(`/v1/promotions/${promotion}`, {
    eligible_at_all_locations: false,
    eligible_locations: [],
  })
  expect([(await browser.get(late)).status, (await browser.post(late, {})).status]).toEqual([404, 404])
  expect(await cloud.node.store.read.personByContact('email', 'tom@example.org')).toBeUndefined()
})
