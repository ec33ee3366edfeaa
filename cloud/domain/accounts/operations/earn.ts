// Earning by a perk that somebody names: asked of the same functions that the fold gives by, so that what is accepted is given (OP-4).
import type { RuleId } from '../../../../protocol/ids.ts'
import { ACTIVITY_QUANTITY_MAX } from '../../../../protocol/limits.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import type { Money } from '../../../../protocol/numbers.ts'
import type { RefusalCode } from '../../../../protocol/refusals.ts'
import type { Activity } from '../../../../protocol/facts.ts'
import { DAY_MS, localDay, millisOf, millisOfWallClock } from '../../../../protocol/time.ts'
import { ACCOUNTS } from '../../../collections/tables/accounts.ts'
import { and, eq } from '../../../collections/query.ts'
import type { EarnPerk, Program } from '../../../evaluation/compile.ts'
import { situationOf } from '../../../evaluation/conditions/condition.ts'
import { CONDITIONS } from '../../../evaluation/conditions/condition-numbers.ts'
import type { ConditionName } from '../../../evaluation/conditions/condition-numbers.ts'
import { weighActivity } from '../../../evaluation/earning/activity.ts'
import type { MemberState } from '../../../evaluation/state.ts'
import type { OwnHeader } from '../../ingest/own-facts.ts'
import { ownHeader } from '../../ingest/own-facts.ts'
import type { OperationScene, When } from './scene.ts'

const REFUSAL_OF: Partial<Record<ConditionName, RefusalCode>> = {
  status: 'perk_not_active',
  dates: 'perk_not_active',
  store: 'perk_not_here',
  required_tier: 'tier_insufficient',
  once_per_day: 'limit_reached',
  caps: 'limit_reached',
  group: 'limit_reached',
}

/** The fact of so many pieces. A perk that gives by money gets whole units of the currency. */
export function activityOf(program: Program, perk: EarnPerk, header: OwnHeader, quantity: number): Activity {
  const unit = (10 ** program.document.currency_digits) as Money
  return {
    ...ownHeader('activity', header),
    perk: perk.id,
    quantity,
    amount: perk.award === 'per_currency_unit' ? unit : null,
  }
}

/** Whether so many pieces would be given to the member as it stands; what is taken back asks no conditions. */
export function mayEarn(program: Program, perk: EarnPerk, fact: Activity, state: MemberState): Result<null> {
  const { quantity } = fact
  if (quantity === 0 || Math.abs(quantity) > ACTIVITY_QUANTITY_MAX)
    return refuse('input_invalid', `A quantity is not 0 and at most ${ACTIVITY_QUANTITY_MAX}`, 'quantity')
  if (quantity < 0) return accept(null)
  const [gift] = weighActivity(program, perk, fact, situationOf(program, state, fact)).perks
  const failing = CONDITIONS[gift?.failing ?? 0] ?? 'applies'
  if (failing === 'applies') return accept(null)
  const detail = `"${perk.document.title}" is not given: its condition "${failing}" does not hold`
  return refuse(REFUSAL_OF[failing] ?? 'condition_unmet', detail, failing === 'store' ? 'location' : 'perk')
}

/** The caller's own limit: once per customer, perk and calendar day of the location (OP-5). */
export async function checkOncePerDay(
  { tx, tenant }: OperationScene,
  connection: number,
  rule: RuleId,
  { zone }: When,
  header: OwnHeader,
): Promise<Result<null>> {
  const day = localDay(millisOf(header.at), header.offset ?? 0)
  const [given] = await tx.rows(ACCOUNTS.transactions, {
    tenants: [tenant],
    where: and(
      eq('connection', connection),
      eq('rule', rule),
      eq('status', 'ACTIVE'),
      { at: ['at'], is: 'gte', value: millisOfWallClock(day * DAY_MS, zone) },
      { at: ['at'], is: 'lt', value: millisOfWallClock((day + 1) * DAY_MS, zone) },
    ),
    limit: 1,
  })
  return given === undefined
    ? accept(null)
    : refuse(
        'limit_reached',
        'The customer had this perk on this day already',
        'limit_to_once_per_calendar_day',
      )
}
