// What customers earned and redeemed: transactions, one by one and in batches, and the vouchers that redeeming makes.
import type { Json } from '../../../collections/collection.ts'
import { EVERYTHING, among, eq, or } from '../../../collections/query.ts'
import type { Predicate } from '../../../collections/query.ts'
import type { InputTable } from '../../frame/input.ts'
import { datetime, made, omitted, plain, self, text, uri, worded } from '../../frame/object.ts'
import type { Fields, Words } from '../../frame/object.ts'
import { datetimeText } from '../../frame/values.ts'
import { PLATFORM_STATUSES } from '../../../domain/platform-statuses.ts'
import { postBatchOf } from '../operations/batch-transactions.ts'
import { ROWS_SENT_MAX } from '../operations/batches.ts'
import { postMembersOf } from '../operations/external-members.ts'
import { postTransaction } from '../operations/transactions.ts'
import { changeVoucher, useOwnVoucher } from '../operations/customers.ts'
import { EXTERNAL_MEMBER_ROW } from './customers.ts'
import { BUSINESS, USER, int, key, reads, textFilter, time } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import type { PerkvilleServices } from '../services.ts'
import { INFO, needs, own, staff, staffAt } from '../scopes.ts'

/** Of a single post; the rows of a batch have some of them. */
export const TRANSACTION_INPUT = {
  fields: {
    business: { type: 'key', of: 'businesses', required: true, alias: 'biz' },
    location: { type: 'key', of: 'locations' },
    external_location_id: { type: 'text', max: 128 },
    perk: { type: 'key', of: 'perks', required: true },
    quantity: { type: 'int', required: true },
    trans_source_id: { type: 'text', max: 128, null: true },
    transaction_dt: { type: 'datetime' },
    user: { type: 'key', of: 'users' },
    user_email: { type: 'email' },
    first_name: { type: 'text', max: 100 },
    last_name: { type: 'text', max: 100 },
    birthday: { type: 'date' },
    external_member_id: { type: 'text', max: 128 },
    external_system_id: { type: 'text', max: 64 },
    send_email: { type: 'boolean' },
    can_receive_emails: { type: 'boolean' },
    voucher_start_as_used: { type: 'boolean' },
    voucher_start_as_unused: { type: 'boolean' },
    limit_to_once_per_calendar_day: { type: 'boolean' },
  },
  exactlyOne: [['location', 'external_location_id']],
  atLeastOne: [['user', 'user_email', 'external_member_id']],
  notBoth: [['user', 'user_email']],
  needs: { external_member_id: 'external_system_id' },
} as const satisfies InputTable

const transactions: PerkvilleResource = {
  name: 'transactions',
  collection: 'transactions',
  fields: {
    business: uri('businesses', 'tenant'),
    location: uri('locations', 'location'),
    perk: uri('perks', 'perk'),
    title: plain('title'),
    classification: plain('classification'),
    points: plain('points'),
    quantity: plain('quantity'),
    trans_source_id: plain('source_id', ''),
    transaction_dt: datetime('at'),
    transaction_id: plain('id'),
    transaction_status: plain('status'),
    transaction_reference: omitted(uri('transactions', 'reference')),
    user: uri('users', 'person'),
    voucher: omitted(uri('vouchers', 'voucher')),
    resource_uri: self('transactions'),
  },
  filters: {
    business: BUSINESS,
    user: USER,
    perk: key('perk', 'perks'),
    location: key('location', 'locations'),
    transaction_id: int('id'),
    transaction_dt: time('at'),
    transaction_status: textFilter('status'),
    trans_source_id: textFilter('source_id'),
    classification: textFilter('classification'),
  },
  // The document names no order; the newest first is what its clients page for (PK-53).
  order: [{ column: 'at', descending: true }],
  endpoints: [
    ...reads(
      INFO,
      { USER_CUSTOMER_INFO: own('person'), ADMIN_CUSTOMER_INFO: staffAt('location', ['ADMIN']) },
      { oneOf: ['user'] },
    ).map((row) => (row.on === 'list' ? { ...row, requiresUnless: 'USER_CUSTOMER_INFO' } : row)),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(
        ['PUBLIC'],
        ['ADMIN_CUSTOMER_GRANT_POINTS', 'ADMIN_CUSTOMER_REDEEM', 'USER_REDEEM'],
        ['ADMIN_CUSTOMER_INFO', 'USER_CUSTOMER_INFO'],
      ),
      status: 201,
      input: TRANSACTION_INPUT,
      operation: postTransaction,
    },
  ],
}

/** Keys are text and not URIs here. */
export const BATCH_TRANSACTION_FIELDS: Fields = {
  classification: plain('classification'),
  transaction_dt: datetime('at'),
  perk: text('perk'),
  business: text('tenant'),
  transaction_status: plain('status'),
  voucher: omitted(text('voucher')),
  transaction_reference: text('reference'),
  location: text('location'),
  user: text('person'),
  title: plain('title'),
  trans_source_id: plain('source_id'),
  points: plain('points'),
  transaction_id: plain('id'),
  quantity: plain('quantity'),
}

const {
  business: _,
  send_email: __,
  can_receive_emails: ___,
  birthday: ____,
  voucher_start_as_used: _____,
  voucher_start_as_unused: ______,
  limit_to_once_per_calendar_day: _______,
  ...ROW
} = TRANSACTION_INPUT.fields
const BATCH_ROW_INPUT: InputTable = { ...TRANSACTION_INPUT, fields: ROW }

const batchTransactions: PerkvilleResource = {
  name: 'batch/transactions',
  collection: null,
  fields: BATCH_TRANSACTION_FIELDS,
  filters: {},
  endpoints: [
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['PUBLIC', 'ADMIN_CUSTOMER_GRANT_POINTS', 'ADMIN_CUSTOMER_REDEEM']),
      status: 200,
      input: {
        fields: {
          business: { type: 'key', of: 'businesses', required: true },
          send_email: { type: 'boolean' },
          voucher_start_as_unused: { type: 'boolean' },
          limit_to_once_per_calendar_day: { type: 'boolean' },
          transactions: { type: 'list', max: ROWS_SENT_MAX, required: true },
        },
      },
      operation: postBatchOf({ input: BATCH_ROW_INPUT, fields: BATCH_TRANSACTION_FIELDS }),
    },
  ],
}

/** Times of this batch end in Z, as documented (PK-73). */
const zulu = (ms: Json | undefined): Json =>
  typeof ms === 'number' ? datetimeText(ms).replace('+00:00', 'Z') : null

export const BATCH_MEMBER_FIELDS: Fields = {
  external_membership_status: plain('status'),
  user_id: plain('person'),
  resource_id: plain('id'),
  external_join_dt: made(({ joined }) => zulu(joined)),
  external_member_id: plain('external_id'),
  external_system_id: plain('system'),
  external_cancel_dt: made(({ cancelled }) => zulu(cancelled)),
  connection_id: plain('connection'),
  home_location_id: plain('home'),
  external_membership_type: plain('type'),
}

const BATCH_MEMBER_INPUT: InputTable = {
  fields: {
    ...EXTERNAL_MEMBER_ROW,
    user_email: { type: 'email' },
  },
  notBoth: [['home_location', 'external_home_location_id']],
}

const batchExternalMembers: PerkvilleResource = {
  name: 'batch/external-members',
  collection: null,
  fields: BATCH_MEMBER_FIELDS,
  filters: {},
  endpoints: [
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['ADMIN_CUSTOMER_INFO']),
      status: 200,
      input: {
        fields: {
          business: { type: 'key', of: 'businesses', required: true },
          external_members: { type: 'list', max: ROWS_SENT_MAX, required: true },
        },
      },
      operation: postMembersOf({ input: BATCH_MEMBER_INPUT, fields: BATCH_MEMBER_FIELDS }),
    },
  ],
}

/** Statuses of what members hold, in the platform's words; what it has no word for it does not show. */
const VOUCHER_STATUSES: Words = Object.fromEntries(
  Object.entries(PLATFORM_STATUSES.perkville_voucher.theirs).flatMap(([ours, theirs]) =>
    theirs === null ? [] : [[ours, theirs]],
  ),
)
const SHOWN = { at: ['status'], is: 'in', value: Object.keys(VOUCHER_STATUSES) } as const

/** Of cancelled members only where their business lets them earn and redeem. */
async function notBarred({ accounts }: PerkvilleServices, tenants: readonly number[]): Promise<Predicate> {
  const businesses = await accounts.barring.businesses()
  if (!tenants.some((tenant) => businesses.has(tenant))) return EVERYTHING
  return or(
    among(
      'tenant',
      tenants.filter((tenant) => !businesses.has(tenant)),
    ),
    { at: ['connection', 'membership'], is: 'null' },
    eq('connection.membership', 'ACTIVE'),
  )
}

/** Shown is the last second of validity, ours is the first instant after (PK-14). */
const SECOND_MS = 1_000

const VOUCHER: Fields = {
  business: uri('businesses', 'tenant'),
  created_datetime: datetime('created'),
  location: uri('locations', 'location'),
  network_reward_url: plain('external_url'),
  perk: uri('perks', 'perk'),
  point_cost: plain('points'),
  status: worded('status', VOUCHER_STATUSES),
  voucher_id: text('id'),
  user: uri('users', 'person'),
  external_coupon_code: plain('external_code'),
}

const vouchers: PerkvilleResource = {
  name: 'vouchers',
  collection: 'entitlements',
  where: SHOWN,
  now: notBarred,
  fields: {
    ...VOUCHER,
    marketplace_business: made(() => null),
    expiration_date: made(({ expires }) =>
      expires === null ? null : datetimeText(Number(expires) - SECOND_MS),
    ),
    transaction: uri('transactions', 'redemption'),
    quantity: made(() => 1),
    resource_uri: self('vouchers'),
  },
  filters: {
    business: BUSINESS,
    user: USER,
    perk: key('perk', 'perks'),
    status: { ...textFilter('status'), words: VOUCHER_STATUSES },
    voucher_id: int('id'),
    created_datetime: time('created'),
  },
  endpoints: [
    ...reads(needs(['PUBLIC'], ['ADMIN_CUSTOMER_REDEEM', 'USER_CUSTOMER_INFO']), {
      USER_CUSTOMER_INFO: own('person'),
      ADMIN_CUSTOMER_REDEEM: staff(),
    }),
    {
      method: 'PATCH',
      on: 'one',
      scopes: needs(['PUBLIC', 'ADMIN_CUSTOMER_REDEEM']),
      sees: { ADMIN_CUSTOMER_REDEEM: staff() },
      status: 202,
      input: {
        fields: {
          status: { type: 'text', among: ['USED', 'UNUSED', 'EXPIRED'] },
          expiration_date: { type: 'date' },
          location: { type: 'key', of: 'locations' },
          external_location_id: { type: 'text', max: 128 },
        },
        notBoth: [['location', 'external_location_id']],
      },
      operation: changeVoucher,
    },
  ],
}

const userVouchers: PerkvilleResource = {
  name: 'user-vouchers',
  collection: 'entitlements',
  where: SHOWN,
  now: notBarred,
  fields: {
    ...VOUCHER,
    details: plain('title', ''),
    expiration_date: made(({ expires }) =>
      expires === null
        ? null
        : new Date(Number(expires) - SECOND_MS).toISOString().slice(0, 'YYYY-MM-DD'.length),
    ),
    title: plain('title'),
    perk_description: {
      children: 'perks',
      by: 'id',
      of: '',
      fields: {},
      first: 'body.description',
      through: 'perk',
    },
    perk_fine_print: {
      children: 'perks',
      by: 'id',
      of: '',
      fields: {},
      first: 'body.fine_print',
      through: 'perk',
    },
    promotion_fine_print: {
      children: 'promotions',
      by: 'perk',
      of: '',
      fields: {},
      first: 'body.fine_print',
      through: 'perk',
    },
  },
  filters: { business: BUSINESS },
  order: [{ column: 'created', descending: true }],
  endpoints: [
    ...reads(needs(['USER_CUSTOMER_INFO']), { USER_CUSTOMER_INFO: own('person') }, { oneOf: ['business'] }),
    {
      method: 'PATCH',
      on: 'one',
      scopes: needs(['USER_CUSTOMER_INFO']),
      sees: { USER_CUSTOMER_INFO: own('person') },
      status: 202,
      input: { fields: { status: { type: 'text', among: ['USED'], required: true } } },
      operation: useOwnVoucher,
    },
  ],
}

export const TRANSACTION_RESOURCES: readonly PerkvilleResource[] = [
  transactions,
  vouchers,
  userVouchers,
  batchExternalMembers,
  batchTransactions,
]
