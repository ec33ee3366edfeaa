// What can ever be reached: metrics that something gives, tiers that their metrics lift members to, perks whose tier, price and time can come.
// Metric 0 can always be had, because staff and HQ give points outside every rule.
import type { RewardDocument } from '../document/challenges.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import { DATED_LISTS, dayOfDate, windowOf } from './dates.ts'
import type { DocumentWarning } from './issue.ts'
import type { Known } from './known.ts'
import { conditionsOf, isActive, nodesOf, placed, placedIn } from './places.ts'
import type { Item } from './places.ts'
import { reachOf } from './tiers.ts'

export interface Reach {
  /** Metrics that something gives. */
  readonly metrics: ReadonlySet<number>
  /** The highest place among tiers that can be reached. */
  readonly rank: number
}

/** Metrics make tiers reachable, tiers perks, and perks metrics: looked at until nothing more comes. */
export function reachIn(document: ProgramDocument, known: Known): Reach {
  const metrics = new Set([POINTS, ...rewardedMetrics(document)])
  const perks = document.earn_perks.filter((perk) => isActive(perk) && perk.type !== 'PROGRESS_ACTIVITY')
  let rank = 0
  for (let before = -1; before !== metrics.size;) {
    before = metrics.size
    for (const [place, tier] of document.tiers.entries()) if (isReachable(tier, metrics)) rank = place
    for (const { metric = POINTS, required_tier } of perks)
      if (rankOf(known, required_tier) <= rank) metrics.add(metric)
  }
  return { metrics, rank }
}

export function rankOf(known: Known, tier: number | undefined): number {
  return tier === undefined ? 0 : (known.tierRanks.get(tier) ?? 0)
}

function isReachable(tier: Item<'tiers'>, metrics: ReadonlySet<number>): boolean {
  const { match, of } = reachOf(tier)
  const can = of.map(({ metric, at_least }) => at_least === 0 || metrics.has(metric))
  return match === 'all' ? can.every(Boolean) : can.some(Boolean)
}

function* rewardedMetrics(document: ProgramDocument): Generator<number> {
  const rewards: (RewardDocument | undefined)[] = [...placed(document, 'challenges')].map(
    ({ item }) => item.reward,
  )
  for (const { item } of placed(document, 'response_challenges'))
    rewards.push(item.reward, item.prize?.reward)
  for (const reward of rewards) if (reward !== undefined && 'metric' in reward) yield reward.metric
  for (const { item } of placed(document, 'rules'))
    if (isActive(item) && item.effect.kind === 'points') yield item.effect.metric
}

export function* reachWarnings(
  document: ProgramDocument,
  known: Known,
  reach: Reach,
): Generator<DocumentWarning> {
  for (const { path, item } of placed(document, 'metrics'))
    if (!reach.metrics.has(item.id))
      yield {
        path: `${path}/id`,
        code: 'metric_unearned',
        message: `nothing gives "${item.name}"; let a perk, a reward or a rule give it`,
      }
  for (const { path, item } of placed(document, 'tiers'))
    if (!isReachable(item, reach.metrics))
      yield {
        path: `${path}/reach`,
        code: 'tier_unreachable',
        message: `nothing gives the metrics that reach "${item.name}"; ask for others, or let a perk give them`,
      }
  for (const { path, item } of placedIn(document, ['earn_perks', 'bonuses', 'redeem_perks'])) {
    if (!isActive(item)) continue
    if (rankOf(known, item.required_tier) > reach.rank)
      yield {
        path: `${path}/required_tier`,
        code: 'perk_unreachable',
        message: `nobody can reach tier ${item.required_tier}; mend what reaches it, or ask for another`,
      }
  }
  for (const { path, item } of placed(document, 'redeem_perks'))
    if (isActive(item) && item.points > 0 && !reach.metrics.has(item.metric ?? POINTS))
      yield {
        path: `${path}/metric`,
        code: 'perk_unreachable',
        message: `it costs metric ${item.metric}, which nothing gives; let a perk give it`,
      }
}

/** A segment that a rule asks for and that only HQ's own word puts anybody into. */
export function* segmentWarnings(document: ProgramDocument, known: Known): Generator<DocumentWarning> {
  const filled = new Set<number>()
  for (const { item } of placed(document, 'rules'))
    if (isActive(item) && item.effect.kind === 'segment' && item.effect.action === 'add')
      filled.add(item.effect.segment)
  for (const { path, condition, active } of conditionsOf(document)) {
    if (!active) continue
    for (const { path: at, node, negated } of nodesOf(condition, path)) {
      if (negated || !('segment' in node) || filled.has(node.segment)) continue
      if (known.segments.get(node.segment)?.when !== undefined) continue
      yield {
        path: `${at}/segment`,
        code: 'segment_unfilled',
        message: `no condition and no rule puts anybody into segment ${node.segment}, only HQ by hand; give it a condition`,
      }
    }
  }
}

/** Rules that end before the document takes effect. `from`: days since 1970, of the earliest store. */
export function* overWarnings(document: ProgramDocument, from: number): Generator<DocumentWarning> {
  for (const { path, item } of placedIn(document, DATED_LISTS))
    if (isActive(item) && windowOf(item)[1] < from)
      yield {
        path: `${path}/end`,
        code: 'over_already',
        message: 'it ends before the program takes effect; set a later end, or leave it out of this version',
      }
  for (const { path, item } of placed(document, 'segments'))
    if ('on' in item.expiry && (dayOfDate(item.expiry.on) ?? from) < from)
      yield {
        path: `${path}/expiry/on`,
        code: 'over_already',
        message: 'it expires before the program takes effect; set a later day',
      }
}
