// Leases: rights to spend that the cloud moved to one life of one store's ledger, so that it may spend them without asking (ARCHITECTURE section 5). A
// lease is an account of rights over one subject: what was granted, less what was spent and given back. Each of these only grows, so grants that
// arrive twice, late or not at all, and returns that cross a grant on the way, come to the same on both sides. The invariant of all spending is
// here, once, for the cloud's ingest and its `verify` (P-LEASE-3).
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { LEASE_RIGHTS_MAX } from './limits.ts'
import { MemberIdOrNoneShape, MillisShape, PointsShape, closed, oneOf, orNull, text } from './shapes.ts'

/**
 * What a lease gives the right to: an amount of a member's metric (`item` is the metric), so many redemptions of a limited perk by a member, so many uses
 * of a member's entitlement (`code`), so many redemptions out of a perk's budget by anybody (`item` is the perk).
 */
export const LEASE_SUBJECTS = ['points', 'uses', 'voucher', 'budget'] as const
export type LeaseSubject = (typeof LEASE_SUBJECTS)[number]

export const LeaseNumberShape = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

const subject = {
  lease: LeaseNumberShape,
  subject: oneOf(LEASE_SUBJECTS),
  /** Whose rights; 0 for a budget. */
  member: MemberIdOrNoneShape,
  /** The metric or the perk. */
  item: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  /** Of an entitlement; else null. */
  code: orNull(text(4, 32)),
}

/** What a lease fact says of one lease: so much was granted, spent or given back by it, and how it stands from then on. */
export const LeaseLineShape = Type.Object(
  {
    ...subject,
    amount: PointsShape,
    /** At most so much in one redemption. */
    cap: PointsShape,
    expires: MillisShape,
  },
  closed,
)
export type LeaseLine = Readonly<Static<typeof LeaseLineShape>>

/** A lease as the cloud has it: `granted` is all that was ever granted, so the newest word replaces any other. */
export const LeaseTermShape = Type.Object(
  {
    ...subject,
    granted: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** What of it the cloud knows to be spent, given back or written off: for a ledger that forgot the lease, or never had it. */
    used: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    cap: PointsShape,
    expires: MillisShape,
    /** How often it was asked back; the store answers each once. */
    recall: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
)
export type LeaseTerm = Readonly<Static<typeof LeaseTermShape>>

/** What a spending took out of a lease, or a cancellation put back into it. */
export const RightShape = Type.Object({ lease: LeaseNumberShape, amount: PointsShape }, closed)
export type Right = Readonly<Static<typeof RightShape>>
export const RightsShape = Type.Array(RightShape, { maxItems: LEASE_RIGHTS_MAX })

/** The totals of one lease. */
export interface LeaseTotals {
  readonly granted: number
  readonly spent: number
  /** Given back by the store: on recall, or when it expired. */
  readonly returned: number
  /** Taken back by the cloud from a store that was not heard of again. */
  readonly writtenOff: number
}

/** Rights that can still be spent, or spendings under which can still come in. */
export function outstandingOf({ granted, spent, returned, writtenOff }: LeaseTotals): number {
  return Math.max(0, granted - spent - returned - writtenOff)
}

/** How one member's amount of one metric stands at the cloud. */
export interface SpendingBooks {
  /** Spendable by the fold, goodwill included. */
  readonly balance: number
  /** Of all leases. */
  readonly outstanding: number
  /** Allowed by the cloud, the fact not here yet. */
  readonly held: number
  /** Spent beyond lease and hold, ever: what stores booked as risk, and what nobody allowed. */
  readonly risk: number
  /** Taken away by anything but spending, ever: returns, voids, expiry, corrections, HQ. */
  readonly lost: number
}

export function availableOf({ balance, outstanding, held }: Omit<SpendingBooks, 'risk' | 'lost'>): number {
  return balance - outstanding - held
}

/**
 * P-LEASE-3: spent + outstanding + available = balance. Available is what remains, so the sentence is kept by what may make it negative: nothing but risk
 * that was booked, and what was taken back after it had been given out. Undefined when nothing is wrong.
 */
export function booksFault(books: SpendingBooks): string | undefined {
  const { balance, outstanding, held, risk, lost } = books
  if (outstanding < 0 || held < 0 || risk < 0 || lost < 0) return 'an amount given out is negative'
  const available = availableOf(books)
  if (available >= 0 || -available <= risk + lost) return undefined
  return `balance ${balance} does not cover ${outstanding} leased and ${held} held: ${-available} too much, where ${risk} were risked and ${lost} taken back`
}

/**
 * P-LEASE-3 right after a grant: the cloud gives out nothing that is not there, whatever was risked or taken back before. `booked`: what the commit of the grant
 * risked or took back itself, after the grant was decided. Undefined when nothing is wrong.
 */
export function grantFault(books: SpendingBooks, booked: number): string | undefined {
  const available = availableOf(books)
  if (available >= 0 || -available <= booked) return undefined
  return `${-available} more is given out than there is, where this commit took ${booked}`
}
