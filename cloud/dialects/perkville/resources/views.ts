// What is made for showing: reports of transactions and top earners, the token's scopes, identifying a visitor, sent e-mails.
import { and } from '../../../collections/query.ts'
import { TRACKED_MAIL_TYPES } from '../../../domain/accounts/mail-types.ts'
import { datetime, made, plain, self } from '../../frame/object.ts'
import type { Fields } from '../../frame/object.ts'
import { issueIdentifyToken } from '../operations/identify.ts'
import { topEarners, transactionReport } from '../operations/reports.ts'
import { scopesOf } from '../operations/scopes.ts'
import { int, reads, textFilter, time } from '../rows.ts'
import type { PerkvilleEndpoint, PerkvilleResource } from '../rows.ts'
import { needs, staffAt } from '../scopes.ts'

/** A list that an operation answers; what it is asked for are its own parameters. */
function answered(
  name: string,
  operation: NonNullable<PerkvilleEndpoint['operation']>,
  scopes: PerkvilleEndpoint['scopes'],
  fields: Fields,
  limitMax?: number,
): PerkvilleResource {
  return {
    name,
    collection: null,
    fields,
    filters: {},
    ...(limitMax === undefined ? {} : { limitMax }),
    endpoints: [{ method: 'GET', on: 'list', scopes, status: 200, operation }],
  }
}

const REPORT = needs(['ADMIN_CUSTOMER_INFO'])

const REPORT_FIELDS: Fields = {
  classification: plain('classification'),
  title: plain('title'),
  trans_source_id: plain('source_id'),
  perk_id: plain('perk'),
  business_id: plain('tenant'),
  transaction_status: plain('status'),
  trans_status: plain('status'),
  points: plain('points'),
  transaction_dt: datetime('at'),
  user_id: plain('person'),
  transaction_reference: plain('reference'),
  location_id: plain('location'),
  locations_id: plain('location'),
  quantity: plain('quantity'),
  transaction_id: plain('id'),
}

const EARNER_FIELDS: Fields = {
  first_name: plain('first_name'),
  last_name: plain('last_name'),
  user_id: plain('person'),
  last_earned_location_id: plain('last_location'),
  home_location_id: plain('home'),
  points_earned: plain('points'),
  connection_id: plain('id'),
  primary_email_address: plain('email', ''),
  primary_user_address: plain('email', ''),
}

const identify: PerkvilleResource = {
  name: 'identify',
  collection: null,
  fields: { identify_token: plain('token'), expire_datetime: datetime('expires') },
  filters: {},
  endpoints: [
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['ADMIN_IDENTIFY_USER']),
      status: 201,
      form: true,
      input: {
        fields: {
          redirect_uri: { type: 'text', max: 2_000, required: true },
          state: { type: 'text', max: 2_000, required: true },
        },
      },
      operation: issueIdentifyToken,
    },
  ],
}

const emailTracking: PerkvilleResource = {
  name: 'email-tracking',
  collection: 'mails',
  where: and({ at: ['sent'], is: 'not_null' }, { at: ['type'], is: 'in', value: TRACKED_MAIL_TYPES }),
  fields: {
    business_id: plain('tenant'),
    location_id: plain('location'),
    resource_uri: self('email-tracking'),
    sent_dt: datetime('sent'),
    type: plain('type'),
    user_email: plain('email'),
    // A person is told of by number; who has none yet, by address alone.
    user_id: made(({ person }) => (Number(person) > 0 ? (person ?? null) : null)),
  },
  filters: {
    type: textFilter('type'),
    business_id: int('tenant'),
    business: int('tenant'),
    location_id: int('location'),
    sent_dt: time('sent'),
    user_email: { way: 'email', type: 'email' },
    user_id: { way: 'person', type: 'int', me: true },
  },
  endpoints: reads(REPORT, { ADMIN_CUSTOMER_INFO: staffAt('location') }),
}

export const VIEW_RESOURCES: readonly PerkvilleResource[] = [
  emailTracking,
  answered('scopes', scopesOf, needs([]), { scope: plain('scope') }),
  identify,
  answered('top-earners', topEarners, REPORT, EARNER_FIELDS, 100),
  answered('transaction-report', transactionReport, REPORT, REPORT_FIELDS, 5_000),
]
