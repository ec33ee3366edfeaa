// What can be earned and redeemed: perks and their categories, levels, frequency bonuses, promotions, and customers' attributes that gate them.
import { datetime, omitted, plain, self, uri, uris, worded } from '../../frame/object.ts'
import type { InputTable } from '../../frame/input.ts'
import { changePerk, createPerk } from '../operations/perks.ts'
import { promotionsOfLocation } from '../operations/promotions.ts'
import { BUSINESS, int, key, reads, textFilter } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import { CUSTOMER_INFO, EVERYBODY, PUBLIC, needs, own, staff, staffOfAll } from '../scopes.ts'

const WRITABLE = {
  title: { type: 'text', max: 100 },
  points: { type: 'int' },
  description: { type: 'text', max: 2_000 },
  status: { type: 'text', among: ['ACTIVE', 'INACTIVE'] },
  eligible_at_all_locations: { type: 'boolean' },
  eligible_locations: { type: 'keys', of: 'locations' },
  external_coupon_code: { type: 'text', max: 64, null: true },
  completes_referral: { type: 'boolean' },
  fine_print: { type: 'text', max: 2_000, null: true },
  admin_flagged_as_invisible_to_customers: { type: 'boolean' },
  initial_voucher_status: { type: 'text', among: ['UNUSED', 'USED', 'ISSUED'] },
  redemption_instructions: { type: 'text', max: 2_000 },
} as const satisfies InputTable['fields']

/** Types of perks, ours to the platform's, where they differ. */
export const PERK_TYPES = {
  TIME: 'TIME_BONUS',
  DATE_RANGE: 'DATE_RANGE_BONUS',
  FREQUENCY: 'FREQUENCY_BONUS',
  SOCIAL_POST: 'TWITTER_POST',
} as const

const perks: PerkvilleResource = {
  name: 'perks',
  collection: 'perks',
  fields: {
    business: uri('businesses', 'tenant'),
    perk_id: plain('id'),
    status: plain('status'),
    classification: plain('classification'),
    description: plain('body.description', ''),
    eligible_at_all_locations: plain('body.eligible_at_all_locations', true),
    eligible_locations: omitted(uris('locations', 'body.eligible_locations'), {
      while: 'body.eligible_at_all_locations',
    }),
    admin_flagged_as_invisible_to_customers: plain('invisible'),
    points: plain('body.points', 0),
    title: plain('title'),
    type: worded('type', PERK_TYPES),
    external_coupon_code: plain('body.external_coupon_code'),
    completes_referral: plain('body.completes_referral', false),
    must_redeem_at_home_location: plain('body.must_redeem_at_home_location', false),
    redemption_limit_interval: plain('body.redemption_limit_interval'),
    redemption_limit_count: plain('body.redemption_limit_count'),
    redemption_limit_interval_count: plain('body.redemption_limit_interval_count'),
    required_level: uri('levels', 'body.required_level'),
    category: uri('perk-categories', 'category'),
    start_date: plain('body.start_date'),
    end_date: plain('body.end_date'),
    picture_card: plain('body.picture_card'),
    fine_print: plain('body.fine_print'),
    external_reward_url: plain('body.external_reward_url'),
    initial_voucher_status: plain('body.initial_voucher_status', 'UNUSED'),
    redemption_instructions: plain('body.redemption_instructions', 'Print or show on phone'),
    valid_customer_attributes: uris('custom-attribute-values', 'body.valid_customer_attributes'),
    resource_uri: self('perks'),
  },
  filters: {
    business: BUSINESS,
    perk_id: int('id'),
    classification: textFilter('classification'),
    type: { ...textFilter('type'), words: PERK_TYPES },
    status: textFilter('status'),
    title: textFilter('title'),
    category: key('category', 'perk-categories'),
  },
  endpoints: [
    ...reads(PUBLIC, EVERYBODY),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['ADMIN_PERK']),
      status: 201,
      input: {
        fields: {
          business: { type: 'key', of: 'businesses', required: true },
          classification: { type: 'text', among: ['EARN', 'REDEEM'], required: true },
          ...WRITABLE,
          title: { ...WRITABLE.title, required: true },
          points: { ...WRITABLE.points, required: true },
        },
      },
      operation: createPerk,
    },
    {
      method: 'PATCH',
      on: 'one',
      scopes: needs(['ADMIN_PERK']),
      sees: { ADMIN_PERK: staffOfAll },
      status: 202,
      input: { fields: WRITABLE },
      operation: changePerk,
    },
  ],
}

const perkCategories: PerkvilleResource = {
  name: 'perk-categories',
  collection: 'perk_categories',
  fields: {
    category_id: plain('id'),
    category_name: plain('name'),
    business: uri('businesses', 'tenant'),
    display_order: plain('display_order'),
    perks: { children: 'perks', by: 'category', of: 'perks', order: 'display_order' },
    created_dt: datetime('created'),
    last_mod_dt: datetime('modified'),
    resource_uri: self('perk-categories'),
  },
  filters: { business: BUSINESS, category_id: int('id') },
  order: [{ column: 'display_order', nulls: 'last' }],
  endpoints: reads(PUBLIC, EVERYBODY, { oneOf: ['business'], forbids: ['business__in'] }),
}

const levels: PerkvilleResource = {
  name: 'levels',
  collection: 'levels',
  fields: {
    level_id: plain('id'),
    business: uri('businesses', 'tenant'),
    name: plain('name'),
    point_floor: plain('point_floor', 0),
    badge_url: plain('body.badge_url', ''),
    resource_uri: self('levels'),
  },
  filters: { business: BUSINESS, level_id: int('id'), point_floor: int('point_floor') },
  endpoints: reads(PUBLIC, EVERYBODY),
}

const frequencyBonusPerk: PerkvilleResource = {
  name: 'frequency-bonus-perk',
  collection: 'frequency_bonuses',
  fields: {
    frequency_bonus_perk_id: plain('id'),
    business: uri('businesses', 'tenant'),
    qualifying_perks: uris('perks', 'body.qualifying_perks'),
    reward: uri('perks', 'reward'),
    required_to_earn: plain('body.required_to_earn', 1),
    frequency: plain('body.frequency', 'FROM_DATE'),
    resource_uri: self('frequency-bonus-perk'),
  },
  filters: { business: BUSINESS, reward: key('reward', 'perks') },
  endpoints: reads(PUBLIC, EVERYBODY),
}

const promotions: PerkvilleResource = {
  name: 'promotions',
  collection: 'promotions',
  fields: {
    business: uri('businesses', 'tenant'),
    detail: plain('body.detail', ''),
    eligible_at_all_locations: plain('body.eligible_at_all_locations', true),
    eligible_locations: omitted(uris('locations', 'body.eligible_locations'), {
      while: 'body.eligible_at_all_locations',
    }),
    fine_print: plain('body.fine_print', ''),
    perk: uri('perks', 'perk'),
    picture_uri: plain('body.picture_url', ''),
    picture_url: plain('body.picture_url', ''),
    title: plain('body.title', ''),
    type: plain('type'),
  },
  filters: { business: BUSINESS, perk: key('perk', 'perks'), type: textFilter('type') },
  aside: ['location'],
  endpoints: reads(PUBLIC, EVERYBODY).map((row) =>
    row.on === 'list'
      ? { ...row, when: { location: { scopes: row.scopes, operation: promotionsOfLocation } } }
      : row,
  ),
}

const SEEN_BY_ADMINS = { ADMIN_CUSTOMER_INFO: staff() }

const customAttributes: PerkvilleResource = {
  name: 'custom-attributes',
  collection: 'custom_attributes',
  fields: {
    business: uri('businesses', 'tenant'),
    display_name: plain('display_name'),
    display_action: plain('body.display_action', ''),
    slug: plain('slug'),
    description: plain('body.description', ''),
    resource_uri: self('custom-attributes'),
  },
  filters: { business: BUSINESS, slug: textFilter('slug') },
  endpoints: reads(needs([], CUSTOMER_INFO), {
    USER_CUSTOMER_INFO: own('values.assigned.person'),
    ...SEEN_BY_ADMINS,
  }),
}

const customAttributeValues: PerkvilleResource = {
  name: 'custom-attribute-values',
  collection: 'custom_attribute_values',
  fields: {
    custom_attribute: uri('custom-attributes', 'custom_attribute'),
    display_name: plain('display_name'),
    order: plain('rank'),
    resource_uri: self('custom-attribute-values'),
  },
  filters: { custom_attribute: key('custom_attribute', 'custom-attributes') },
  order: [{ column: 'rank', nulls: 'last' }],
  endpoints: reads(needs([], CUSTOMER_INFO), {
    USER_CUSTOMER_INFO: own('assigned.person'),
    ...SEEN_BY_ADMINS,
  }),
}

export const PERK_RESOURCES: readonly PerkvilleResource[] = [
  customAttributes,
  customAttributeValues,
  frequencyBonusPerk,
  levels,
  perks,
  perkCategories,
  promotions,
]
