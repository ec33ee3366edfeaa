// The edge's own fact that gives leases back: all that is left of those that were asked back, or that expired.
import { NO_MEMBER } from '../../protocol/ids.ts'
import { LEASE_LINES_MAX } from '../../protocol/limits.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { KeptLease } from '../ledger/leases.ts'
import type { Books } from './books.ts'
import { headerOf } from './fact-header.ts'
import type { OpenFact, Prepare } from './plan.ts'
import { NO_NOTES, NO_PERK, refused } from './plan.ts'
import { nowOf } from './when.ts'

export const prepareLeaseReturn: Prepare<'lease_return'> = (books, { call, input: { stage } }) => {
  const leases = endingOf(books, stage)
  if (leases.length === 0) return refused('lease_exhausted', 'Nothing is to be given back.')
  const when = nowOf(books)
  const fact: OpenFact = {
    kind: 'lease',
    ...headerOf(books, call, when, { member: NO_MEMBER, claim: null }),
    stage,
    origin: books.identity.origin,
    lines: leases.map((lease) => ({
      lease: lease.lease,
      subject: lease.subject,
      member: lease.member,
      item: lease.item,
      code: lease.code,
      amount: leftOf(lease) as Points,
      cap: lease.cap,
      expires: lease.expires,
    })),
  }
  const follow = (): void => {
    for (const lease of leases) books.ledger.leases.giveBack(lease.lease, leftOf(lease))
    books.keeper.forget()
  }
  return { do: 'record', plan: { fact, card: null, notes: NO_NOTES, extra: '', perk: NO_PERK, follow } }
}

function endingOf(books: Books, stage: 'returned' | 'expired'): KeptLease[] {
  const { leases } = books.ledger
  return stage === 'returned'
    ? leases.recalled(LEASE_LINES_MAX)
    : leases.over(books.clock.now(), LEASE_LINES_MAX)
}

function leftOf({ granted, spent, returned }: KeptLease): number {
  return Math.max(0, granted - spent - returned)
}
