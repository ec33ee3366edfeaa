// Hot: which rows of the log mean more than what they did to their member's state. They are few: a backlog's rows are gone through once, not once by each who
// asks for some of them (books, redemptions, conflicts, reactions). Budget: the sync bench.
import type { Effect } from '../../evaluation/effects.ts'
import type { ActivityDraft } from './standing.ts'

/** Whatever takes an amount away does, too. */
function isConsequent({ amount, kind }: Effect): boolean {
  if (amount < 0) return true
  switch (kind) {
    case 'given_back':
    case 'voucher_issued':
    case 'voucher_used':
    case 'voucher_reused':
    case 'entitlement':
    case 'referral_completed':
      return true
    default:
      return false
  }
}

/** The places of those rows. */
export function consequentAmong(drafts: readonly Pick<ActivityDraft, 'effects'>[]): number[] {
  const places: number[] = []
  let place = 0
  for (const { effects } of drafts) {
    for (const effect of effects)
      if (isConsequent(effect)) {
        places.push(place)
        break
      }
    place += 1
  }
  return places
}
