// Bonuses on top of what a fact's qualifying perks gave (E-BON).
import type { BonusDocument, EarnPerkDocument } from '../../../cloud/evaluation/document/earning.ts'
import { note } from './amounts.ts'
import type { When } from './calendar.ts'
import { inSchedule, mondayOf } from './calendar.ts'
import { allows } from './conditions.ts'
import type { Gift } from './groups.ts'
import type { Member } from './member.ts'
import { POINTS_MAX, rounded } from './shares.ts'

export function qualifies(
  { perks }: BonusDocument,
  { rule, metric }: Pick<Gift, 'rule' | 'metric'>,
  earnPerks: readonly EarnPerkDocument[],
): boolean {
  if (perks !== undefined) return perks.some((id) => id === rule)
  return metric === 0 && earnPerks.some(({ id, type }) => id === rule && type === 'STANDARD')
}

export function bonusGifts(member: Member, when: When, given: readonly Gift[]): Gift[] {
  return (member.document?.bonuses ?? []).flatMap((bonus) => {
    const qualifying = given.filter((gift) => qualifies(bonus, gift, member.document?.earn_perks ?? []))
    const base = qualifying.reduce((sum, { amount }) => sum + amount, 0)
    if (base === 0 || !allows(member, when, bonus) || !comesIn(member, when, bonus)) return []
    const amount =
      bonus.award.kind === 'fixed'
        ? bonus.award.points
        : Math.min(POINTS_MAX, rounded(BigInt(base) * BigInt(bonus.award.percent), 100n, 'floor'))
    if (amount < 1) return []
    const { id, caps, group } = bonus
    return [{ rule: id, metric: qualifying[0]?.metric ?? 0, amount, caps, group }]
  })
}

function comesIn(member: Member, when: When, bonus: BonusDocument): boolean {
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
        member.counted.push({ bonus, window, fact: when.fact.id })
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
    const key = `${bonus.id} ${window}`
    const count = member.frequencies.get(key) ?? 0
    const required = bonus.required_to_earn
    // The count at which it paid last.
    let paidAt = 0
    for (let at = required; at <= count; at += required)
      if (paidAt === 0 || window === 'from date') paidAt = at
    const paid = member.journal.some(
      (one) => one.fact === fact && one.kind === 'bonus' && one.rule === bonus.id,
    )
    let left = count > paidAt ? count - 1 : count
    if (paid && paidAt > 0) left = paidAt - 1
    member.frequencies.set(key, left)
  }
}

function windowOf(frequency: 'WEEKLY' | 'MONTHLY' | 'FROM_DATE', date: string): string {
  if (frequency === 'WEEKLY') return mondayOf(date)
  return frequency === 'MONTHLY' ? date.slice(0, 7) : 'from date'
}
