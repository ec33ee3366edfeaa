// Redemptions: what was decided is booked, whatever the balance is by then (E-SPEND-3, E-SPEND-8).
import type { Redemption } from '../../../protocol/facts.ts'
import { NEVER, expirePassed, note, put, spend } from './amounts.ts'
import type { When } from './calendar.ts'
import { issue } from './entitlements.ts'
import type { Member, Reservation } from './member.ts'

export function redeem(member: Member, when: When, fact: Redemption): void {
  const first = fact.of === 0 ? fact.id : fact.of
  const reservation = member.reservations.find((one) => one.fact === first)
  if (fact.stage === 'cancelled') {
    if (reservation !== undefined) cancel(member, when, reservation)
    return
  }
  if (reservation === undefined && member.settled.has(first)) return
  if (reservation === undefined) {
    const metric = member.document?.redeem_perks.find(({ id }) => id === fact.perk)?.metric ?? 0
    const burned = spend(member, when, fact.perk, metric, fact.points, first)
    member.uses.push({ fact: fact.id, perk: fact.perk, day: when.date })
    if (fact.stage === 'reserved') {
      const { id, perk, points } = fact
      member.reservations.push({ fact: id, perk, metric, points, burned })
      return
    }
  } else if (fact.stage === 'captured')
    member.reservations.splice(member.reservations.indexOf(reservation), 1)
  if (fact.stage !== 'captured') return
  member.settled.add(first)
  issue(member, when, fact.perk, first, 0)
}

function cancel(member: Member, when: When, { fact, perk, metric, points, burned }: Reservation): void {
  member.reservations = member.reservations.filter((one) => one.fact !== fact)
  member.settled.add(fact)
  member.uses = member.uses.filter((one) => one.fact !== fact)
  if (points > 0) note(member, when, 'restore', perk, metric, points, fact)
  // What no lot had covered was a deficit: it is filled first, so that the lots come back whole.
  put(member, metric, points - burned.reduce((sum, { amount }) => sum + amount, 0), NEVER)
  for (const { amount, expires } of burned) put(member, metric, amount, expires)
  expirePassed(member, when)
}
