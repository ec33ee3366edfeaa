// E-mails to customers, handed to a real SMTP server on loopback: what is composed, who gets it, what happens when the server does not take it.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Customers } from '../../cloud/domain/accounts/operations/customers.ts'
import { Transactions } from '../../cloud/domain/accounts/operations/transactions.ts'
import { queueMailTo } from '../../cloud/domain/accounts/mail-queue.ts'
import type { Millis } from '../../protocol/time.ts'
import { Digests, periodsOver } from '../../cloud/mail/digests.ts'
import { MAIL_ATTEMPTS_MAX, MAIL_RETRY_MS, Mailer } from '../../cloud/mail/mailer.ts'
import { startMail } from '../../cloud/mail/mail.ts'
import { messageOf } from '../../cloud/mail/message.ts'
import { NO_ACTIVITY } from '../../cloud/store/account-port.ts'
import { smtpPost } from '../../cloud/mail/smtp.ts'
import { connectionOfToken, unsubscribeToken } from '../../cloud/mail/links.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { MAIL_NEWS_MS_MAX } from '../../cloud/domain/accounts/projection/told-by-mail.ts'
import { HQ_PROGRAM, JOINED, VISIT } from '../support/hq-program.ts'
import { INJECTIONS } from '../support/injections.ts'
import { SmtpServer } from '../support/smtp-server.ts'

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let server: SmtpServer
let mailer: Mailer
let transactions: Transactions
let location: number
const clock = { ms: Date.UTC(2026, 5, 3, 12), now: () => clock.ms }

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, clock)
  await cloud.found(HQ_PROGRAM)
  await cloud.project()
  location = (await cloud.addStore()).store
  transactions = new Transactions(cloud)
  server = new SmtpServer()
  mailer = new Mailer({
    store: cloud.store,
    clock,
    post: smtpPost(await server.start()),
    after: () => () => undefined,
    onFault: (cause) => expect.unreachable(String(cause)),
    from: 'Shop <shop@example.org>',
    publicUrl: 'https://node.example',
    secret: 'a secret',
    pathOf: async ({ type }) => `/${type}/SECRET`,
  })
})
afterEach(async () => {
  await mailer.stop()
  await server.stop()
  await cloud.store.close()
  directory.remove()
})

async function post(
  sendEmail: boolean,
  receivesEmails = true,
  at: Millis | null = null,
  email = 'ann@example.org',
): Promise<void> {
  const posted = await transactions.post(cloud.tenant, {
    who: { email, firstName: 'Ann <b>', receivesEmails },
    location: location as never,
    perk: VISIT,
    quantity: 2,
    sourceId: '',
    at,
    mayEarn: true,
    mayRedeem: false,
    onlyFor: null,
    oncePerDay: false,
    voucherStatus: null,
    sendEmail,
  })
  if (!posted.ok) throw new Error(posted.refusal.detail)
}

const mails = () => cloud.store.read.accountRows('mails', { tenant: cloud.tenant })

test('MAIL-1 MAIL-2 MAIL-3 who earned is told, once, in text and escaped HTML, with a link that ends it', async () => {
  await post(true)
  expect(await mails()).toMatchObject([{ status: 'waiting', type: 'USER_WARM_REG_REQUEST', subject: null }])
  await mailer.look()
  await mailer.look()
  const [mail] = server.mails
  expect(server.mails).toHaveLength(1)
  expect(mail).toMatchObject({ from: 'shop@example.org', to: 'ann@example.org' })
  expect(mail?.data).toMatch(/^Subject: 10 points are waiting for you/m)
  expect(mail?.data).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m)
  expect(mail?.data).toContain('text/html')
  const [row] = await mails()
  expect(row).toMatchObject({ status: 'sent', sent: clock.ms, attempts: 1, due: null })
  expect(row?.text_body).toContain('Hello Ann <b>,')
  expect(row?.html_body).toContain('Hello Ann &lt;b&gt;,')
  expect(row?.html_body).not.toContain('Ann <b>')
})

test('MAIL-2 nobody is written to who does not want it, or where the caller said so; a member that joined is told of points', async () => {
  await post(false)
  expect(await mails()).toEqual([])
  const [connection] = await cloud.store.read.accountRows('connections', { tenant: cloud.tenant })
  await new Customers(cloud).changeStatus(cloud.tenant, connection?.id ?? 0, 'ACTIVE')
  await post(true)
  await cloud.store.write((tx) =>
    tx.saveAccountRow('connections', connection?.id ?? 0, { receives_emails: false }),
  )
  await post(true)
  await mailer.look()
  expect(server.mails).toEqual([])
  expect(await mails()).toMatchObject([{ status: 'dropped', type: 'USER_EARN_ALERT' }])
})

test('MAIL-2 a customer who was made without consent is not written to; links cannot be made for others', async () => {
  await post(true, false)
  expect(await mails()).toEqual([])
  expect(connectionOfToken('a secret', unsubscribeToken('a secret', 7))).toBe(7)
  expect(connectionOfToken('another', unsubscribeToken('a secret', 7))).toBeUndefined()
  expect(connectionOfToken('a secret', unsubscribeToken('a secret', 7).replace('7.', '8.'))).toBeUndefined()
})

test('MAIL-3 no line of people reaches a header', () => {
  const matter = {
    name: '',
    title: 'x\r\nBcc: all@example.org',
    points: 1,
    balance: 1,
    code: null,
    note: '',
    sender: '',
    referred: '',
    word: '',
    link: null,
    ...NO_ACTIVITY,
  }
  const style = { business: 'Shop', color: '#222222', logoUrl: null }
  expect(messageOf('USER_REDEEM_ALERT', style, matter, null).subject).not.toMatch(/[\r\n]/)
  // S24: whatever somebody is called, it is one line of the subject, and text in the page.
  for (const text of INJECTIONS) {
    const said = { ...matter, name: text, title: text, note: text, sender: text, referred: text }
    for (const type of ['USER_REDEEM_ALERT', 'USER_EARN_ALERT'] as const) {
      const { subject, html } = messageOf(type, { ...style, business: text }, said, null)
      expect([text, /\p{Cc}/u.test(subject)]).toEqual([text, false])
      expect([text, /<(?:script|svg|\/title><img|%)/.test(html)]).toEqual([text, false])
    }
  }
})

test('MAIL-4 MAIL-5 what is not taken is tried again with growing waits, a bounded number of times; a refused address is not', async () => {
  await post(true)
  server.recipient = '451 not now'
  for (let attempt = 1; attempt <= MAIL_ATTEMPTS_MAX; attempt++) {
    expect(await mailer.look()).toBe(1)
    expect(await mailer.look()).toBe(0)
    clock.ms += MAIL_RETRY_MS * 2 ** (attempt - 1)
  }
  expect(await mails()).toMatchObject([{ status: 'failed', attempts: MAIL_ATTEMPTS_MAX, due: null }])
  await post(true)
  server.recipient = '550 no such mailbox'
  await mailer.look()
  server.recipient = '250 ok'
  await post(true)
  await mailer.look()
  expect((await mails()).map(({ status, attempts }) => [status, attempts])).toEqual([
    ['failed', MAIL_ATTEMPTS_MAX],
    ['failed', 1],
    ['sent', 1],
  ])
  const [row] = (await mails()).slice(-1)
  expect(server.mails[0]?.data).toMatch(new RegExp(`^Message-ID: <mail-${row?.id}@example.org>$`, 'm'))
})

test('MAIL-6 a letter goes out whatever its reader wants of the business; what is kept of it has no link', async () => {
  await post(true, false)
  const [customer] = await cloud.store.read.accountRows('connections', { tenant: cloud.tenant })
  const to = { tenant: cloud.tenant, person: customer?.person ?? 0, email: 'ann@example.org' }
  const order = {
    type: 'USER_CONFIRM_EMAIL_REQUEST',
    fact: null,
    location: 0,
    now: clock.ms as Millis,
  } as const
  await cloud.store.write((tx) => queueMailTo(tx, to, order))
  await mailer.look()
  const [mail] = server.mails
  expect(mail?.data).toContain('https://node.example/USER_CONFIRM_EMAIL_REQUEST/SECRET')
  expect(mail?.data).not.toContain('List-Unsubscribe')
  expect(await mails()).toMatchObject([{ status: 'sent', subject: 'Is this your e-mail address?' }])
  expect(JSON.stringify(await mails())).not.toContain('SECRET')
})

test('MAIL-7 a challenge that is completed is told of once, and not when it is no news any more', async () => {
  const customers = new Customers(cloud)
  const join = async (email: string): Promise<void> => {
    await post(false, true, null, email)
    const person = await cloud.store.read.personByContact('email', email)
    const [row] = await cloud.store.read.accountRows('connections', { person: person?.id ?? 0 })
    expect(await customers.takePart(cloud.tenant, row?.id ?? 0, JOINED, 'join')).toMatchObject({ ok: true })
  }
  for (const email of ['ann@example.org', 'bob@example.org']) await join(email)
  const then = (clock.ms + 1) as Millis
  await post(false)
  await post(false)
  expect(await mails()).toMatchObject([{ type: 'CHALLENGE_COMPLETE', word: 'Visits' }])
  await mailer.look()
  expect(server.mails[0]?.data).toMatch(/^Subject: You completed: Visits$/m)
  clock.ms += MAIL_NEWS_MS_MAX + 2
  for (let twice = 0; twice < 2; twice++) await post(false, true, then, 'bob@example.org')
  const done = await cloud.store.read.accountRows('challenge_connections', { completed: true })
  expect(done).toHaveLength(2)
  expect(await mails()).toHaveLength(1)
})

const day = (text: string): number => Date.parse(text) / 86_400_000
const days = (first: string, last: string) => ({ first: day(first), last: day(last) })

test.each([
  ['2026-06-03', '2026-06-03', null, null, null],
  ['2026-06-03', '2026-06-04', ['2026-06-03', '2026-06-03'], null, null],
  ['2026-06-07', '2026-06-08', ['2026-06-07', '2026-06-07'], ['2026-06-01', '2026-06-07'], null],
  [
    '2026-06-28',
    '2026-07-01',
    ['2026-06-30', '2026-06-30'],
    ['2026-06-22', '2026-06-28'],
    ['2026-06-01', '2026-06-30'],
  ],
  [
    '2025-11-30',
    '2026-01-01',
    ['2025-12-31', '2025-12-31'],
    ['2025-12-22', '2025-12-28'],
    ['2025-12-01', '2025-12-31'],
  ],
] as const)('MAIL-10 looked at on %s and then on %s', (since, today, ended, week, month) => {
  const of = (span: readonly [string, string] | null) => (span === null ? null : days(...span))
  expect(periodsOver(day(since), day(today))).toEqual({ day: of(ended), week: of(week), month: of(month) })
})

test('MAIL-10 a look that was broken off and is made again tells no customer twice', async () => {
  const look = (): Promise<void> =>
    new Digests({ store: cloud.store, clock, after: () => () => undefined, onFault: () => undefined }).look()
  const row = await cloud.store.read.tenant(cloud.tenant)
  await cloud.store.write(async (tx) => {
    if (row !== undefined) await tx.saveTenant({ ...row, dialects: ['perkville'] })
  })
  await look()
  await post(false)
  clock.ms += 7 * 86_400_000
  for (let again = 0; again < 2; again++) {
    // As a node leaves it that dies before the last commit of the look.
    await cloud.store.write((tx) => tx.saveMeta(`digest_day_${cloud.tenant}`, String(day('2026-06-03'))))
    await look()
    expect(await mails()).toMatchObject([{ type: 'WEEKLY_CUSTOMER_REPORT', word: '2026-06-01 2026-06-07' }])
  }
  await mailer.look()
  const data = server.mails[0]?.data
  expect(data).toMatch(/^Subject: Your week at test, 2026-06-01 to 2026-06-07$/m)
  expect(data).toContain('Earned: 60 points, in transactions: 2.')
})

test('MAIL-1 MAIL-10 a node that was given a server sends what waits and looks for what time brings, until it stops', async () => {
  const other = new SmtpServer()
  const later: (() => void)[] = []
  const mail = startMail({
    smtp: await other.start(),
    from: 'Shop <shop@example.org>',
    store: cloud.store,
    clock,
    after: (_, call) => {
      later.push(call)
      return () => undefined
    },
    onFault: (cause) => expect.unreachable(String(cause)),
    publicUrl: 'https://node.example',
    secret: 'a secret',
    pathOf: async () => '/',
  })
  await post(true)
  for (const call of later.splice(0)) call()
  await mail.stop()
  expect(other.mails).toHaveLength(1)
  await other.stop()
})
