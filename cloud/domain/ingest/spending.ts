// What spending facts mean for the holds they were decided under. The fold books a spending whatever its authority (E-SPEND-3); one that nobody
// decided is raised to HQ.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Fact, Redemption, VoucherUse } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import type { HoldRow, TenantId, Writes } from '../../store/port.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { ArrivedFact } from './accept.ts'
import type { Standing } from './standing.ts'

type Spending = Redemption | VoucherUse

/** Settles the holds of a group's facts; the conflicts name spendings without one (U-2). */
export async function settleSpending(
  tx: Writes,
  tenant: TenantId,
  arrivals: readonly ArrivedFact[],
  standing: Pick<Standing, 'aliasOf'>,
): Promise<ConflictDraft[]> {
  const spendings = arrivals.map(({ fact }) => fact).filter(decidesSpending)
  if (spendings.length === 0) return []
  const ids = spendings.map(({ hold }) => hold).filter((hold) => hold > 0)
  const holds = new Map((await tx.holds(ids)).map((hold) => [hold.id, hold]))
  await tx.settleHolds([...holds.keys()])
  return spendings
    .filter((fact) => fact.store > 0 && !covers(holds.get(fact.hold), fact, standing))
    .map((fact) => ({
      tenant,
      store: fact.store,
      kind: 'spent_without_authority',
      subject: String(fact.id),
      at: fact.at,
      member: standing.aliasOf(fact.member),
      fact: fact.id,
      text: `Fact ${fact.id} spends what nobody allowed; it is booked as it is`,
    }))
}

/** The first fact of a redemption carries the decision; those that settle it follow from it. */
function decidesSpending(fact: Fact): fact is Spending {
  return fact.kind === 'voucher_use' || (fact.kind === 'redemption' && fact.of === 0)
}

function covers(hold: HoldRow | undefined, fact: Spending, standing: Pick<Standing, 'aliasOf'>): boolean {
  if (hold?.store !== fact.store || standing.aliasOf(hold.member) !== standing.aliasOf(fact.member))
    return false
  return fact.kind === 'redemption'
    ? hold.perk === fact.perk && hold.points === fact.points
    : hold.voucher === fact.code
}

/** Says of redemptions that facts were added to or taken from whether they use up their perk's budget (U-3). */
export async function countRedemptions(
  tx: Writes,
  tenant: TenantId,
  firsts: ReadonlySet<FactId>,
): Promise<void> {
  if (firsts.size === 0) return
  const ids = [...firsts]
  const rows = [...(await tx.factsByIds(ids)), ...(await tx.factsAbout(ids, 'redemption'))]
  const byFirst = new Map<FactId, Redemption[]>(ids.map((id) => [id, []]))
  for (const { status, bytes } of rows) {
    const fact = decodeStoredFact(bytes)
    if (status === 'counted' && fact.kind === 'redemption')
      byFirst.get(fact.of === 0 ? fact.id : fact.of)?.push(fact)
  }
  const first = (facts: Redemption[]): Redemption | undefined => facts.sort(compareCanonical)[0]
  await tx.saveRedemptions(
    [...byFirst].map(([id, facts]) => {
      const { perk, store } = first(facts) ?? NOWHERE
      return { id, tenant, perk, store, counts: stands(facts) }
    }),
  )
}

const NOWHERE = { perk: 0, store: 0 } as Pick<Redemption, 'perk' | 'store'>

/** As the fold books it (E-SPEND-3): a reservation is settled once, and only cancelling it takes the use back. */
function stands(facts: readonly Redemption[]): boolean {
  let reserved = false
  for (const { stage } of facts) {
    if (stage === 'captured') return true
    if (stage === 'reserved') reserved = true
    else if (reserved) return false
  }
  return reserved
}
