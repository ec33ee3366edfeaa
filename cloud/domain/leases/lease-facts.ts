// Lease facts of the cloud's own: one per ledger and LEASE_LINES_MAX leases, in the store whose ledger it is.
import type { LeaseFact } from '../../../protocol/facts.ts'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { Origin, ProgramVersion } from '../../../protocol/ids.ts'
import { outstandingOf } from '../../../protocol/leases.ts'
import { LEASE_LINES_MAX } from '../../../protocol/limits.ts'
import type { Points } from '../../../protocol/numbers.ts'
import type { LeaseRow } from '../../store/lease-port.ts'
import { ownHeader } from '../ingest/own-facts.ts'
import type { OwnFacts } from '../ingest/own-facts.ts'
import type { Wish } from './policy.ts'

type Granted = Wish & { readonly lease: number }

/** `granted` lines say how much more, the others how much is asked or taken back. */
export async function appendLeaseFacts(
  own: OwnFacts,
  program: ProgramVersion,
  stage: 'granted' | 'recalled' | 'written_off',
  leases: readonly (Granted | LeaseRow)[],
): Promise<void> {
  for (const [origin, all] of Map.groupBy(leases, (lease) => lease.origin)) {
    for (let at = 0; at < all.length; at += LEASE_LINES_MAX)
      await appendOne(own, program, stage, origin, all.slice(at, at + LEASE_LINES_MAX))
  }
}

async function appendOne(
  own: OwnFacts,
  program: ProgramVersion,
  stage: LeaseFact['stage'],
  origin: Origin,
  leases: readonly (Granted | LeaseRow)[],
): Promise<void> {
  const [first] = leases
  if (first === undefined) return
  const place = await own.place()
  const header = { ...place, key: `lease-${place.id}`, program, member: NO_MEMBER, store: first.store }
  await own.append({
    ...ownHeader('lease', header),
    stage,
    origin,
    lines: leases.map((lease) => ({
      lease: lease.lease,
      subject: lease.subject,
      member: lease.member,
      item: lease.item,
      code: lease.code,
      amount: amountOf(stage, lease) as Points,
      cap: lease.cap as Points,
      expires: lease.expires,
    })),
  })
}

function amountOf(stage: LeaseFact['stage'], lease: Granted | LeaseRow): number {
  if (stage === 'granted') return 'amount' in lease ? lease.amount : 0
  return 'granted' in lease ? outstandingOf(lease) : 0
}
