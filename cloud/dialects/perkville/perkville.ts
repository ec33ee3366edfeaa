// Perkville whole: its rows, its limits, and its way of saying things. What it promises, and what was chosen where its document contradicts itself or says
// nothing, is in SPEC.md.
import type { Dialect } from '../frame/dialect.ts'
import { refusedBody } from './refusals.ts'
import { BOARD_RESOURCES } from './resources/boards.ts'
import { BUSINESS_RESOURCES } from './resources/business.ts'
import { CHALLENGE_RESOURCES } from './resources/challenges.ts'
import { CUSTOMER_RESOURCES } from './resources/customers.ts'
import { PARTICIPATION_RESOURCES } from './resources/participation.ts'
import { PERK_RESOURCES } from './resources/perks.ts'
import { TRANSACTION_RESOURCES } from './resources/transactions.ts'
import { USERS } from './resources/users.ts'
import { VIEW_RESOURCES } from './resources/views.ts'
import type { PerkvilleServices } from './services.ts'

export const PERKVILLE: Dialect<PerkvilleServices> = {
  name: 'perkville',
  base: '/v2',
  resources: [
    ...BOARD_RESOURCES,
    ...BUSINESS_RESOURCES,
    ...CHALLENGE_RESOURCES,
    ...PARTICIPATION_RESOURCES,
    ...PERK_RESOURCES,
    ...CUSTOMER_RESOURCES,
    ...TRANSACTION_RESOURCES,
    ...VIEW_RESOURCES,
    USERS,
  ],
  elsewhere: { '/api/identify': 'identify' },
  embedded: {
    emails: { email: { way: 'folded', type: 'email' }, primary: { way: 'main', type: 'boolean' } },
  },
  aliases: { biz: 'business' },
  limit: { standard: 20, max: 1_000 },
  refused: (refusals) => refusedBody(refusals),
  listed: (objects, { limit, offset, next }) => ({ meta: { limit, offset, next }, objects }),
}
