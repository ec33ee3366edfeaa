// How the platforms we replace call what becomes of an entitlement, both ways (E-ENT-5). `ours` reads a platform's word: every word has exactly one status of
// ours. `theirs` says a status of ours in the platform's words, by the nearest one; null where the platform does not show such an
// entitlement at all. What comes from a platform and goes back is the same word.
import type { EntitlementStatus } from '../evaluation/spending/entitlement-statuses.ts'

export interface PlatformStatuses<Word extends string = string> {
  readonly ours: Readonly<Record<Word, EntitlementStatus>>
  readonly theirs: Readonly<Record<EntitlementStatus, Word | null>>
}

const statuses = <const Word extends string>(table: PlatformStatuses<Word>): PlatformStatuses<Word> => table

export const PLATFORM_STATUSES = {
  /** A reward sent by e-mail is on its way; what was credited has arrived. Whatever cannot be used yet, or is in trouble, is processing. */
  perkville_voucher: statuses({
    ours: {
      UNUSED: 'unused',
      USED: 'used',
      EXPIRED: 'expired',
      EMAILED_REWARD: 'shipping',
      PROCESSING: 'processing',
      CREDITED: 'fulfilled',
      ISSUED: 'issued',
      VOIDED: 'cancelled',
    },
    theirs: {
      pending: 'PROCESSING',
      offered: null,
      clipped: 'UNUSED',
      unused: 'UNUSED',
      issued: 'ISSUED',
      reserved: 'PROCESSING',
      used: 'USED',
      processing: 'PROCESSING',
      shipping: 'EMAILED_REWARD',
      fulfilled: 'CREDITED',
      errored: 'PROCESSING',
      cancelled: 'VOIDED',
      expired: 'EXPIRED',
    },
  }),
  /** An offer is pending until it is clipped. */
  cheetah_offer: statuses({
    ours: {
      pending: 'offered',
      clipped: 'clipped',
      processing: 'processing',
      shipping: 'shipping',
      completed: 'fulfilled',
      cancelled: 'cancelled',
      errored: 'errored',
      expired: 'expired',
    },
    theirs: {
      pending: 'pending',
      offered: 'pending',
      clipped: 'clipped',
      unused: 'clipped',
      issued: 'clipped',
      reserved: 'processing',
      used: 'completed',
      processing: 'processing',
      shipping: 'shipping',
      fulfilled: 'completed',
      errored: 'errored',
      cancelled: 'cancelled',
      expired: 'expired',
    },
  }),
  /** What was ordered with points and is sent out. */
  cheetah_redemption: statuses({
    ours: {
      pending: 'pending',
      processing: 'processing',
      completed: 'fulfilled',
      cancelled: 'cancelled',
      errored: 'errored',
    },
    theirs: {
      pending: 'pending',
      offered: 'pending',
      clipped: 'pending',
      unused: 'pending',
      issued: 'pending',
      reserved: 'processing',
      used: 'completed',
      processing: 'processing',
      shipping: 'processing',
      fulfilled: 'completed',
      errored: 'errored',
      cancelled: 'cancelled',
      expired: 'cancelled',
    },
  }),
  cheetah_award: statuses({
    ours: { pending: 'pending', awarded: 'issued', claimed: 'used', cancelled: 'cancelled' },
    theirs: {
      pending: 'pending',
      offered: 'awarded',
      clipped: 'awarded',
      unused: 'awarded',
      issued: 'awarded',
      reserved: 'awarded',
      used: 'claimed',
      processing: 'claimed',
      shipping: 'claimed',
      fulfilled: 'claimed',
      errored: 'claimed',
      cancelled: 'cancelled',
      expired: 'cancelled',
    },
  }),
  /** A certificate that is cancelled or expired goes out of the pool of codes, which is all the platform lists. */
  cheetah_reward_certificate: statuses({
    ours: { unused: 'unused', reserved: 'reserved', awarded: 'issued', redeemed: 'used' },
    theirs: {
      pending: 'reserved',
      offered: 'unused',
      clipped: 'awarded',
      unused: 'unused',
      issued: 'awarded',
      reserved: 'reserved',
      used: 'redeemed',
      processing: 'redeemed',
      shipping: 'redeemed',
      fulfilled: 'redeemed',
      errored: 'redeemed',
      cancelled: null,
      expired: null,
    },
  }),
  cheetah_offer_certificate: statuses({
    ours: {
      unused: 'unused',
      reserved: 'reserved',
      awarded: 'issued',
      redeemed: 'used',
      fulfilled: 'fulfilled',
    },
    theirs: {
      pending: 'reserved',
      offered: 'unused',
      clipped: 'awarded',
      unused: 'unused',
      issued: 'awarded',
      reserved: 'reserved',
      used: 'redeemed',
      processing: 'redeemed',
      shipping: 'redeemed',
      fulfilled: 'fulfilled',
      errored: 'redeemed',
      cancelled: null,
      expired: null,
    },
  }),
  /**
   * The platform has no word for it: an award is listed for as long as there is one, and is spent down to nothing (its `points.available`).
   * What is cancelled or expired is listed no more.
   */
  pepper_award: statuses({
    ours: { available: 'issued', spent: 'used' },
    theirs: {
      pending: null,
      offered: 'available',
      clipped: 'available',
      unused: 'available',
      issued: 'available',
      reserved: 'available',
      used: 'spent',
      processing: 'spent',
      shipping: 'spent',
      fulfilled: 'spent',
      errored: 'spent',
      cancelled: null,
      expired: null,
    },
  }),
} as const

export type PlatformEntitlement = keyof typeof PLATFORM_STATUSES
