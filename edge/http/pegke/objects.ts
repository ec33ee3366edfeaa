// What Pegke's clients are answered, out of the local API's answers: field by field, and nowhere else.
import { timeText } from '../../till/wording.ts'
import type { HistoryPage, MemberView, PerksAnswer, Receipt } from '../../till/answers.ts'

/** PG-8: `2013-01-01 15:30:27`, of RFC 3339. */
export function pegkeTime(text: string): string {
  return text.slice(0, 19).replace('T', ' ')
}

export const pegkeTimeOf = (ms: number): string => pegkeTime(timeText(ms))

function identityOf(member: MemberView, kind: string): string | null {
  return member.identities.find((identity) => identity.kind === kind)?.value ?? null
}

export const pointsView = (member: MemberView) => ({
  phone: identityOf(member, 'phone'),
  name: member.name,
  points: member.balance,
  lifetime_points: member.lifetime,
  level: member.tier?.name ?? null,
  status: member.status,
})

export const userView = (member: MemberView) => ({
  phone: identityOf(member, 'phone'),
  email: identityOf(member, 'email'),
  name: member.name,
  points: member.balance,
  level: member.tier?.name ?? null,
})

export const givenView = (phone: string, given: number, receipt: Receipt) => ({
  success: true,
  id: receipt.receipt.id,
  phone,
  points_given: given,
  points: receipt.member?.balance ?? null,
  status: receipt.status,
})

export const offersView = ({ perks }: PerksAnswer) => ({
  offers: perks.map(({ id, title, points, available }) => ({ id, title, points, available })),
})

export const historyRow = ({ id, kind, at, amount, points, status }: HistoryPage['facts'][number]) => ({
  id,
  type: kind,
  date: pegkeTime(at),
  amount,
  points,
  status,
})
