// Bonuses on top of what a sale's qualifying perks gave (E-BON).
import type { BonusDocument } from '../../../cloud/evaluation/document/earning.ts'
import type { When } from './calendar.ts'
import { inSchedule, mondayOf } from './calendar.ts'
import { allows } from './conditions.ts'
import type { Gift } from './groups.ts'
import type { Member } from './member.ts'
import { POINTS_MAX, rounded } from './shares.ts'

export function qualifies(
  { perks }: BonusDocument,
  { rule, metric }: Pick<Gift, 'rule' | 'metric'>,
): boolean {
  return perks === undefined ? metric === 0 : perks.some((id) => id === rule)
}

export function bonusGifts(member: Member, when: When, given: readonly Gift[]): Gift[] {
  return (member.document?.bonuses ?? []).flatMap((bonus) => {
    const qualifying = given.filter((gift) => qualifies(bonus, gift))
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
      const mark = `${bonus.id} ${windowOf(bonus.frequency, when.date)}`
      member.marks.push(mark)
      const count = member.marks.filter((other) => other === mark).length
      return bonus.frequency === 'FROM_DATE'
        ? count % bonus.required_to_earn === 0
        : count === bonus.required_to_earn
    }
  }
}

function windowOf(frequency: 'WEEKLY' | 'MONTHLY' | 'FROM_DATE', date: string): string {
  if (frequency === 'WEEKLY') return mondayOf(date)
  return frequency === 'MONTHLY' ? date.slice(0, 7) : 'from date'
}
