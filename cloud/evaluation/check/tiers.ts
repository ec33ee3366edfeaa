// Tiers: each says how it is reached in one way, everybody reaches the first, and each is harder to reach than the one below it. A tier that is
// reached whenever the one below is would leave nobody in that one.
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { ThresholdsDocument } from '../document/tiers.ts'
import type { DocumentIssue } from './issue.ts'
import { placed } from './places.ts'
import type { Item } from './places.ts'

type Threshold = ThresholdsDocument['of'][number]

export function* tierIssues(document: ProgramDocument): Generator<DocumentIssue> {
  let below: Item<'tiers'> | undefined
  for (const { path, item } of placed(document, 'tiers')) {
    const { point_floor, reach } = item
    if ((point_floor === undefined) === (reach === undefined))
      yield {
        path,
        code: 'tier_threshold_choice',
        message: 'a tier has either "point_floor" or "reach"; keep one of them',
      }
    else if (below === undefined) yield* firstTier(path, item)
    else if (reaches(below, item))
      yield {
        path: `${path}/${reach === undefined ? 'point_floor' : 'reach'}`,
        code: 'tier_order',
        message: `tiers rise: who reaches tier ${below.id} reaches this one too, so nobody would be in ${below.id}; ask for more here, or reorder the tiers`,
      }
    below = item
  }
}

function* firstTier(path: string, tier: Item<'tiers'>): Generator<DocumentIssue> {
  const { match, of } = reachOf(tier)
  const free = (threshold: Threshold): boolean => threshold.at_least === 0
  if (match === 'all' ? of.every(free) : of.some(free)) return
  yield {
    path: `${path}/${tier.reach === undefined ? 'point_floor' : 'reach'}`,
    code: 'tier_first_unreachable',
    message: 'the first tier starts at 0, so that every member has one',
  }
}

/** What reaches a tier, with its `point_floor` as the threshold it is. */
export function reachOf({ point_floor = 0, reach }: Item<'tiers'>): ThresholdsDocument {
  return reach ?? { match: 'all', of: [{ metric: POINTS, at_least: point_floor }] }
}

/** Whether all who reach `lower` certainly reach `upper`. */
function reaches(lower: Item<'tiers'>, upper: Item<'tiers'>): boolean {
  const from = reachOf(lower)
  const to = reachOf(upper)
  const cases = from.match === 'all' ? [from.of] : from.of.map((threshold) => [threshold])
  return cases.every((held) =>
    to.match === 'all'
      ? to.of.every((asked) => follows(held, asked))
      : to.of.some((asked) => follows(held, asked)),
  )
}

function follows(held: readonly Threshold[], asked: Threshold): boolean {
  return (
    asked.at_least === 0 ||
    held.some(
      (one) =>
        one.metric === asked.metric &&
        one.at_least >= asked.at_least &&
        windowText(one) === windowText(asked),
    )
  )
}

function windowText({ window = { kind: 'lifetime' } }: Threshold): string {
  return window.kind === 'rolling' ? `rolling ${window.days}` : window.kind
}
