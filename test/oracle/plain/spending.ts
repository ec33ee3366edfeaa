// Redemptions: what was decided is booked, whatever the balance is by then (E-SPEND-3, E-SPEND-8), and given back
// as long as nobody has what it issued (E-SPEND-12).
import type { Redemption } from '../../../protocol/facts.ts'
import { NEVER, expirePassed, note, put, spend } from './amounts.ts'
import { isNear, isTooOld } from './calendar.ts'
import type { When } from './calendar.ts'
import { become, issue } from './entitlements.ts'
import type { Member } from './member.ts'

export function redeem(member: Member, when: When, fact: Redemption): void {
  const first = fact.of === 0 ? fact.id : fact.of
  if (fact.stage === 'cancelled') return giveRedemptionBack(member, when, first)
  const gone = member.givenBack.get(first)
  if (gone !== undefined && isNear(gone, when.date)) return
  const begun = first === fact.id ? undefined : member.known(first)
  if (begun !== undefined && isTooOld(begun, when)) return
  let redemption = member.redemptions.find((one) => one.fact === first && isNear(one.day, when.date))
  if (redemption === undefined) {
    const metric = member.document?.redeem_perks.find(({ id }) => id === fact.perk)?.metric ?? 0
    const burned = spend(member, when, fact.perk, metric, fact.points, first)
    const { perk, points } = fact
    redemption = { fact: first, perk, metric, points, burned, day: when.date, stage: 'reserved', code: '' }
    member.redemptions.push(redemption)
  } else if (redemption.stage === 'captured') return
  if (fact.stage !== 'captured') return
  redemption.stage = 'captured'
  redemption.code = issue(member, when, fact.perk, first, 0)?.code ?? ''
}

/** E-SPEND-12: also what was captured, unless somebody has what it issued. */
export function giveRedemptionBack(member: Member, when: When, first: number): void {
  const redemption = member.redemptions.find((one) => one.fact === first && isNear(one.day, when.date))
  if (redemption === undefined) return
  const { fact, perk, metric, points, burned, code } = redemption
  const issued = member.entitlements.find((one) => one.code === code)
  if (issued !== undefined && (issued.touched || ON_ITS_WAY.includes(issued.status))) {
    note(member, when, 'entitlement_conflict', perk, 0, 1)
    return
  }
  member.redemptions = member.redemptions.filter((one) => one !== redemption)
  member.givenBack.set(fact, redemption.day)
  note(member, when, 'given_back', perk, 0, 1)
  if (points > 0) note(member, when, 'restore', perk, metric, points, fact)
  // What no lot had covered was a deficit: it is filled first, so that the lots come back whole.
  put(member, metric, points - burned.reduce((sum, { amount }) => sum + amount, 0), NEVER)
  for (const { amount, expires } of burned) put(member, metric, amount, expires)
  expirePassed(member, when)
  if (issued !== undefined && !['cancelled', 'expired'].includes(issued.status))
    become(issued, 'cancelled', when.ms)
}

const ON_ITS_WAY = ['reserved', 'processing', 'shipping', 'fulfilled']
