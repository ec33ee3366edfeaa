// Hot: which rows of the log mean more than what they did to their member's state. They are few: a backlog's rows are gone through once, not once by each who
// asks for some of them (books, redemptions, conflicts, reactions). Budget: the sync bench.
import type { Effect, EffectKind } from '../../evaluation/effects.ts'
import type { ActivityDraft } from './standing.ts'

/** Whatever takes an amount away does, too. */
const CONSEQUENT: Readonly<Partial<Record<EffectKind, true>>> = {
  given_back: true,
  voucher_issued: true,
  voucher_used: true,
  voucher_reused: true,
  entitlement: true,
  referral_completed: true,
}

function isConsequent({ amount, kind }: Effect): boolean {
  return amount < 0 || CONSEQUENT[kind] === true
}

/** The places of those rows. */
export function consequentAmong(drafts: readonly Pick<ActivityDraft, 'effects'>[]): number[] {
  const places: number[] = []
  let place = 0
  for (const { effects } of drafts) {
    if (effects.some(isConsequent)) places.push(place)
    place += 1
  }
  return places
}
