// Fields that the type of a rule has no use for, and fields that only go together. A field that would be ignored is refused: whoever wrote it
// expects it to do something.
import type { EarnType } from '../document/earning.ts'
import { GIVE_BACK_DAYS_MAX } from '../../../protocol/limits.ts'
import { POINTS } from '../document/metrics.ts'
import type { LimitDocument } from '../document/parts.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentIssue } from './issue.ts'
import { placed } from './places.ts'
import type { Item } from './places.ts'

type AwardKind = Item<'earn_perks'>['award']['kind']

/** What an award can count for each type: a sale has lines, an activity pieces and an amount, an event only itself. */
const AWARDS: Readonly<Record<EarnType, readonly AwardKind[]>> = {
  STANDARD: ['per_currency_unit', 'per_item', 'fixed'],
  CHECKIN: ['fixed'],
  REGISTRATION: ['fixed'],
  REFERRAL: ['fixed'],
  BIRTHDAY: ['fixed'],
  VISITOR: ['per_currency_unit', 'per_item', 'fixed'],
  COUPON: ['per_currency_unit', 'per_item', 'fixed'],
  SOCIAL_POST: ['per_currency_unit', 'per_item', 'fixed'],
  POINT_ADJUSTMENT: ['per_currency_unit', 'per_item', 'fixed'],
  PROGRESS_ACTIVITY: ['fixed'],
}

const BASKET_FIELDS = ['skus', 'categories', 'tenders', 'minimum_amount'] as const
const GIVING_FIELDS = ['metric', 'caps', 'group'] as const
/** A point as money is worth at most this, in minor units: more is `points` and `money` exchanged, or a slip of the pen. */
const MONEY_PER_POINT_MAX = 1_000_000

/** As far back as redemptions are remembered one by one (E-MEM-1). */
const INTERVALS_MAX: Readonly<Record<LimitDocument['interval'], number>> = {
  DAY: GIVE_BACK_DAYS_MAX,
  MONTH: 36,
  YEAR: 3,
  ALL_TIME: Infinity,
}

export function* fieldIssues(document: ProgramDocument): Generator<DocumentIssue> {
  for (const { path, item } of placed(document, 'earn_perks')) yield* earnPerk(path, item)
  for (const { path, item } of placed(document, 'redeem_perks')) {
    const { limit, money } = item
    if (limit !== undefined && (limit.interval === 'ALL_TIME') !== (limit.interval_count === undefined))
      yield {
        path: `${path}/limit/interval_count`,
        code: 'interval_count_choice',
        message:
          limit.interval === 'ALL_TIME'
            ? 'ALL_TIME takes no interval_count; leave it out'
            : 'say how many intervals',
      }
    if (limit?.interval_count !== undefined && limit.interval_count > INTERVALS_MAX[limit.interval])
      yield {
        path: `${path}/limit/interval_count`,
        code: 'limit_too_long',
        message: `redemptions are remembered for ${GIVE_BACK_DAYS_MAX} days; at most ${INTERVALS_MAX[limit.interval]} of these intervals, or ALL_TIME`,
      }
    if (money !== undefined && money.money > money.points * MONEY_PER_POINT_MAX)
      yield {
        path: `${path}/money`,
        code: 'money_ratio',
        message: `${money.points} points would be worth ${money.money}, more than ${MONEY_PER_POINT_MAX} each; are points and money exchanged?`,
      }
  }
  for (const { path, item } of placed(document, 'aggregates'))
    if (item.metric !== undefined && item.of !== 'points_earned')
      yield {
        path: `${path}/metric`,
        code: 'field_unusable',
        message: `${item.of} is of no metric; leave it out`,
      }
  for (const { path, item } of placed(document, 'tiers'))
    if (item.entry_clawback === true && item.entry_perk === undefined && item.entry_points === undefined)
      yield {
        path: `${path}/entry_clawback`,
        code: 'field_unusable',
        message: 'entering this tier gives nothing that could be taken back; leave it out',
      }
  for (const { path, item } of placed(document, 'response_challenges'))
    if (item.prize?.calculation === 'random' && item.end === undefined)
      yield {
        path: `${path}/end`,
        code: 'draw_without_end',
        message: 'a prize is drawn from all responses after the end; say when that is',
      }
}

function* earnPerk(path: string, perk: Item<'earn_perks'>): Generator<DocumentIssue> {
  const { type, award } = perk
  const unusable = (field: string, why: string): DocumentIssue => ({
    path: `${path}/${field}`,
    code: 'field_unusable',
    message: `a ${type} perk ${why}; leave it out`,
  })
  if (!AWARDS[type].includes(award.kind))
    yield {
      path: `${path}/award/kind`,
      code: 'award_unusable',
      message: `a ${type} perk has nothing to count; use "fixed"`,
    }
  if (type === 'STANDARD') return
  for (const field of BASKET_FIELDS) if (perk[field] !== undefined) yield unusable(field, 'has no basket')
  if (perk.completes_referral !== undefined)
    yield unusable('completes_referral', 'cannot complete a referral, only a STANDARD one can')
  if (type !== 'PROGRESS_ACTIVITY') return
  if (award.kind === 'fixed' && award.points !== 1)
    yield {
      path: `${path}/award/points`,
      code: 'award_unusable',
      message: 'a PROGRESS_ACTIVITY perk gives no points, it only counts for challenges; use 1',
    }
  for (const field of GIVING_FIELDS)
    if (perk[field] !== undefined && perk[field] !== POINTS) yield unusable(field, 'moves no metric')
}
