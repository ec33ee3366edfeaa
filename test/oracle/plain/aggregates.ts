// A member's figures, added up anew from the sales and visits there were (E-AGG).
import type { Sale } from '../../../protocol/facts.ts'
import { daysBetween, inWindow } from './calendar.ts'
import type { Member } from './member.ts'
import { partOf } from './shares.ts'

/** What is left of a sale's lines after returns and a void; undefined once nothing is. */
function restOf(member: Member, sale: Sale): number | undefined {
  if (member.voided.has(sale.id)) return undefined
  const rest = sale.lines.map(({ amount, quantity }, line) => {
    const returned = member.returned.get(`${sale.id} ${line}`)
    return { amount: amount - partOf(amount, returned, quantity), whole: (returned ?? -1) >= quantity }
  })
  return rest.every(({ whole }) => whole) ? undefined : rest.reduce((sum, { amount }) => sum + amount, 0)
}

/** Undefined: there is nothing to tell. */
export function aggregateOf(member: Member, id: number, today: string): number | undefined {
  const aggregate = member.document?.aggregates?.find((one) => one.id === id)
  if (aggregate === undefined) return undefined
  const { window } = aggregate
  const visits = member.visits.filter(({ day }) => inWindow(window, day, today, member.enrolled))
  const sales = visits.flatMap(({ fact }) => (fact.kind === 'sale' ? [restOf(member, fact)] : []))
  const rests = sales.filter((rest) => rest !== undefined)
  const spend = rests.reduce((sum, rest) => sum + rest, 0)
  switch (aggregate.of) {
    case 'total_spend':
      return spend
    case 'order_count':
      return rests.length
    case 'average_transaction_value':
      return rests.length === 0 ? 0 : Math.floor(spend / rests.length)
    case 'visit_count':
      return visits.length
    case 'points_earned':
      return member.earned(aggregate.metric ?? 0, window, today)
    case 'last_visit_days': {
      const last = member.visits.at(-1)
      return last === undefined ? undefined : daysBetween(last.day, today)
    }
  }
}
