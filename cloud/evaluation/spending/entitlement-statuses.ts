// What may become of an entitlement: its statuses and the one table of moves between them (E-ENT-2). Whoever shows, decides or books a status asks
// here; platforms' own words for them are in cloud/domain/platform-statuses.ts.
import type { EntitlementAction } from '../../../protocol/facts.ts'

/** The place in this list, from 1, is the amount of an `entitlement` effect. Append-only. */
export const ENTITLEMENT_STATUSES = [
  'pending',
  'offered',
  'clipped',
  'unused',
  'issued',
  'reserved',
  'used',
  'processing',
  'shipping',
  'fulfilled',
  'errored',
  'cancelled',
  'expired',
] as const
export type EntitlementStatus = (typeof ENTITLEMENT_STATUSES)[number]

/** As APIs say it. */
export type StatusWord = Uppercase<EntitlementStatus>
export const STATUS_WORDS = ENTITLEMENT_STATUSES.map(statusWord)

export function statusWord(status: EntitlementStatus): StatusWord {
  return status.toUpperCase() as StatusWord
}

export function statusNumber(status: EntitlementStatus): number {
  return ENTITLEMENT_STATUSES.indexOf(status) + 1
}

/** Undefined for what is no number of a status. */
export function statusOfNumber(number: number): EntitlementStatus | undefined {
  return ENTITLEMENT_STATUSES[number - 1]
}

/** What has not come to an end. */
export const LIVE: readonly EntitlementStatus[] = [
  'pending',
  'offered',
  'clipped',
  'unused',
  'issued',
  'reserved',
  'processing',
  'shipping',
  'errored',
]

/** What the member has and could use, or clip and use. */
export const HELD: readonly EntitlementStatus[] = ['unused', 'issued', 'offered', 'clipped']

/** What nobody has used, and nobody is about to. */
export const UNUSED: readonly EntitlementStatus[] = ['pending', 'offered', 'clipped', 'unused', 'issued']

/** What authority lets be used. */
export const USABLE: readonly EntitlementStatus[] = ['unused', 'issued', 'clipped', 'reserved']

export interface Move {
  readonly from: readonly EntitlementStatus[]
  /** `before`: what it was before it was reserved; `same`: it stays what it is. */
  readonly to: EntitlementStatus | 'before' | 'same'
}

export const MOVES: Readonly<Record<EntitlementAction, Move>> = {
  approve: { from: ['pending'], to: 'unused' },
  clip: { from: ['offered'], to: 'clipped' },
  unclip: { from: ['clipped'], to: 'offered' },
  reserve: { from: ['unused', 'issued', 'clipped'], to: 'reserved' },
  release: { from: ['reserved'], to: 'before' },
  process: { from: ['reserved', 'used'], to: 'processing' },
  ship: { from: ['processing'], to: 'shipping' },
  fulfil: { from: ['used', 'processing', 'shipping', 'reserved'], to: 'fulfilled' },
  claim: { from: ['unused', 'issued'], to: 'used' },
  cancel: { from: LIVE, to: 'cancelled' },
  fail: { from: ['processing', 'shipping'], to: 'errored' },
  expire: { from: LIVE, to: 'expired' },
  /** The business takes back that it was used up, has ended, or has yet to be handed out. */
  reinstate: { from: ['used', 'expired', 'issued'], to: 'unused' },
  /** The business gives it another last day. */
  redate: { from: LIVE, to: 'same' },
}
