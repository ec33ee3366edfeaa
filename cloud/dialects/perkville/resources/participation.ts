// Who takes part in challenges, and how far they are.
import { datetime, plain, self, uri } from '../../frame/object.ts'
import type { InputTable } from '../../frame/input.ts'
import { changeParticipation, joinChallenge } from '../operations/customers.ts'
import { BUSINESS, EMAIL, USER, key, reads, textFilter, time } from '../rows.ts'
import type { PerkvilleResource } from '../rows.ts'
import { INFO, OWN_OR_ADMINS, needs, own } from '../scopes.ts'

const JOIN_STATUS = {
  type: 'text',
  among: ['ACTIVE', 'INACTIVE'],
  required: true,
} as const satisfies InputTable['fields'][string]

const connections: PerkvilleResource = {
  name: 'challenge-connections',
  collection: 'challenge_connections',
  fields: {
    challenge: uri('challenges', 'challenge'),
    connection: uri('connections', 'connection'),
    business: uri('businesses', 'tenant'),
    join_status: plain('join_status'),
    join_dt: datetime('joined'),
    completed: plain('completed'),
    completed_dt: datetime('completed_at'),
    start_date: plain('start_date'),
    end_date: plain('end_date'),
    created_dt: datetime('created'),
    last_mod_dt: datetime('modified'),
    resource_uri: self('challenge-connections'),
  },
  filters: {
    challenge: key('challenge', 'challenges'),
    connection: key('connection', 'connections'),
    business: BUSINESS,
    user: USER,
    email: EMAIL,
    join_status: textFilter('join_status'),
  },
  endpoints: [
    ...reads(INFO, OWN_OR_ADMINS, {
      oneOf: ['business', 'user', 'email', 'connection'],
      forbids: ['business__in'],
    }),
    {
      method: 'POST',
      on: 'list',
      scopes: needs(['USER_CUSTOMER_INFO']),
      status: 201,
      input: {
        fields: { challenge: { type: 'key', of: 'challenges', required: true }, join_status: JOIN_STATUS },
      },
      operation: joinChallenge,
    },
    {
      method: 'PATCH',
      on: 'one',
      scopes: needs(['USER_CUSTOMER_INFO']),
      sees: { USER_CUSTOMER_INFO: own('person') },
      status: 202,
      input: { fields: { join_status: JOIN_STATUS } },
      operation: changeParticipation,
    },
  ],
}

const summaries: PerkvilleResource = {
  name: 'challenge-connection-requirement-summaries',
  collection: 'requirement_summaries',
  fields: {
    challenge: uri('challenges', 'challenge'),
    challenge_connection: uri('challenge-connections', 'challenge_connection'),
    challenge_perk_requirement: uri('challenge-requirements', 'requirement'),
    earned_quantity: plain('quantity'),
    completed_requirement: plain('completed'),
    completed_dt: datetime('completed_at'),
    created_dt: datetime('created'),
    last_mod_dt: datetime('modified'),
    resource_uri: self('challenge-connection-requirement-summaries'),
  },
  filters: {
    challenge: key('challenge', 'challenges'),
    challenge_connection: key('challenge_connection', 'challenge-connections'),
    challenge_perk_requirement: key('requirement', 'challenge-requirements'),
    last_mod_dt: time('modified'),
  },
  endpoints: reads(INFO, OWN_OR_ADMINS, {
    oneOf: ['challenge', 'challenge_connection', 'challenge_perk_requirement'],
    forbids: ['challenge__in'],
  }),
}

export const PARTICIPATION_RESOURCES: readonly PerkvilleResource[] = [connections, summaries]
