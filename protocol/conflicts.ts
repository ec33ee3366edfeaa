// What does not go together and needs a person's word: the kinds of conflicts in HQ's queue. A conflict is named by its kind and its subject, so that
// raising it twice is raising it once, and a resolution means the same one after a replay.
export const CONFLICT_KINDS = [
  /** Points or a voucher spent offline beyond a lease, inside the merchant's limits of risk. */
  'risk_used',
  /** A member's balance went below zero. */
  'overspent',
  'voucher_twice',
  /** A return or void of a fact that nobody knows. */
  'orphan_return',
  /** A fact of a member whose enrolment is not here: a cloud or a store that held it was lost. */
  'orphan_member',
  /** Two members enrolled with the same identity. */
  'identity_twice',
  'spent_without_authority',
  /** A store spent more than was leased to it, or under what had ended. */
  'spent_beyond_lease',
  /** What is spent, leased and available does not come to the balance: a mistake of ours. */
  'books_do_not_add_up',
  /** A fact that was set aside. */
  'quarantined',
  /** Another history at a position the cloud has: a cloned disk. */
  'fork',
  /** A ledger behind what the cloud has of it: a restored backup. */
  'rewind',
  /** A device that says it is another one's, or a second copy of it. */
  'clone',
  /** A device that shows our signature, and that this cloud, restored from a backup, does not know. */
  'unknown_device',
] as const
export type ConflictKind = (typeof CONFLICT_KINDS)[number]

/**
 * How a conflict ends. `accepted`: what is booked stands. `corrected`: another fact of HQ puts it right. `approved` and `rejected`: of a fact that was set
 * aside. `withdrawn`: what came later shows that there was none.
 */
export const CONFLICT_DECISIONS = ['accepted', 'corrected', 'approved', 'rejected', 'withdrawn'] as const
export type ConflictDecision = (typeof CONFLICT_DECISIONS)[number]
