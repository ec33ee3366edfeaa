// What a merchant configures, as versioned documents. Columns are what is filtered, sorted or referred to; the rest is in the body. A `rule` is the
// number a thing has in the tenant's program: of a program published natively any number, of what was made here the document's own id (COL-6).
import type { Collection } from '../collection.ts'

/** A business is a tenant: its id is the tenant's. */
const BUSINESSES: Collection = {
  name: 'businesses',
  scope: 'tenant',
  columns: { name: { type: 'text' } },
  versioned: true,
}

/** A location is a store: its id is the store's. */
const LOCATIONS: Collection = {
  name: 'locations',
  scope: 'tenant',
  columns: { name: { type: 'text' }, external_location_id: { type: 'text', null: true } },
  unique: [['tenant', 'external_location_id']],
  versioned: true,
}

/** The same place under the names of other systems. */
const EXTERNAL_LOCATIONS: Collection = {
  name: 'external_locations',
  scope: 'tenant',
  columns: {
    external_system_id: { type: 'text' },
    external_location_id: { type: 'text' },
    location: { type: 'integer', refers: 'locations' },
  },
  indexes: [['location']],
  unique: [['external_system_id', 'external_location_id']],
  versioned: true,
}

const LEVELS: Collection = {
  name: 'levels',
  scope: 'tenant',
  columns: {
    rule: { type: 'integer' },
    name: { type: 'text' },
    point_floor: { type: 'integer', null: true },
  },
  unique: [['tenant', 'rule']],
  versioned: true,
}

const PERK_CATEGORIES: Collection = {
  name: 'perk_categories',
  scope: 'tenant',
  columns: { name: { type: 'text' }, display_order: { type: 'integer', null: true } },
  indexes: [['tenant', 'display_order']],
  versioned: true,
}

/** Earn perks, bonuses and redeem perks of the program. */
const PERKS: Collection = {
  name: 'perks',
  scope: 'tenant',
  columns: {
    rule: { type: 'integer' },
    classification: { type: 'text' },
    type: { type: 'text' },
    status: { type: 'text' },
    title: { type: 'text' },
    invisible: { type: 'boolean' },
    category: { type: 'integer', null: true, refers: 'perk_categories' },
    display_order: { type: 'integer', null: true },
  },
  indexes: [['tenant', 'classification', 'type'], ['classification'], ['type'], ['category']],
  unique: [['tenant', 'rule']],
  children: { frequency: { collection: 'frequency_bonuses', by: 'reward' } },
  versioned: true,
}

const FREQUENCY_BONUSES: Collection = {
  name: 'frequency_bonuses',
  scope: 'tenant',
  columns: { reward: { type: 'integer', refers: 'perks' } },
  unique: [['reward']],
  versioned: true,
}

const CHALLENGES: Collection = {
  name: 'challenges',
  scope: 'tenant',
  columns: {
    rule: { type: 'integer' },
    name: { type: 'text' },
    slug: { type: 'text' },
    status: { type: 'text' },
  },
  indexes: [['slug']],
  unique: [
    ['tenant', 'rule'],
    ['tenant', 'slug'],
  ],
  versioned: true,
}

const CHALLENGE_REQUIREMENTS: Collection = {
  name: 'challenge_requirements',
  scope: 'tenant',
  columns: {
    rule: { type: 'integer' },
    challenge: { type: 'integer', refers: 'challenges' },
    progress_perk: { type: 'integer', refers: 'perks' },
    required_quantity: { type: 'integer' },
    display_order: { type: 'integer', null: true },
  },
  indexes: [['challenge'], ['progress_perk']],
  versioned: true,
}

const PROMOTIONS: Collection = {
  name: 'promotions',
  scope: 'tenant',
  columns: { perk: { type: 'integer', refers: 'perks' }, type: { type: 'text' } },
  indexes: [['perk']],
  versioned: true,
}

const CUSTOM_ATTRIBUTES: Collection = {
  name: 'custom_attributes',
  scope: 'tenant',
  columns: { slug: { type: 'text' }, display_name: { type: 'text' } },
  indexes: [['slug']],
  unique: [['tenant', 'slug']],
  children: { values: { collection: 'custom_attribute_values', by: 'custom_attribute' } },
  versioned: true,
}

const CUSTOM_ATTRIBUTE_VALUES: Collection = {
  name: 'custom_attribute_values',
  scope: 'tenant',
  columns: {
    custom_attribute: { type: 'integer', refers: 'custom_attributes' },
    display_name: { type: 'text' },
    rank: { type: 'integer', null: true },
  },
  indexes: [['custom_attribute']],
  children: { assigned: { collection: 'connection_attributes', by: 'value' } },
  versioned: true,
}

const AGREEMENTS: Collection = {
  name: 'agreements',
  scope: 'tenant',
  columns: { internal_name: { type: 'text' }, type: { type: 'text' } },
  versioned: true,
}

const AGREEMENT_VERSIONS: Collection = {
  name: 'agreement_versions',
  scope: 'tenant',
  columns: {
    agreement: { type: 'integer', refers: 'agreements' },
    label: { type: 'text' },
    is_active: { type: 'boolean' },
  },
  indexes: [['agreement', 'is_active']],
  versioned: true,
}

/** What a person agreed to at a moment, as it was then. */
const USER_AGREEMENTS: Collection = {
  name: 'user_agreements',
  scope: 'tenant',
  columns: {
    person: { type: 'integer', refers: 'persons' },
    agreement: { type: 'integer', refers: 'agreements' },
    agreement_version: { type: 'integer', refers: 'agreement_versions' },
    email: { type: 'text' },
    first_name: { type: 'text' },
    last_name: { type: 'text' },
    at: { type: 'datetime' },
  },
  indexes: [['agreement'], ['agreement_version'], ['person', 'tenant']],
  versioned: false,
}

export const CONFIGURATION = {
  businesses: BUSINESSES,
  locations: LOCATIONS,
  external_locations: EXTERNAL_LOCATIONS,
  levels: LEVELS,
  perk_categories: PERK_CATEGORIES,
  perks: PERKS,
  frequency_bonuses: FREQUENCY_BONUSES,
  challenges: CHALLENGES,
  challenge_requirements: CHALLENGE_REQUIREMENTS,
  promotions: PROMOTIONS,
  custom_attributes: CUSTOM_ATTRIBUTES,
  custom_attribute_values: CUSTOM_ATTRIBUTE_VALUES,
  agreements: AGREEMENTS,
  agreement_versions: AGREEMENT_VERSIONS,
  user_agreements: USER_AGREEMENTS,
} as const satisfies Readonly<Record<string, Collection>>
