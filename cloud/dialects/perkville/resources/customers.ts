// Customers: users, their connections and balances, attributes, memberships elsewhere, progress, referrals, and the e-mails they were sent.
import { or } from '../../../collections/query.ts'
import type { InputTable } from '../../frame/input.ts'
import { datetime, made, plain, self, text, uri } from '../../frame/object.ts'
import {
  assignAttribute,
  changeConnection,
  createReferral,
  removeAttribute,
} from '../operations/customers.ts'
import { changeExternalMember, createExternalMember } from '../operations/external-members.ts'
import { BUSINESS, EMAIL, USER, int, key, reads, textFilter, time } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import { INFO, OWN_OR_ADMINS, admins, needs, own, staff, staffOfAll } from '../scopes.ts'

const MEMBERSHIP = {
  external_cancel_dt: { type: 'datetime' },
  external_join_dt: { type: 'datetime' },
  external_membership_status: { type: 'text', among: ['ACTIVE', 'INACTIVE'] },
  external_membership_type: { type: 'text', max: 128 },
  external_home_location_id: { type: 'text', max: 128 },
  home_location: { type: 'key', of: 'locations' },
} as const satisfies InputTable['fields']
const ONE_HOME = [['home_location', 'external_home_location_id']] as const

const connections: PerkvilleResource = {
  name: 'connections',
  collection: 'connections',
  where: { at: ['hidden'], is: 'eq', value: false },
  fields: {
    business: uri('businesses', 'tenant'),
    connection_id: plain('id'),
    external_cancel_dt: datetime('membership_until'),
    external_join_dt: datetime('membership_from'),
    rewards_program_join_dt: datetime('joined'),
    external_membership_status: plain('membership'),
    external_membership_type: plain('membership_type'),
    home_location: uri('locations', 'home'),
    last_mod_dt: datetime('modified'),
    last_transaction_dt: datetime('last_transaction'),
    last_visited_location: uri('locations', 'last_location'),
    level: uri('levels', 'level'),
    lifetime_earned_points: plain('lifetime_earned'),
    point_balance: plain('balance'),
    resource_uri: self('connections'),
    referral_offer_url: made(({ tenant, person }) => `/biz/${Number(tenant)}/referral/${Number(person)}/`),
    status: plain('status'),
    user: uri('users', 'person'),
    vouchers: { children: 'entitlements', by: 'connection', of: 'vouchers' },
  },
  filters: {
    business: BUSINESS,
    user: USER,
    connection_id: int('id'),
    status: textFilter('status'),
    level: key('level', 'levels'),
    home_location: key('home', 'locations'),
    last_mod_dt: time('modified'),
    last_transaction_dt: time('last_transaction'),
  },
  endpoints: [
    ...reads(INFO, OWN_OR_ADMINS, { oneOf: ['business', 'user'], forbids: ['business__in'] }),
    {
      method: 'PATCH',
      on: 'one',
      scopes: INFO,
      sees: OWN_OR_ADMINS,
      status: 202,
      input: {
        fields: { status: { type: 'text', among: ['ACTIVE', 'INACTIVE'] }, ...MEMBERSHIP },
        notBoth: ONE_HOME,
      },
      operation: changeConnection,
    },
  ],
}

const connectionBalances: PerkvilleResource = {
  name: 'connection-balances',
  collection: 'connections',
  where: { at: ['hidden'], is: 'eq', value: false },
  fields: {
    business: uri('businesses', 'tenant'),
    connection: uri('connections', 'id'),
    last_biz_perk_title: plain('last_title', ''),
    last_mod_dt: datetime('balance_modified'),
    last_transaction_dt: datetime('last_transaction'),
    lifetime_earned_points: plain('lifetime_earned'),
    lifetime_spent_points: plain('lifetime_spent'),
    point_balance: plain('balance'),
    resource_uri: self('connection-balances'),
    user: uri('users', 'person'),
  },
  filters: {
    business: BUSINESS,
    connection: key('id', 'connections'),
    user: USER,
    email: EMAIL,
    last_mod_dt: time('balance_modified'),
    last_transaction_dt: time('last_transaction'),
  },
  endpoints: reads(
    needs(['PUBLIC', 'ADMIN_CUSTOMER_INFO']),
    { ADMIN_CUSTOMER_INFO: admins() },
    { oneOf: ['connection', 'business', 'user', 'email'], forbids: ['business__in'] },
  ),
}

const connectionAttributes: PerkvilleResource = {
  name: 'connection-attributes',
  collection: 'connection_attributes',
  fields: {
    connection: uri('connections', 'connection'),
    custom_attribute_value: uri('custom-attribute-values', 'value'),
    added_dt: datetime('added'),
    resource_uri: self('connection-attributes'),
  },
  filters: {
    connection: key('connection', 'connections'),
    custom_attribute_value: key('value', 'custom-attribute-values'),
  },
  endpoints: [
    ...reads(
      needs([], ['USER_CUSTOMER_INFO', 'ADMIN_CUSTOMER_INFO', 'ADMIN_CUSTOMER_GRANT_POINTS']),
      {
        USER_CUSTOMER_INFO: own('person'),
        ADMIN_CUSTOMER_INFO: staff(),
        ADMIN_CUSTOMER_GRANT_POINTS: staff(),
      },
      { oneOf: ['connection', 'custom_attribute_value'] },
    ),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['ADMIN_CUSTOMER_GRANT_POINTS']),
      status: 201,
      input: {
        fields: {
          connection: { type: 'key', of: 'connections', required: true },
          custom_attribute_value: { type: 'key', of: 'custom-attribute-values', required: true },
        },
      },
      operation: assignAttribute,
    },
    {
      method: 'DELETE',
      on: 'one',
      scopes: needs(['ADMIN_CUSTOMER_GRANT_POINTS']),
      sees: { ADMIN_CUSTOMER_GRANT_POINTS: staff() },
      status: 204,
      operation: removeAttribute,
    },
  ],
}

const NAMES = {
  birthday: { type: 'date' },
  first_name: { type: 'text', max: 100 },
  last_name: { type: 'text', max: 100 },
} as const satisfies InputTable['fields']
const MEMBERSHIP_OR_NONE = {
  ...MEMBERSHIP,
  external_membership_status: { ...MEMBERSHIP.external_membership_status, null: true },
} as const

/** Of a single post, and of a batch's row. */
export const EXTERNAL_MEMBER_ROW = {
  external_member_id: { type: 'text', max: 128, required: true },
  external_system_id: { type: 'text', max: 64, required: true },
  ...MEMBERSHIP_OR_NONE,
  ...NAMES,
  can_receive_emails: { type: 'boolean' },
} as const satisfies InputTable['fields']

const externalMembers: PerkvilleResource = {
  name: 'external-members',
  collection: 'external_members',
  fields: {
    business: uri('businesses', 'tenant'),
    connection: uri('connections', 'connection'),
    user: uri('users', 'person'),
    resource_uri: self('external-members'),
    external_system_id: plain('system'),
    external_member_id: plain('external_id'),
    external_membership_type: plain('type'),
    external_membership_status: plain('status'),
    home_location: uri('locations', 'home'),
    external_cancel_dt: datetime('cancelled'),
    external_join_dt: datetime('joined'),
    id: text('id'),
    created_dt: datetime('created'),
    last_mod_dt: datetime('modified'),
  },
  filters: {
    id: int('id'),
    business: BUSINESS,
    user: USER,
    external_system_id: textFilter('system'),
    external_member_id: textFilter('external_id'),
    last_mod_dt: time('modified'),
  },
  endpoints: [
    ...reads(
      needs(['ADMIN_CUSTOMER_INFO']),
      { ADMIN_CUSTOMER_INFO: staff() },
      {
        oneOf: ['business', 'user'],
        forbids: ['business__in'],
        with: { external_member_id: 'external_system_id' },
      },
    ),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['ADMIN_CUSTOMER_INFO']),
      status: 201,
      input: {
        fields: {
          business: { type: 'key', of: 'businesses', required: true },
          user_email: { type: 'email', required: true },
          ...EXTERNAL_MEMBER_ROW,
        },
        notBoth: ONE_HOME,
      },
      operation: createExternalMember,
    },
    {
      method: 'PATCH',
      on: 'one',
      scopes: needs(['ADMIN_CUSTOMER_INFO']),
      sees: { ADMIN_CUSTOMER_INFO: staff() },
      // As documented for this resource, where others answer 202 (PK-3).
      status: 201,
      input: { fields: { ...MEMBERSHIP_OR_NONE, ...NAMES }, notBoth: ONE_HOME },
      operation: changeExternalMember,
    },
  ],
}

/** How far behind UTC the zone is in which a day ends last. */
const LAST_ZONE_MS = 12 * 3_600_000

const frequencyProgress: PerkvilleResource = {
  name: 'frequency-bonus-progress',
  collection: 'frequency_progress',
  // Of the window that runs (PK-64).
  now: ({ clock }) =>
    Promise.resolve(
      or(
        { at: ['window_until'], is: 'null' },
        {
          at: ['window_until'],
          is: 'gt',
          value: new Date(clock.now() - LAST_ZONE_MS).toISOString().slice(0, 'YYYY-MM-DD'.length),
        },
      ),
    ),
  fields: {
    frequency_bonus_progress_id: plain('id'),
    business: uri('businesses', 'tenant'),
    user: uri('users', 'person'),
    frequency_bonus_perk: {
      children: 'frequency_bonuses',
      by: 'reward',
      through: 'perk',
      of: 'frequency-bonus-perk',
      first: 'uri',
    },
    progress_count: plain('count'),
    has_earned_bonus: plain('earned'),
    resource_uri: self('frequency-bonus-progress'),
  },
  filters: {
    business: BUSINESS,
    user: USER,
    frequency_bonus_perk: key('perk.frequency.id', 'frequency-bonus-perk'),
  },
  endpoints: reads(INFO, { USER_CUSTOMER_INFO: own('person'), ADMIN_CUSTOMER_INFO: staffOfAll }),
}

const referrals: PerkvilleResource = {
  name: 'referrals',
  collection: 'referrals',
  fields: {
    business: uri('businesses', 'tenant'),
    completed_dt: datetime('completed'),
    created_dt: datetime('created'),
    location: uri('locations', 'location'),
    referral_content: plain('content', ''),
    referral_date: datetime('created'),
    referral_from_user: uri('users', 'person'),
    referral_source: plain('source'),
    referral_status: plain('status'),
    referrer_conn_status: plain('referrer_status'),
    referral_to_user: uri('users', 'to_person'),
    resource_uri: self('referrals'),
    voucher: uri('vouchers', 'voucher'),
    voucher_id: uri('vouchers', 'voucher'),
    distribution_type: made(() => 'EMAIL'),
    referral_to_email: plain('to_email', ''),
    referree_external_id: made(() => ''),
    referree_external_id_type: made(() => ''),
  },
  filters: {
    business: BUSINESS,
    referral_from_user: USER,
    referral_to_user: { ...USER, way: 'to_person' },
    referral_status: textFilter('status'),
    created_dt: time('created'),
  },
  endpoints: [
    ...reads(needs(['PUBLIC'], ['ADMIN_CUSTOMER_REFERRAL', 'USER_REFERRAL']), {
      USER_REFERRAL: own('person', 'to_person'),
      ADMIN_CUSTOMER_REFERRAL: staff(),
    }),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(
        ['PUBLIC'],
        ['ADMIN_CUSTOMER_INFO', 'USER_CUSTOMER_INFO'],
        ['ADMIN_CUSTOMER_REFERRAL', 'USER_REFERRAL'],
      ),
      status: 201,
      input: {
        fields: {
          business: { type: 'key', of: 'businesses', required: true },
          location: { type: 'key', of: 'locations' },
          referral_from_user: { type: 'key', of: 'users' },
          referral_to_email: { type: 'email', required: true },
          referral_to_first_name: { type: 'text', max: 100 },
          referral_to_last_name: { type: 'text', max: 100 },
          referral_content: { type: 'text', max: 2_000 },
          send_referral_email: { type: 'boolean' },
          submit_as_referrer: { type: 'boolean' },
        },
      },
      operation: createReferral,
    },
  ],
}

export const CUSTOMER_RESOURCES: readonly PerkvilleResource[] = [
  connections,
  connectionAttributes,
  connectionBalances,
  externalMembers,
  frequencyProgress,
  referrals,
]
