// What is to be earned and redeemed at a place, as customers are shown it: in the server's order, without what is hidden.
import type { Fields } from '../../frame/object.ts'
import { omitted, plain, uri, worded } from '../../frame/object.ts'
import { listEarning, listRedeeming } from '../operations/boards.ts'
import type { PerkvilleEndpoint, PerkvilleResource } from '../rows.ts'
import { needs } from '../scopes.ts'
import { PERK_TYPES } from './perks.ts'

const SHOWN: Fields = {
  business: uri('businesses', 'tenant'),
  perk_id: plain('id'),
  description: plain('body.description', ''),
  loc_id: plain('location'),
  points: plain('points'),
  title: plain('title'),
  type: worded('type', PERK_TYPES),
  display_order: plain('display_order'),
}

function board(
  name: string,
  fields: Fields,
  operation: NonNullable<PerkvilleEndpoint['operation']>,
): PerkvilleResource {
  return {
    name,
    collection: null,
    fields: { ...SHOWN, ...fields },
    filters: {},
    endpoints: [
      {
        method: 'GET',
        on: 'list',
        scopes: needs([], ['PUBLIC', 'USER_CUSTOMER_INFO']),
        status: 200,
        operation,
      },
    ],
  }
}

export const BOARD_RESOURCES: readonly PerkvilleResource[] = [
  board(
    'earning',
    {
      display_name: plain('display_name'),
      completes_referral: plain('body.completes_referral', false),
      category: omitted(plain('shown_category')),
      date_range_bonuses: plain('date_range_bonuses'),
      frequency_bonuses: plain('frequency_bonuses'),
      time_bonuses: plain('time_bonuses'),
    },
    listEarning,
  ),
  board(
    'redeeming',
    {
      must_redeem_at_home_location: plain('body.must_redeem_at_home_location', false),
      redemption_limit_interval: plain('body.redemption_limit_interval', 'NO_REDEMPTION_LIMIT'),
      redemption_limit_count: plain('body.redemption_limit_count'),
      redemption_limit_interval_count: plain('body.redemption_limit_interval_count'),
      user_redemption_limit_info: plain('limit_info'),
      required_level: uri('levels', 'body.required_level'),
      start_date: plain('body.start_date'),
      end_date: plain('body.end_date'),
      from_date: plain('body.start_date'),
      to_date: plain('body.end_date'),
      picture_card: plain('body.picture_card'),
      fine_print: plain('body.fine_print', ''),
      external_reward_url: plain('body.external_reward_url'),
      redemption_instructions: plain('body.redemption_instructions', 'Print or show on phone'),
      valid_customer_attributes: plain('attributes'),
    },
    listRedeeming,
  ),
]
