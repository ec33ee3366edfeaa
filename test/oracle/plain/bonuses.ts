// Bonuses on top of what a fact's qualifying perks gave (E-BON).
import type { BonusDocument, EarnPerkDocument } from '../../../cloud/evaluation/document/earning.ts'
import { note } from './amounts.ts'
import type { When } from './calendar.ts'
import { inSchedule, mondayOf } from './calendar.ts'
import { allows } from './conditions.ts'
import type { Gift } from './groups.ts'
import { cutGifts } from './groups.ts'
import type { Member } from './member.ts'
import { POINTS_MAX, rounded } from './shares.ts'

type FrequencyBonus = BonusDocument & { readonly type: 'FREQUENCY' }

export function qualifies(
  { perks }: BonusDocument,
  { rule, metric }: Pick<Gift, 'rule' | 'metric'>,
  earnPerks: readonly EarnPerkDocument[],
): boolean {
  if (perks !== undefined) return perks.some((id) => id === rule)
  return metric === 0 && earnPerks.some(({ id, type }) => id === rule && type === 'STANDARD')
}

export function bonusGifts(member: Member, when: When, given: readonly Gift[], own = true): Gift[] {
  // E-BON-8
  if (when.fact.suspect) return []
  return (member.document?.bonuses ?? []).flatMap((bonus) => {
    const qualifying = given.filter((gift) => qualifies(bonus, gift, member.document?.earn_perks ?? []))
    const base = qualifying.reduce((sum, { amount }) => sum + amount, 0)
    if (base === 0 || !allows(member, when, bonus) || !comesIn(member, when, bonus, own)) return []
    return giftOf(bonus, base, qualifying[0]?.metric ?? 0)
  })
}

function giftOf({ id, award, caps, group }: BonusDocument, base: number, metric: number): Gift[] {
  const amount =
    award.kind === 'fixed'
      ? award.points
      : Math.min(POINTS_MAX, rounded(BigInt(base) * BigInt(award.percent), 100n, 'floor'))
  return amount < 1 ? [] : [{ rule: id, metric, amount, caps, group }]
}

/** What the same gift would bring now of the bonuses of the time, to be taken back (E-BON-10). */
export function bonusesBack(member: Member, when: When, taken: Gift): Gift[] {
  const looking = (member.document?.bonuses ?? []).filter(
    (bonus) =>
      qualifies(bonus, taken, member.document?.earn_perks ?? []) &&
      allows(member, when, bonus) &&
      (bonus.type === 'FREQUENCY' ? paysNext(member, when, bonus) : comesIn(member, when, bonus, true)),
  )
  const gifts = cutGifts(
    member,
    when,
    looking.flatMap((bonus) => giftOf(bonus, taken.amount, taken.metric)),
  )
  return gifts.filter(({ rule }) => looking.find(({ id }) => id === rule)?.type !== 'FREQUENCY')
}

function paysNext(member: Member, when: When, bonus: FrequencyBonus): boolean {
  const { id, frequency, from_date, required_to_earn: required } = bonus
  if (from_date !== undefined && when.date < from_date) return false
  const count = (member.frequencies.get(`${id} ${windowOf(frequency, when.date)}`) ?? 0) + 1
  return frequency === 'FROM_DATE' ? count % required === 0 : count === required
}

export function countLess(member: Member, when: When, taken: Gift): void {
  for (const bonus of member.document?.bonuses ?? []) {
    if (bonus.type !== 'FREQUENCY' || bonus.count_returned === true) continue
    if (!qualifies(bonus, taken, member.document?.earn_perks ?? []) || !allows(member, when, bonus)) continue
    if (bonus.from_date !== undefined && when.date < bonus.from_date) continue
    lower(member, bonus, windowOf(bonus.frequency, when.date), false)
  }
}

function comesIn(member: Member, when: When, bonus: BonusDocument, own: boolean): boolean {
  switch (bonus.type) {
    case 'DATE_RANGE':
      return true
    case 'TIME':
      return inSchedule(bonus.schedule, when.ms, when.offset)
    case 'FREQUENCY': {
      if (bonus.from_date !== undefined && when.date < bonus.from_date) return false
      const window = windowOf(bonus.frequency, when.date)
      const count = (member.frequencies.get(`${bonus.id} ${window}`) ?? 0) + 1
      member.frequencies.set(`${bonus.id} ${window}`, count)
      if (bonus.count_returned !== true) {
        if (own) member.counted.push({ bonus, window, fact: when.fact.id })
        note(member, when, 'counted', bonus.id, 0, 1)
      }
      return bonus.frequency === 'FROM_DATE'
        ? count % bonus.required_to_earn === 0
        : count === bonus.required_to_earn
    }
  }
}

/** E-BON-9: what a fact counted for, it counts no longer. */
export function uncount(member: Member, fact: number): void {
  for (const { bonus, window } of member.counted.filter((one) => one.fact === fact)) {
    const paid = member.journal.some(
      (one) => one.fact === fact && one.kind === 'bonus' && one.rule === bonus.id && one.own,
    )
    lower(member, bonus, window, paid)
  }
}

function lower(
  member: Member,
  { id, required_to_earn: required }: FrequencyBonus,
  window: string,
  paid: boolean,
): void {
  const key = `${id} ${window}`
  const count = member.frequencies.get(key) ?? 0
  // The count at which it paid last.
  let paidAt = 0
  for (let at = required; at <= count; at += required) if (paidAt === 0 || window === 'from date') paidAt = at
  let left = count > paidAt ? count - 1 : count
  if (paid && paidAt > 0) left = paidAt - 1
  member.frequencies.set(key, left)
}

function windowOf(frequency: 'WEEKLY' | 'MONTHLY' | 'FROM_DATE', date: string): string {
  if (frequency === 'WEEKLY') return mondayOf(date)
  return frequency === 'MONTHLY' ? date.slice(0, 7) : 'from date'
}
