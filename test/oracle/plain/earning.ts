// What sales, check-ins, enrolments, referrals, activities and birthdays earn (E-EARN).
import type { AwardShape, EarnPerkDocument, EarnType } from '../../../cloud/evaluation/document/earning.ts'
import type { Static } from 'typebox'
import type { Activity, Fact, Sale, SaleLine } from '../../../protocol/facts.ts'
import { earn, note, reverse } from './amounts.ts'
import { bonusGifts, bonusesBack, countLess } from './bonuses.ts'
import type { When } from './calendar.ts'
import { matches, paidWith } from './basket.ts'
import { allows } from './conditions.ts'
import type { Gift } from './groups.ts'
import { settleGifts } from './groups.ts'
import type { Member } from './member.ts'
import { POINTS_MAX, rounded } from './shares.ts'

const ON_ACTIVITY: readonly EarnType[] = [
  'STANDARD',
  'VISITOR',
  'COUPON',
  'SOCIAL_POST',
  'POINT_ADJUSTMENT',
  'PROGRESS_ACTIVITY',
]

export function sell(member: Member, when: When, sale: Sale): void {
  const perks = member.document?.earn_perks.filter(({ type }) => type === 'STANDARD') ?? []
  const gifts = settleGifts(
    member,
    when,
    perks.flatMap((perk) => {
      const amount = onSale(member, when, perk, sale)
      return amount < 1 ? [] : [giftOf(perk, amount)]
    }),
  )
  giveWithBonuses(member, when, perks, gifts)
}

function giveWithBonuses(
  member: Member,
  when: When,
  perks: readonly EarnPerkDocument[],
  gifts: readonly Gift[],
  own = true,
): void {
  const extra = settleGifts(member, when, bonusGifts(member, when, gifts, own))
  giveAll(member, when, perks, gifts, own)
  giveBonuses(member, when, extra, own)
}

function giveBonuses(member: Member, when: When, extra: readonly Gift[], own = true): void {
  for (const { rule, metric, amount } of extra) {
    earn(member, when, 'bonus', rule, metric, amount, own)
    member.applied.push({ rule, day: when.date })
  }
}

function onSale(member: Member, when: When, perk: EarnPerkDocument, sale: Sale): number {
  if (!allows(member, when, perk)) return 0
  const lines = sale.lines.filter((line) => matches(perk, line))
  if (lines.length === 0) return 0
  const matching = lines.reduce((sum, { amount }) => sum + amount, 0)
  const paid = perk.tenders === undefined ? matching : paidWith(sale.tenders, perk.tenders)
  if (perk.tenders !== undefined && paid < 1) return 0
  const base = Math.min(matching, paid)
  if (base < (perk.minimum_amount ?? 0) || givenToday(member, when, perk)) return 0
  return worth(perk.award, base, lines)
}

function worth(award: Static<typeof AwardShape>, amount: number, lines: readonly SaleLine[]): number {
  switch (award.kind) {
    case 'fixed':
      return award.points
    case 'per_item': {
      const quantity = lines.reduce((sum, line) => sum + line.quantity, 0)
      return Math.min(POINTS_MAX, Math.floor(quantity / 1000) * award.points)
    }
    case 'per_currency_unit':
      return perUnit(award, amount)
  }
}

function perUnit(
  { points, unit, rounding }: Extract<Static<typeof AwardShape>, { kind: 'per_currency_unit' }>,
  amount: number,
): number {
  return Math.min(POINTS_MAX, rounded(BigInt(amount) * BigInt(points), BigInt(unit), rounding))
}

function givenToday(member: Member, when: When, { id, once_per_day }: EarnPerkDocument): boolean {
  return once_per_day === true && member.marks.includes(`${id} ${when.date}`)
}

function giftOf({ id, metric = 0, caps, group }: EarnPerkDocument, amount: number): Gift {
  return { rule: id, metric, amount, caps, group }
}

function giveAll(
  member: Member,
  when: When,
  perks: readonly EarnPerkDocument[],
  gifts: readonly Gift[],
  own = true,
): void {
  for (const { rule, metric, amount } of gifts) {
    earn(member, when, 'earn', rule, metric, amount, own)
    given(
      member,
      when,
      perks.find(({ id }) => id === rule),
    )
  }
}

/** What follows from a perk having been given. */
function given(member: Member, when: When, perk: EarnPerkDocument | undefined): void {
  if (perk === undefined) return
  if (perk.once_per_day === true) member.marks.push(`${perk.id} ${when.date}`)
  member.applied.push({ rule: perk.id, day: when.date })
  if (perk.completes_referral === true && member.openReferral !== undefined) {
    note(member, when, 'referral_completed', perk.id, 0, 1, member.openReferral.fact)
    member.openReferral = undefined
  }
}

/** Perks of an event that has no basket. */
export function giveForEvent(member: Member, when: When, type: EarnType, own = true): void {
  const perks = member.document?.earn_perks.filter((perk) => perk.type === type) ?? []
  const gifts = perks.flatMap((perk) =>
    allows(member, when, perk) && !givenToday(member, when, perk) ? [giftOf(perk, perk.award.points)] : [],
  )
  const settled = settleGifts(member, when, gifts)
  giveWithBonuses(member, when, perks, settled, own)
}

/** E-EARN-14. */
export function act(member: Member, when: When, fact: Activity): void {
  const perk = member.document?.earn_perks.find(({ id }) => id === fact.perk)
  if (perk === undefined || !ON_ACTIVITY.includes(perk.type)) return
  const pieces = Math.abs(fact.quantity)
  const counts = fact.quantity < 0 || (allows(member, when, perk) && !givenToday(member, when, perk))
  if (!counts) return
  const progresses = perk.type === 'PROGRESS_ACTIVITY'
  const gift = giftOf(perk, progresses ? pieces : ofPieces(perk, fact, pieces))
  if (progresses) note(member, when, 'progress', perk.id, 0, fact.quantity)
  if (gift.amount === 0) return
  if (fact.quantity < 0) {
    takeBack(member, when, gift, progresses)
  } else if (progresses) {
    const extra = settleGifts(member, when, bonusGifts(member, when, [gift]))
    given(member, when, perk)
    giveBonuses(member, when, extra)
  } else giveWithBonuses(member, when, [perk], settleGifts(member, when, [gift]))
}

/** E-EARN-14, E-BON-10. */
function takeBack(member: Member, when: When, gift: Gift, progresses: boolean): void {
  const from = { fact: 0, day: when.date }
  const bonuses = bonusesBack(member, when, gift)
  if (!progresses) reverse(member, when, gift.rule, gift.metric, gift.amount, from)
  for (const { rule, metric, amount } of bonuses) reverse(member, when, rule, metric, amount, from)
  countLess(member, when, gift)
}

function ofPieces({ award }: EarnPerkDocument, { amount }: Activity, pieces: number): number {
  if (award.kind !== 'per_currency_unit') return Math.min(POINTS_MAX, award.points * pieces)
  return amount === null ? 0 : perUnit(award, amount * pieces)
}

/** E-REF-2. */
export function refer(member: Member, when: When, fact: Extract<Fact, { kind: 'referral' }>): void {
  if (fact.stage === 'received' && member.openReferral === undefined)
    member.openReferral = { fact: fact.id, of: fact.of }
  if (fact.stage === 'void' && member.openReferral?.of === fact.of) member.openReferral = undefined
  if (fact.stage === 'completed') giveForEvent(member, when, 'REFERRAL')
}
