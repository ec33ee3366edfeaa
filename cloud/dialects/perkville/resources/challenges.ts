// Challenges and what they require.
import { plain, self, uri, uris } from '../../frame/object.ts'
import { BUSINESS, key, reads, textFilter } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import { EVERYBODY, PUBLIC } from '../scopes.ts'

const challenges: PerkvilleResource = {
  name: 'challenges',
  collection: 'challenges',
  fields: {
    challenge_id: plain('id'),
    business: uri('businesses', 'tenant'),
    name: plain('name'),
    slug: plain('slug'),
    description: plain('body.description', ''),
    fine_print: plain('body.fine_print', ''),
    join_message: plain('body.join_message', ''),
    ineligible_message: plain('body.ineligible_message', ''),
    success_message: plain('body.success_message', ''),
    incomplete_message: plain('body.incomplete_message', ''),
    locations: uris('locations', 'body.locations'),
    home_locations: uris('locations', 'body.home_locations'),
    start_date: plain('body.start_date'),
    end_date: plain('body.end_date'),
    use_membership_start_date: plain('body.use_membership_start_date', false),
    require_active_membership: plain('body.require_active_membership', false),
    resource_uri: self('challenges'),
    valid_customer_attributes: uris('custom-attribute-values', 'body.valid_customer_attributes'),
  },
  filters: { business: BUSINESS, slug: textFilter('slug') },
  endpoints: reads(PUBLIC, EVERYBODY),
}

const requirements: PerkvilleResource = {
  name: 'challenge-requirements',
  collection: 'challenge_requirements',
  fields: {
    challenge_perk_requirement_id: plain('id'),
    challenge: uri('challenges', 'challenge'),
    progress_perk: uri('perks', 'progress_perk'),
    business: uri('businesses', 'tenant'),
    title: plain('body.title', ''),
    required_quantity: plain('required_quantity'),
    description: plain('body.description', ''),
    detail_link: plain('body.detail_link', ''),
    display_order: plain('display_order'),
    resource_uri: self('challenge-requirements'),
  },
  filters: {
    challenge: key('challenge', 'challenges'),
    business: BUSINESS,
    progress_perk: key('progress_perk', 'perks'),
  },
  order: [{ column: 'display_order', nulls: 'last' }],
  endpoints: reads(PUBLIC, EVERYBODY, { oneOf: ['challenge', 'business'], forbids: ['business__in'] }),
}

export const CHALLENGE_RESOURCES: readonly PerkvilleResource[] = [challenges, requirements]
