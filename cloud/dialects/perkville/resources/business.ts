// A business and its places: businesses, staff, locations, the names other systems have for them, and what customers agree to.
import { datetime, made, plain, self, text, uri } from '../../frame/object.ts'
import { changeLocation, createLocation } from '../operations/locations.ts'
import { BUSINESS, USER, int, key, reads, textFilter } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import { EVERYBODY, INFO, OWN_OR_ADMINS, PUBLIC, needs, staff, staffAt } from '../scopes.ts'
import type { Gathered } from '../../frame/object.ts'
import type { InputTable } from '../../frame/input.ts'

const businesses: PerkvilleResource = {
  name: 'businesses',
  collection: 'businesses',
  fields: {
    business_id: plain('id'),
    // No business says its categories here; the platform has no resource of them either (PK-44).
    categories: made(() => []),
    fine_print: plain('body.fine_print', ''),
    homepage_url: plain('body.homepage_url', ''),
    locations: { children: 'locations', by: 'tenant', of: 'locations' },
    name: plain('name'),
    logo_url: plain('body.logo_url', ''),
    brand_color: plain('body.brand_color'),
    brand_secondary_color: plain('body.brand_secondary_color', ''),
    promotions: { children: 'promotions', by: 'tenant', of: 'promotions' },
    perks: { children: 'perks', by: 'tenant', of: 'perks' },
    perkville_url: made(({ id }) => `/biz/${Number(id)}/`),
    resource_uri: self('businesses'),
    rewards_program_name: plain('body.rewards_program_name', ''),
    app_connection_message: plain('body.app_connection_message', ''),
  },
  filters: { business_id: int('id'), name: textFilter('name') },
  endpoints: reads(PUBLIC, EVERYBODY),
}

const staffRows: PerkvilleResource = {
  name: 'staff',
  collection: 'staff',
  fields: {
    staff_id: text('id'),
    business: uri('businesses', 'tenant'),
    created: datetime('created'),
    bill_payer: plain('bill_payer'),
    staff_role: plain('role'),
    staff_description: plain('description', ''),
    user: uri('users', 'person'),
    resource_uri: self('staff'),
  },
  filters: { staff_id: int('id'), user: USER, business: BUSINESS, staff_role: textFilter('role') },
  endpoints: reads(needs(['USER_CUSTOMER_INFO']), { USER_CUSTOMER_INFO: staff() }),
}

const PLACE = {
  address_1: { type: 'text', max: 255 },
  address_2: { type: 'text', max: 255 },
  business: { type: 'key', of: 'businesses' },
  city: { type: 'text', max: 100 },
  country_code: { type: 'text', max: 2 },
  external_location_id: { type: 'text', max: 128 },
  name: { type: 'text', max: 100 },
  postal_code: { type: 'text', max: 20 },
  state: { type: 'text', max: 50 },
} as const satisfies InputTable['fields']

const locations: PerkvilleResource = {
  name: 'locations',
  collection: 'locations',
  fields: {
    address_1: plain('body.address_1', ''),
    address_2: plain('body.address_2', ''),
    business: uri('businesses', 'tenant'),
    city: plain('body.city', ''),
    country_code: plain('body.country_code', ''),
    external_location_id: plain('external_location_id', ''),
    latitude: plain('body.latitude', ''),
    location_id: plain('id'),
    longitude: plain('body.longitude', ''),
    name: plain('name'),
    postal_code: plain('body.postal_code', ''),
    state: plain('body.state', ''),
    resource_uri: self('locations'),
  },
  filters: {
    location_id: int('id'),
    business: BUSINESS,
    external_location_id: textFilter('external_location_id'),
    name: textFilter('name'),
  },
  endpoints: [
    ...reads(PUBLIC, EVERYBODY),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['ADMIN_LOCATION']),
      status: 201,
      // The document does not say what is required: what a place cannot be without (PK-50).
      input: {
        fields: {
          ...PLACE,
          business: { ...PLACE.business, required: true },
          name: { ...PLACE.name, required: true },
        },
      },
      operation: createLocation,
    },
    {
      method: 'PATCH',
      on: 'one',
      scopes: needs(['ADMIN_LOCATION']),
      sees: { ADMIN_LOCATION: staffAt('id') },
      status: 202,
      input: { fields: PLACE },
      operation: changeLocation,
    },
  ],
}

const externalLocations: PerkvilleResource = {
  name: 'external-locations',
  collection: 'external_locations',
  fields: {
    id: text('id'),
    external_system_id: plain('external_system_id'),
    external_location_id: plain('external_location_id'),
    location: uri('locations', 'location'),
  },
  filters: {
    id: int('id'),
    external_system_id: textFilter('external_system_id'),
    external_location_id: textFilter('external_location_id'),
    location: key('location', 'locations'),
  },
  endpoints: reads(PUBLIC, EVERYBODY),
}

/** What is said once of an agreement, for all its versions. */
const ofAgreement = (first: string): Gathered => ({
  children: 'agreements',
  by: 'id',
  through: 'agreement',
  of: '',
  fields: {},
  first,
})

const agreementVersions: PerkvilleResource = {
  name: 'agreement-versions',
  collection: 'agreement_versions',
  fields: {
    agreement_version_id: plain('id'),
    agreement_id: plain('agreement'),
    agreement_internal_name: ofAgreement('internal_name'),
    agreement_type: ofAgreement('type'),
    business: uri('businesses', 'tenant'),
    version: plain('label'),
    text: plain('body.text', ''),
    is_active: plain('is_active'),
    created_dt: datetime('created'),
    last_mod_dt: datetime('modified'),
    resource_uri: self('agreement-versions'),
  },
  filters: {
    agreement_version_id: int('id'),
    agreement: int('agreement'),
    agreement_id: int('agreement'),
    business: BUSINESS,
    is_active: { way: 'is_active', type: 'boolean' },
    last_mod_dt: { way: 'modified', type: 'datetime' },
  },
  endpoints: reads(PUBLIC, EVERYBODY, {
    oneOf: ['agreement', 'agreement_id', 'business'],
    forbids: ['business__in'],
  }),
}

const userBusinessAgreements: PerkvilleResource = {
  name: 'user-business-agreements',
  collection: 'user_agreements',
  fields: {
    id: plain('id'),
    agreement_id: plain('agreement'),
    agreement_version: uri('agreement-versions', 'agreement_version'),
    user: uri('users', 'person'),
    business: uri('businesses', 'tenant'),
    email: plain('email'),
    first_name: plain('first_name'),
    last_name: plain('last_name'),
    agreement_dt: datetime('at'),
    resource_uri: self('user-business-agreements'),
  },
  filters: {
    business: BUSINESS,
    user: USER,
    agreement: int('agreement'),
    agreement_id: int('agreement'),
    agreement_version: key('agreement_version', 'agreement-versions'),
    agreement_dt: { way: 'at', type: 'datetime' },
  },
  endpoints: reads(INFO, OWN_OR_ADMINS, { oneOf: ['business'], forbids: ['business__in'] }),
}

export const BUSINESS_RESOURCES: readonly PerkvilleResource[] = [
  agreementVersions,
  businesses,
  staffRows,
  externalLocations,
  locations,
  userBusinessAgreements,
]
