// Which of the gifts of one fact are given, and how much of them: caps and stacking groups (E-EARN-12, E-EARN-13).
import type { CapsDocument } from '../../../cloud/evaluation/document/earning.ts'
import type { When } from './calendar.ts'
import type { Member } from './member.ts'

/** What a perk or bonus would give. */
export interface Gift {
  readonly rule: number
  readonly metric: number
  readonly amount: number
  readonly caps: CapsDocument | undefined
  readonly group: string | undefined
}

/** The gifts in the document's order that remain, cut to their caps; their amounts count against the caps. */
export function settleGifts(member: Member, when: When, gifts: readonly Gift[]): Gift[] {
  const given = cutGifts(member, when, gifts)
  for (const gift of given) {
    const group = member.document?.groups?.find(({ name }) => name === gift.group)
    if (gift.caps !== undefined) count(member, when, ownKey(gift), gift.amount)
    if (group?.caps !== undefined) count(member, when, `group ${group.name}`, gift.amount)
  }
  return given
}

/** The same, counting nothing. */
export function cutGifts(member: Member, when: When, gifts: readonly Gift[]): Gift[] {
  const cut = gifts
    .map((gift) => ({ ...gift, amount: Math.min(gift.amount, left(member, when, ownKey(gift), gift.caps)) }))
    .filter(({ amount }) => amount >= 1)
  const chosen = cut.filter((gift) => isChosen(member, gift, cut))
  const given: Gift[] = []
  for (const gift of chosen) {
    const group = member.document?.groups?.find(({ name }) => name === gift.group)
    const key = `group ${group?.name}`
    const before = given.filter((one) => one.group === gift.group).reduce((sum, one) => sum + one.amount, 0)
    const room = left(member, when, key, group?.caps, before)
    const amount = Math.min(gift.amount, room)
    if (amount >= 1) given.push({ ...gift, amount })
  }
  return given
}

const ownKey = ({ rule }: Gift): string => `rule ${rule}`

function count(member: Member, when: When, key: string, amount: number): void {
  member.capped.push({ key, day: when.date, amount })
}

function left(
  member: Member,
  when: When,
  key: string,
  caps: CapsDocument | undefined,
  onThisFact = 0,
): number {
  if (caps === undefined) return Number.POSITIVE_INFINITY
  const before = member.capped.filter((one) => one.key === key)
  const ever = before.reduce((sum, { amount }) => sum + amount, 0)
  const today = before.reduce((sum, { day, amount }) => sum + (day === when.date ? amount : 0), 0)
  const most = Math.min(
    caps.per_sale ?? Number.POSITIVE_INFINITY,
    (caps.per_day ?? Number.POSITIVE_INFINITY) - today,
    (caps.per_member ?? Number.POSITIVE_INFINITY) - ever,
  )
  return most - onThisFact
}

function isChosen(member: Member, gift: Gift, all: readonly Gift[]): boolean {
  const group = member.document?.groups?.find(({ name }) => name === gift.group)
  if (group === undefined || group.stacking === 'all') return true
  const rivals = all.filter((one) => one.group === gift.group)
  if (group.stacking === 'first') return rivals[0] === gift
  const most = Math.max(...rivals.map(({ amount }) => amount))
  return rivals.find(({ amount }) => amount === most) === gift
}
