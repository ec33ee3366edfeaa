// Whether a decision of the cloud is about the spending that names it: the one rule by which ingest tells HQ and `verify` counts what was done by right.
import type { Redemption, VoucherUse } from '../../../protocol/facts.ts'
import type { MemberId } from '../../../protocol/ids.ts'
import type { HoldRow } from '../../store/port.ts'

export type Spending = Redemption | VoucherUse

/** The same store, member and matter; undefined: there is no such decision. `aliasOf`: what members are called by now. */
export function covers(
  hold: HoldRow | undefined,
  fact: Spending,
  aliasOf: (member: MemberId) => MemberId,
): boolean {
  if (hold?.store !== fact.store || aliasOf(hold.member) !== aliasOf(fact.member)) return false
  return fact.kind === 'redemption'
    ? hold.perk === fact.perk && hold.points === fact.points
    : hold.voucher === fact.code
}
