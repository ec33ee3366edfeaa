// What is issued must be usable, what is limited limited by the tighter bound, what is collected collectable: vouchers, limits and budgets, metrics
// that expire before they can be spent, and stamp cards.
import { POINTS } from '../document/metrics.ts'
import type { MetricDocument } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentWarning } from './issue.ts'
import type { Known } from './known.ts'
import { metricOfBonus } from './known.ts'
import { isActive, placed } from './places.ts'
import type { Item } from './places.ts'

export function* entitlementWarnings(document: ProgramDocument, known: Known): Generator<DocumentWarning> {
  for (const { path, item } of placed(document, 'redeem_perks')) {
    const { voucher, limit, budget } = item
    if ((voucher?.from_days ?? 0) > (voucher?.valid_days ?? Infinity))
      yield {
        path: `${path}/voucher/from_days`,
        code: 'voucher_never_usable',
        message: `it can first be used after ${voucher?.from_days} days and expires after ${voucher?.valid_days}; make it valid for longer`,
      }
    const { total, per_store } = budget ?? {}
    if (total === undefined) continue
    if (limit !== undefined && limit.count > total)
      yield looser(`${path}/limit/count`, `one member may have ${limit.count}`, total)
    if (per_store !== undefined && per_store > total)
      yield looser(`${path}/budget/per_store`, `one store may give ${per_store}`, total)
  }
  const metrics = [{ path: '/points', item: document.points ?? {} }, ...placed(document, 'metrics')]
  for (const { path, item } of metrics)
    if ((item.pending_days ?? 0) > daysHeld(item))
      yield {
        path: `${path}/pending_days`,
        code: 'metric_never_spendable',
        message: `it is pending for ${item.pending_days} days and expires after ${daysHeld(item)}; let it expire later`,
      }
  yield* ofCards(document, known)
}

function looser(path: string, what: string, total: number): DocumentWarning {
  return {
    path,
    code: 'limit_looser_than_budget',
    message: `${what}, but the budget for all is ${total}; lower one or raise the other`,
  }
}

/** Days an amount is kept at most, the day of earning not counted; where the calendar decides it is not worked out. */
function daysHeld({ expiry }: MetricDocument): number {
  return expiry?.kind === 'rolling' && 'days' in expiry.after ? expiry.after.days : Infinity
}

function* ofCards(document: ProgramDocument, known: Known): Generator<DocumentWarning> {
  const smallest = new Map<number, Item<'stamp_cards'>>()
  for (const { path, item } of placed(document, 'stamp_cards')) {
    if (!isActive(item)) continue
    const earlier = smallest.get(item.metric)
    if (earlier !== undefined && earlier.required <= item.required)
      yield {
        path: `${path}/required`,
        code: 'card_shadowed',
        message: `card ${earlier.id} takes every ${earlier.required} of the same metric first, so this one does not fill; give it a metric of its own`,
      }
    if (earlier === undefined || item.required < earlier.required) smallest.set(item.metric, item)
    const most = mostHeld(document, known, item.metric)
    if (most < item.required)
      yield {
        path: `${path}/required`,
        code: 'card_never_filled',
        message: `caps and expiry let a member hold at most ${most}; ask for less, or let it expire later`,
      }
  }
}

/** The most of a metric a member can ever hold; Infinity where nothing certain bounds it. */
function mostHeld(document: ProgramDocument, known: Known, metric: number): number {
  if (givenOtherwise(document, metric)) return Infinity
  const perks = document.earn_perks.filter(
    (perk) => isActive(perk) && perk.type !== 'PROGRESS_ACTIVITY' && (perk.metric ?? POINTS) === metric,
  )
  const bonuses = document.bonuses.filter(
    (bonus) => isActive(bonus) && metricOfBonus(bonus, known) === metric,
  )
  // Nothing gives it at all: that is told of the metric itself.
  if (perks.length + bonuses.length === 0) return Infinity
  const held = (document.metrics ?? []).find(({ id }) => id === metric)
  const days = held === undefined ? Infinity : daysHeld(held) + 1
  const sum = (each: number[]): number => each.reduce((total, one) => total + one, 0)
  const givers = [
    ...perks.map((perk) => ({
      perDay: mostPerDay(perk),
      ever: perk.type === 'REGISTRATION' ? mostPerDay(perk) : (perk.caps?.per_member ?? Infinity),
    })),
    ...bonuses.map(({ caps }) => ({
      perDay: Math.min(caps?.per_day ?? Infinity, caps?.per_member ?? Infinity),
      ever: caps?.per_member ?? Infinity,
    })),
  ]
  return sum(givers.map(({ perDay, ever }) => Math.min(perDay * days, ever)))
}

function mostPerDay({ type, award, caps = {}, once_per_day }: Item<'earn_perks'>): number {
  const once = type === 'BIRTHDAY' || type === 'REGISTRATION' || (type === 'CHECKIN' && once_per_day === true)
  const onOneFact = once ? Math.min(award.points, caps.per_sale ?? Infinity) : Infinity
  return Math.min(onOneFact, caps.per_day ?? Infinity, caps.per_member ?? Infinity)
}

/** By a reward, a prize or a rule, which nothing here bounds. */
function givenOtherwise(document: ProgramDocument, metric: number): boolean {
  if (metric === POINTS) return true
  const rewards = [
    ...(document.challenges ?? []).map(({ reward }) => reward),
    ...(document.response_challenges ?? []).flatMap(({ reward, prize }) => [reward, prize?.reward]),
  ]
  return (
    rewards.some((reward) => reward !== undefined && 'metric' in reward && reward.metric === metric) ||
    (document.rules ?? []).some(({ effect }) => effect.kind === 'points' && effect.metric === metric)
  )
}
