// What Pegke's calls stand on: operations of the domain, and what is known of the calling client. Nothing here is the store or HTTP.
import type { Accounts } from '../../domain/accounts/accounts.ts'
import type { HqFacts } from '../../domain/hq-facts.ts'
import type { MemberLookup } from '../../domain/member-lookup.ts'
import type { Offer } from '../../domain/offers.ts'
import type { Clients } from '../../platform/clients.ts'

export interface PegkeServices {
  readonly accounts: Pick<Accounts, 'voucherUses' | 'histories'>
  readonly hqFacts: Pick<HqFacts, 'record'>
  readonly members: MemberLookup
  readonly clients: Pick<Clients, 'byId'>
  /** In one store, or in any of the business's; undefined where there is no such store. */
  readonly offers: (tenant: number, store: number | null) => Promise<readonly Offer[] | undefined>
}
