// What authority would answer right after a fact, at its place and time: which perks the member could redeem, on which basket, for how many points, and
// what a quote would offer (E-SPEND-1 to 11). Worked out from the journal and the lists, condition by condition.
import type { RedeemPerkDocument } from '../../../cloud/evaluation/document/spending.ts'
import type { Fact, Sale } from '../../../protocol/facts.ts'
import { amountOf } from './basket.ts'
import type { When } from './calendar.ts'
import { daysBetween, inSchedule, isNear, whenAt } from './calendar.ts'
import { allows, hasAnyAttribute, hasTier, inDates } from './conditions.ts'
import type { Member } from './member.ts'
import { isLive } from './member.ts'

/** What points as money are asked for. */
export const NAMED = 25

/** `301: 30`, or `301: points_insufficient`; then `offer 309: 12 for 4`. */
export function decisionsAfter(member: Member, fact: Fact): string[] {
  const when = asked(fact)
  const answers = perks(member).map((perk) => {
    const refused = refusal(member, when, perk) ?? tooDear(member, perk, 0, NAMED)
    return `${perk.id}: ${refused ?? priceOf(when, perk)}`
  })
  return [...answers, ...(fact.kind === 'sale' ? offers(member, when, fact) : [])]
}

/** The question has the fact's place and time, and a sale's basket. */
function asked(fact: Fact): When {
  const question = { ...fact, kind: 'redemption', basket: fact.kind === 'sale' ? fact : null }
  return {
    ...whenAt(fact, Math.floor(fact.at / 4096) + Date.UTC(2020, 0, 1)),
    fact: question as unknown as Fact,
  }
}

const perks = (member: Member): readonly RedeemPerkDocument[] => member.document?.redeem_perks ?? []

function refusal(member: Member, when: When, perk: RedeemPerkDocument): string | undefined {
  if (perk.status === 'INACTIVE' || !inDates(perk, when.date)) return 'perk_not_active'
  if (perk.stores?.includes(when.fact.store) === false) return 'perk_not_here'
  if (perk.required_tier !== undefined && !hasTier(member, perk.required_tier)) return 'tier_insufficient'
  if (!hasAnyAttribute(member, perk.attributes) || !allows(member, when, perk)) return 'condition_unmet'
  if (perk.voucher?.until !== undefined && perk.voucher.until < when.date) return 'perk_not_active'
  if (perk.home_store_only === true && member.homeStore !== when.fact.store) return 'perk_not_here'
  if (perk.schedule !== undefined && !inSchedule(perk.schedule, when.ms, when.offset))
    return 'perk_not_active'
  if (limitUsed(member, when, perk)) return 'limit_reached'
  const most = perk.voucher?.per_member
  const holds = member.entitlements.filter((one) => one.perk === perk.id && isLive(one)).length
  const waiting = member.redemptions.filter(
    ({ stage, day }) => stage === 'reserved' && isNear(day, when.date),
  )
  const reserved = waiting.filter((one) => one.perk === perk.id).length
  if (most !== undefined && holds + reserved >= most) return 'limit_reached'
  const all = member.entitlements.filter(isLive).length
  return perk.voucher !== undefined && all + waiting.length >= 1000 ? 'limit_reached' : undefined
}

function limitUsed(member: Member, when: When, { id, limit }: RedeemPerkDocument): boolean {
  if (limit === undefined) return false
  const { count, interval, interval_count: intervals = 1 } = limit
  const back = (day: string): number => {
    const months = (date: string): number => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7))
    if (interval === 'ALL_TIME') return -Infinity
    if (interval === 'DAY') return daysBetween(day, when.date)
    return interval === 'MONTH'
      ? months(when.date) - months(day)
      : Number(when.date.slice(0, 4)) - Number(day.slice(0, 4))
  }
  return member.redemptions.filter((one) => one.perk === id && back(one.day) < intervals).length >= count
}

function available(member: Member, { metric = 0 }: RedeemPerkDocument): number {
  return member.balance(metric) + (metric === 0 ? member.goodwill() : 0)
}

function tooDear(member: Member, perk: RedeemPerkDocument, taken: number, named: number): string | undefined {
  const { money, points } = perk
  if (money !== undefined && named * money.money < money.points) return 'input_invalid'
  return available(member, perk) - taken < (money === undefined ? points : named)
    ? 'points_insufficient'
    : undefined
}

function priceOf(when: When, { money, points }: RedeemPerkDocument): string {
  if (money === undefined) return String(points)
  const basket = (when.fact as unknown as { basket: Sale | null }).basket
  const off = discount(money, basket === null ? 10_000_000_000 : amountOf(basket), NAMED)
  return `${costOf(money, off)} for ${off}`
}

type Money = NonNullable<RedeemPerkDocument['money']>

/** Minor units off an amount that so many points pay for. */
function discount({ money, points, maximum = Infinity }: Money, amount: number, have: number): number {
  return Math.min(amount, maximum, Math.floor((Math.max(0, have) * money) / points))
}

const costOf = ({ money, points }: Money, off: number): number => Math.ceil((off * points) / money)

function offers(member: Member, when: When, sale: Sale): string[] {
  const told: string[] = []
  const taken = new Map<number, number>()
  let rest = amountOf(sale)
  for (const perk of perks(member)) {
    const { id, metric = 0, money, method } = perk
    if (money === undefined && method !== 'AUTO') continue
    const before = taken.get(metric) ?? 0
    const off = money === undefined ? null : discount(money, rest, available(member, perk) - before)
    const points = money === undefined || off === null ? perk.points : costOf(money, off)
    if (off === 0 || refusal(member, when, perk) !== undefined) continue
    if (tooDear(member, perk, before, points) !== undefined) continue
    told.push(`offer ${id}: ${points} for ${off}`)
    if (method !== 'AUTO') continue
    taken.set(metric, before + points)
    rest -= off ?? 0
  }
  return told
}
