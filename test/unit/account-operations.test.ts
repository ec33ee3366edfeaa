// What is done with customers: posted, redeemed, voided, referred, joined; each against a real store and the real fold, and what is listed afterwards.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MemberId, RuleId, StoreId } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import { Histories } from '../../cloud/domain/accounts/histories.ts'
import { Customers } from '../../cloud/domain/accounts/operations/customers.ts'
import { Memberships } from '../../cloud/domain/accounts/operations/memberships.ts'
import { Referring } from '../../cloud/domain/accounts/operations/referring.ts'
import type { TransactionRequest } from '../../cloud/domain/accounts/operations/transaction-request.ts'
import { Transactions } from '../../cloud/domain/accounts/operations/transactions.ts'
import type { Posted } from '../../cloud/domain/accounts/operations/transactions.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { eq } from '../../cloud/collections/query.ts'
import { CONFIGURATION } from '../../cloud/collections/tables/configuration.ts'
import type { AccountRow } from '../../cloud/collections/tables/accounts.ts'
import type { Result } from '../../protocol/result.ts'
import { openSnapshot } from '../../cloud/store/sqlite/sqlite-store.ts'
import { projectionFaults } from '../../cloud/verify-projections.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { HQ_PROGRAM, JOINED, VISIT } from '../support/hq-program.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { COFFEE, PER_POUND } from '../support/programs.ts'

const NOW = Date.UTC(2026, 5, 3, 12)
const HOUR = 3_600_000
const KEEN_PERK = 106 as RuleId
const STEPS = 107 as RuleId
const WEEKLY = 203 as RuleId

const PROGRAM: ProgramDocument = {
  ...HQ_PROGRAM,
  earn_perks: [
    ...HQ_PROGRAM.earn_perks,
    {
      id: KEEN_PERK,
      title: 'For the keen',
      type: 'COUPON',
      award: { kind: 'fixed', points: 7 },
      attributes: [
        { name: 'Mood', value: 'Keen' },
        { name: 'Mood', value: 'Wild' },
      ],
    },
    { id: STEPS, title: 'Steps', type: 'PROGRESS_ACTIVITY', award: { kind: 'fixed', points: 1 } },
  ],
  bonuses: [
    ...HQ_PROGRAM.bonuses,
    {
      id: WEEKLY,
      title: 'Twice a week',
      type: 'FREQUENCY',
      required_to_earn: 2,
      frequency: 'WEEKLY',
      perks: [VISIT],
      award: { kind: 'fixed', points: 11 },
    },
  ],
  challenges: [
    {
      id: JOINED,
      title: 'Steps',
      join: 'opt_in',
      requirements: [{ id: 411 as RuleId, title: 'Three', perk: STEPS, quantity: 3 }],
    },
  ],
}

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let store: OriginWriter
let transactions: Transactions
let customers: Customers
let clock: { now: () => number; ms: number }

beforeEach(async () => {
  directory = freshDirectory()
  clock = { ms: NOW, now: () => clock.ms }
  cloud = new CloudCore(directory.path, clock)
  await cloud.found(PROGRAM)
  await cloud.project()
  store = await cloud.addStore()
  transactions = new Transactions(cloud)
  customers = new Customers(cloud)
})
afterEach(async () => {
  // Whatever was done, it is what the facts come to (V-5).
  const snapshot = openSnapshot(directory.path)
  const faults: string[] = []
  await projectionFaults(snapshot, clock, (fault) => faults.push(fault))
  snapshot.close()
  expect(faults).toEqual([])
  await cloud.store.close()
  directory.remove()
})

function request(changes: Partial<TransactionRequest>): TransactionRequest {
  return {
    who: { email: 'ann@example.org' },
    location: store.store,
    perk: VISIT,
    quantity: 1,
    sourceId: '',
    at: null,
    mayEarn: true,
    mayRedeem: true,
    onlyFor: null,
    oncePerDay: false,
    voucherStatus: null,
    sendEmail: true,
    ...changes,
  }
}

async function post(changes: Partial<TransactionRequest>): Promise<Posted> {
  const posted = await transactions.post(cloud.tenant, request(changes))
  if (!posted.ok) throw new Error(`${posted.refusal.code}: ${posted.refusal.detail}`)
  return posted.value
}

async function refusal(changes: Partial<TransactionRequest>): Promise<string> {
  const posted = await transactions.post(cloud.tenant, request(changes))
  return posted.ok ? 'none' : posted.refusal.code
}

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.detail}`)
  return result.value
}

async function connection(): Promise<AccountRow<'connections'>> {
  const [row] = await cloud.store.read.accountRows('connections', { tenant: cloud.tenant, hidden: false })
  if (row === undefined) throw new Error('there is no connection')
  return row
}

/** A value of an attribute that the program names. */
async function valueId(name: string): Promise<number> {
  const query = { tenants: [cloud.tenant], where: eq('display_name', name), limit: 1 }
  const [row] = await cloud.store.read.rows(CONFIGURATION.custom_attribute_values, query)
  return Number(row?.id)
}

async function rows(): Promise<number> {
  const { read } = cloud.store
  const all = await Promise.all([
    read.accountRows('transactions', { tenant: cloud.tenant }),
    read.accountRows('connections', { tenant: cloud.tenant }),
    read.accountRows('source_ids', { tenant: cloud.tenant }),
  ])
  const facts = await read.facts(cloud.tenant, {}, { after: 0, limit: 1_000 })
  return facts.length + all.flat().length
}

test('OP-1 an unknown e-mail makes a person, a member and a pending connection with the transaction; the known one is found again', async () => {
  const [first] = await post({ quantity: 3, who: { email: 'Ann@Example.org', firstName: 'Ann' } })
  expect(first).toMatchObject({ classification: 'EARN', points: 15, quantity: 3, status: 'ACTIVE', at: NOW })
  expect(await connection()).toMatchObject({
    status: 'PENDING',
    balance: 65,
    lifetime_earned: 65,
    joined: null,
  })
  const [again] = await post({ who: { email: 'ann@example.org', firstName: 'Other' } })
  expect(again.connection).toBe(first.connection)
  const person = await cloud.store.read.personByContact('email', 'ann@example.org')
  expect(person).toMatchObject({ id: first.person, firstName: 'Ann' })
  expect(await refusal({ who: { person: person?.id, email: 'x@example.org' } })).toBe('input_invalid')
  expect(await refusal({ who: { email: 'no address' } })).toBe('input_invalid')
  expect(await refusal({ who: { person: 9_999 as never } })).toBe('person_not_found')
})

test('OP-1 a member of another system decides who it is; an unknown one is linked by e-mail, or fails', async () => {
  const external = { system: 'POS', id: '42' }
  expect(await refusal({ who: { external } })).toBe('external_member_unknown')
  const [first] = await post({ who: { external, email: 'ann@example.org' } })
  const [second] = await post({ who: { external } })
  expect(second.person).toBe(first.person)
  const [third] = await post({ who: { external, email: 'bob@example.org' } })
  expect(third.person).toBe(first.person)
})

test('OP-2 OP-3 a number is used once for ever, and a time lies within the last year', async () => {
  await post({ sourceId: 'sale-1' })
  const before = await rows()
  expect(await refusal({ sourceId: 'sale-1', who: { email: 'new@example.org' } })).toBe('source_id_taken')
  expect(await refusal({ sourceId: 'x'.repeat(129) })).toBe('input_invalid')
  expect(await refusal({ at: (NOW + 1) as Millis })).toBe('time_out_of_range')
  expect(await refusal({ at: (NOW - 367 * 24 * HOUR) as Millis })).toBe('time_out_of_range')
  expect(await rows()).toBe(before)
  const [late] = await post({ at: (NOW - 100 * 24 * HOUR) as Millis, sourceId: 'sale-2' })
  expect(late).toMatchObject({ at: NOW - 100 * 24 * HOUR, source_id: 'sale-2' })
})

test('OP-4 the gates of a perk are the fold’s own; what is taken back asks none; a refused row leaves nothing', async () => {
  const before = await rows()
  expect(await refusal({ perk: KEEN_PERK })).toBe('condition_unmet')
  expect(await refusal({ perk: 999 as RuleId })).toBe('perk_not_found')
  expect(await refusal({ quantity: 0 })).toBe('input_invalid')
  expect(await refusal({ location: 77 as StoreId })).toBe('store_not_found')
  expect(await refusal({ mayEarn: false })).toBe('role_insufficient')
  expect(await rows()).toBe(before)
  await post({ quantity: 10 })
  const [back] = await post({ quantity: -4 })
  expect(back).toMatchObject({ points: -20, quantity: -4 })
  expect((await connection()).balance).toBe(80)
  const { id } = await connection()
  valueOf(await customers.addAttribute(cloud.tenant, id, await valueId('Keen')))
  expect((await post({ perk: KEEN_PERK }))[0].points).toBe(7)
  const [pounds] = await post({ perk: PER_POUND, quantity: 12 })
  expect(pounds).toMatchObject({ points: 12, quantity: 12 })
})

test('OP-5 once per calendar day is by the day of the location', async () => {
  await post({ oncePerDay: true, at: Date.UTC(2026, 5, 2, 23, 59) as Millis })
  expect(await refusal({ oncePerDay: true, at: Date.UTC(2026, 5, 2, 0, 1) as Millis })).toBe('limit_reached')
  await post({ oncePerDay: true, at: Date.UTC(2026, 5, 3, 0, 1) as Millis })
})

test('OP-6 redeeming is decided, held and booked at once, with its voucher and without a conflict; too little is refused', async () => {
  expect(await refusal({ perk: COFFEE })).toBe('points_insufficient')
  await post({ quantity: 40 })
  const [first] = await post({ perk: COFFEE })
  expect(first).toMatchObject({ classification: 'REDEEM', points: 100, quantity: 1 })
  const [voucher] = await cloud.store.read.accountRows('entitlements', {
    tenant: cloud.tenant,
    redemption: first.id,
  })
  expect(voucher).toMatchObject({ status: 'unused', points: 100, title: 'Coffee', id: first.voucher })
  expect(await cloud.store.read.conflicts(cloud.tenant, true, { after: 0, limit: 10 })).toEqual([])
  const [second] = await post({ perk: COFFEE, voucherStatus: 'used' })
  const used = await cloud.store.read.accountRows('entitlements', {
    tenant: cloud.tenant,
    redemption: second.id,
  })
  expect(used[0]?.status).toBe('used')
  expect(await refusal({ perk: COFFEE })).toBe('limit_reached')
  expect(await refusal({ perk: COFFEE, onlyFor: 999 as never })).toBe('role_insufficient')
  expect(await connection()).toMatchObject({ balance: 50, lifetime_spent: 200, lifetime_earned: 250 })
})

test('OP-6 several at once are all redeemed or none', async () => {
  await post({ quantity: 40 })
  expect(await refusal({ perk: COFFEE, quantity: 3 })).not.toBe('none')
  expect((await connection()).balance).toBe(250)
  expect(await post({ perk: COFFEE, quantity: 2 })).toHaveLength(2)
  expect((await connection()).balance).toBe(50)
})

test('OP-12 a history is of facts with transactions, each once, newest first, of one or of all, page by page', async () => {
  await post({ quantity: 10 })
  await post({ quantity: 1, who: { email: 'bob@example.org' } })
  const [twice, bonus] = await post({ quantity: 1 })
  expect(bonus?.fact).toBe(twice.fact)
  const histories = new Histories(cloud.store.read)
  const of = (limit: number, offset: number, whose: number | null = null) =>
    histories.of(cloud.tenant, { member: whose as MemberId | null, limit, offset })
  const all = await of(10, 0)
  expect(all.facts.map(({ points }) => points)).toEqual([5 + 11, 5, 50, 50, 50])
  const [first, second] = [await of(3, 0), await of(3, 3)]
  expect([first.more, second.more]).toEqual([true, false])
  expect([...first.facts, ...second.facts]).toEqual(all.facts)
  expect((await of(10, 0, twice.member)).facts.map(({ points }) => points)).toEqual([16, 50, 50])
  expect(await of(10, 0, 999_999)).toEqual({ facts: [], more: false })
})

test('OP-7 rows of a batch stand for themselves, each on what those before it left, in their order', async () => {
  const batch = [
    request({ quantity: 10, sourceId: 'a' }),
    request({ quantity: 10, sourceId: 'a' }),
    request({ perk: COFFEE }),
    request({ perk: COFFEE }),
    request({ perk: KEEN_PERK, who: { email: 'nobody@example.org' } }),
    request({ who: { email: 'bob@example.org' } }),
  ]
  const results = await transactions.postAll(cloud.tenant, batch)
  expect(results.map((one) => (one.ok ? 'ok' : one.refusal.code))).toEqual([
    'ok',
    'source_id_taken',
    'ok',
    'points_insufficient',
    'condition_unmet',
    'ok',
  ])
  expect(await cloud.store.read.personByContact('email', 'nobody@example.org')).toBeUndefined()
})

test('PROJ-2 PROJ-3 a void makes a pair that names each other, and takes bonuses back too; a redeemed voucher is cancelled', async () => {
  await post({ quantity: 40 })
  const [earned, bonus] = await post({ quantity: 1 })
  expect(bonus).toMatchObject({ rule: WEEKLY, points: 11 })
  const voided = valueOf(await customers.voidTransaction(cloud.tenant, earned.id, 'by mistake'))
  expect(voided.status).toBe('VOID')
  const pair = await cloud.store.read.accountRows('transactions', {
    tenant: cloud.tenant,
    status: 'VOID_REF',
  })
  expect(pair.map(({ points, rule, quantity }) => [rule, points, quantity])).toEqual([
    [VISIT, -5, -1],
    [WEEKLY, -11, -1],
  ])
  expect(pair.map(({ reference }) => reference)).toEqual([earned.id, bonus?.id])
  expect(voided.reference).toBe(pair[0]?.id)
  expect((await connection()).balance).toBe(250)
  const [redeemed] = await post({ perk: COFFEE })
  valueOf(await customers.voidTransaction(cloud.tenant, redeemed.id, 'not wanted'))
  const [voucher] = await cloud.store.read.accountRows('entitlements', { redemption: redeemed.id })
  expect(voucher?.status).toBe('cancelled')
  expect(await customers.voidTransaction(cloud.tenant, redeemed.id, 'again')).toMatchObject({ ok: false })
  expect((await connection()).balance).toBe(250)
})

test('PROJ-4 joining, progress and completion of a challenge, and how far a frequency bonus is', async () => {
  await post({})
  const { id } = await connection()
  const joined = valueOf(await customers.takePart(cloud.tenant, id, JOINED, 'join'))
  expect(joined).toMatchObject({ join_status: 'ACTIVE', joined: NOW, completed: false })
  await post({ perk: STEPS, quantity: 2 })
  const [summary] = await cloud.store.read.accountRows('requirement_summaries', { tenant: cloud.tenant })
  expect(summary).toMatchObject({ quantity: 2, completed: false, completed_at: null })
  clock.ms += HOUR
  const [step] = await post({ perk: STEPS })
  expect(step).toMatchObject({ points: 0, quantity: 1 })
  const [done] = await cloud.store.read.accountRows('challenge_connections', { tenant: cloud.tenant })
  expect(done).toMatchObject({ completed: true, completed_at: NOW + HOUR })
  const left = valueOf(await customers.takePart(cloud.tenant, id, JOINED, 'leave'))
  expect(left).toMatchObject({ join_status: 'INACTIVE', joined: null })
  const [progress] = await cloud.store.read.accountRows('frequency_progress', { rule: WEEKLY })
  expect(progress).toMatchObject({
    count: 1,
    earned: false,
    window_from: '2026-06-01',
    window_until: '2026-06-08',
  })
})

test('E-ENT-2 a voucher is used, unused again, expired; nothing else', async () => {
  await post({ quantity: 40 })
  const [{ voucher }] = await post({ perk: COFFEE })
  const id = voucher ?? 0
  for (const [status, is] of [
    ['USED', 'used'],
    ['UNUSED', 'unused'],
    ['EXPIRED', 'expired'],
    ['EXPIRED', 'expired'],
  ] as const)
    expect(valueOf(await customers.changeVoucher(cloud.tenant, id, { status })).status).toBe(is)
  expect(await customers.changeVoucher(cloud.tenant, id, { status: 'USED' })).toMatchObject({ ok: false })
})

test('PROJ-6 PERS-1 a store’s enrolment is a customer at once, of the person who has the address; merged it is hidden', async () => {
  const ann = store.enrol(
    { at: NOW - HOUR, key: 'ann' },
    [{ kind: 'email', value: 'ann@example.org' }],
    'Ann Lee',
  )
  const twice = store.enrol({ at: NOW - HOUR + 1, key: 'two' }, [{ kind: 'email', value: 'ANN@example.org' }])
  await cloud.ingest.submit(store.origin, store.batch())
  const all = await cloud.store.read.accountRows('connections', { tenant: cloud.tenant })
  expect(all.map(({ member, status, joined }) => [member, status, joined])).toEqual([
    [ann, 'ACTIVE', NOW - HOUR],
    [twice, 'ACTIVE', NOW - HOUR + 1],
  ])
  const [first, second] = all
  expect(first?.person).not.toBe(second?.person)
  const person = await cloud.store.read.personByContact('email', 'ann@example.org')
  expect(person).toMatchObject({ id: first?.person, firstName: 'Ann', lastName: 'Lee' })
  const [posted] = await post({})
  expect(posted.member).toBe(ann)
  valueOf(await customers.mergeMembers(cloud.tenant, first?.id ?? 0, second?.id ?? 0))
  const [hidden] = await cloud.store.read.accountRows('connections', { member: twice })
  expect(hidden).toMatchObject({ hidden: true, balance: 0 })
  expect((await connection()).balance).toBe(55)
})

test('ATT-1 a customer has each value of an attribute once', async () => {
  await post({})
  const { id } = await connection()
  const [keen, wild] = [await valueId('Keen'), await valueId('Wild')]
  const row = valueOf(await customers.addAttribute(cloud.tenant, id, keen))
  const other = valueOf(await customers.addAttribute(cloud.tenant, id, wild))
  expect(row).toMatchObject({ value: keen, added: NOW })
  expect(await customers.addAttribute(cloud.tenant, id, keen)).toMatchObject({
    refusal: { code: 'attribute_taken' },
  })
  expect(await customers.addAttribute(cloud.tenant, id, 9_999)).toMatchObject({
    refusal: { code: 'input_invalid' },
  })
  valueOf(await customers.removeAttribute(cloud.tenant, row.id))
  expect(await customers.removeAttribute(cloud.tenant, row.id)).toMatchObject({
    refusal: { code: 'attribute_not_found' },
  })
  expect((await post({ perk: KEEN_PERK }))[0].points).toBe(7)
  valueOf(await customers.removeAttribute(cloud.tenant, other.id))
  expect(await refusal({ perk: KEEN_PERK })).toBe('condition_unmet')
})

test('OP-8 a membership of another system makes a customer, fills what is empty, and the fold knows home and status', async () => {
  const memberships = new Memberships(cloud.store, cloud.ingest, cloud.shelf, clock)
  const [made, failed] = await memberships.upsert(cloud.tenant, [
    {
      of: { external: { system: 'GYM', id: '7' }, email: 'ann@example.org', firstName: 'Ann' },
      membership: { status: 'INACTIVE', home: store.store, type: 'Gold' },
    },
    { of: { external: { system: 'GYM', id: '8' } }, membership: {} },
  ])
  expect(made).toMatchObject({ ok: true, value: { status: 'INACTIVE', type: 'Gold', home: store.store } })
  expect(failed).toMatchObject({ refusal: { code: 'external_member_unknown' } })
  expect(await connection()).toMatchObject({ status: 'IMPORTED', membership: 'INACTIVE', home: store.store })
  await memberships.upsert(cloud.tenant, [
    {
      of: { external: { system: 'GYM', id: '7' }, firstName: 'Zoe', lastName: 'Lee' },
      membership: { status: 'ACTIVE' },
    },
  ])
  expect(await connection()).toMatchObject({ membership: 'ACTIVE', membership_type: 'Gold' })
  const person = await cloud.store.read.personByContact('email', 'ann@example.org')
  expect(person).toMatchObject({ firstName: 'Ann', lastName: 'Lee' })
})

test('OP-9 PROJ-5 a referral is sent, and completed by what completes it; staff’s of two customers at once', async () => {
  const [{ person }] = await post({})
  const referring = new Referring(cloud.store, cloud.ingest, cloud.shelf, clock)
  const to = (toEmail: string, byStaff: boolean) =>
    referring.refer(cloud.tenant, {
      from: person as never,
      toEmail,
      toFirstName: 'Bob',
      toLastName: '',
      content: 'Come!',
      location: null,
      source: 'API_SUBMITTED',
      sendEmail: true,
      byStaff,
    })
  const sent = valueOf(await to('bob@example.org', false))
  expect(sent).toMatchObject({
    status: 'SENT',
    to_email: 'bob@example.org',
    referrer_status: 'PENDING',
    content: 'Come!',
  })
  expect(await to('ann@example.org', false)).toMatchObject({ refusal: { code: 'referral_not_possible' } })
  await post({ who: { email: 'bob@example.org' }, perk: PER_POUND, quantity: 5 })
  const [done] = await cloud.store.read.accountRows('referrals', { fact: sent.fact })
  expect(done).toMatchObject({ status: 'COMPLETED', completed: NOW })
  expect((await connection()).balance).toBe(55 + 30)
  await post({ who: { email: 'eve@example.org' } })
  expect(await to('eve@example.org', false)).toMatchObject({ refusal: { code: 'referral_not_possible' } })
  expect(valueOf(await to('eve@example.org', true)).status).toBe('COMPLETED')
})
