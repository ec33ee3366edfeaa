// What spending facts mean for the holds they were decided under. The fold books a spending whatever its authority (E-SPEND-3); one that nobody
// decided is raised to HQ.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import { compareCanonical } from '../../../protocol/facts.ts'
import type { Fact, Redemption, VoucherUse } from '../../../protocol/facts.ts'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import type { FactId, MemberId } from '../../../protocol/ids.ts'
import { firstOf } from '../../evaluation/spending/redemptions.ts'
import type { MemberState } from '../../evaluation/state.ts'
import type { HoldRow, RedemptionRow, TenantId, Writes } from '../../store/port.ts'
import type { ConflictDraft } from '../conflicts.ts'
import type { ArrivedFact } from './accept.ts'
import type { ActivityDraft, Standing } from './standing.ts'

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

/** Redemptions whose standing a fold may have changed: facts of theirs came or went, or they were given back, or are no longer. */
export function redemptionsMoved(
  { redemptions }: Pick<Standing, 'redemptions'>,
  drafts: readonly Pick<ActivityDraft, 'effects'>[],
): ReadonlySet<FactId> {
  const moved = new Set(redemptions)
  for (const { effects } of drafts)
    for (const { kind, of } of effects) if (kind === 'given_back') moved.add(of as FactId)
  return moved
}

/** Says of redemptions whether they use up their perk's budget: those that stand in their member's state do (U-3). */
export async function countRedemptions(
  tx: Writes,
  tenant: TenantId,
  firsts: ReadonlySet<FactId>,
  stateOf: (member: MemberId) => Promise<MemberState>,
): Promise<void> {
  if (firsts.size === 0) return
  const ids = [...firsts]
  const rows = [...(await tx.factsByIds(ids)), ...(await tx.factsAbout(ids, 'redemption'))]
  const byFirst = new Map<FactId, [fact: Redemption, member: MemberId][]>(ids.map((id) => [id, []]))
  for (const { status, bytes, member } of rows) {
    const fact = decodeStoredFact(bytes)
    if (status === 'counted' && fact.kind === 'redemption') byFirst.get(firstOf(fact))?.push([fact, member])
  }
  const counted: (RedemptionRow & { readonly counts: boolean })[] = []
  for (const [id, facts] of byFirst) {
    const [fact, member] = facts.sort(([a], [b]) => compareCanonical(a, b))[0] ?? [NOWHERE, NO_MEMBER]
    const { redemptions } = await stateOf(member)
    const { perk, store } = fact
    counted.push({ id, tenant, perk, store, counts: redemptions.some((one) => one.fact === id) })
  }
  await tx.saveRedemptions(counted)
}

const NOWHERE = { perk: 0, store: 0 } as Pick<Redemption, 'perk' | 'store'>
