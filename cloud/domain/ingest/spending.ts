// What spending facts mean for the holds they were decided under. The fold books a spending whatever its authority (E-SPEND-3); one that nobody
// decided is raised to HQ.
import type { Fact, Redemption, VoucherUse } from '../../../protocol/facts.ts'
import type { HoldRow, TenantId, Writes } from '../../store/port.ts'
import type { ArrivedFact } from './accept.ts'
import { noticeOf } from './standing.ts'
import type { ActivityDraft } from './standing.ts'

type Spending = Redemption | VoucherUse

/** Settles the holds of a group's facts; the notices name spendings without one (U-2). */
export async function settleSpending(
  tx: Writes,
  tenant: TenantId,
  arrivals: readonly ArrivedFact[],
): Promise<ActivityDraft[]> {
  const spendings = arrivals.map(({ fact }) => fact).filter(decidesSpending)
  if (spendings.length === 0) return []
  const ids = spendings.map(({ hold }) => hold).filter((hold) => hold > 0)
  const holds = new Map((await tx.holds(ids)).map((hold) => [hold.id, hold]))
  await tx.settleHolds([...holds.keys()])
  return spendings
    .filter((fact) => fact.store > 0 && !covers(holds.get(fact.hold), fact))
    .map((fact) =>
      noticeOf(
        tenant,
        fact,
        'spent_without_authority',
        `fact ${fact.id} spends what nobody allowed; it is booked as it is`,
      ),
    )
}

/** The first fact of a redemption carries the decision; those that settle it follow from it. */
function decidesSpending(fact: Fact): fact is Spending {
  return fact.kind === 'voucher_use' || (fact.kind === 'redemption' && fact.of === 0)
}

function covers(hold: HoldRow | undefined, fact: Spending): boolean {
  if (hold === undefined || hold.store !== fact.store || hold.member !== fact.member) return false
  return fact.kind === 'redemption'
    ? hold.perk === fact.perk && hold.points === fact.points
    : hold.voucher === fact.code
}
