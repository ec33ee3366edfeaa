// A segment's members, and what they spent together over periods: pure functions over states, and the walk over all members that feeds them. Periods
// are local days of the sales; how far back days are known is the program's longest window (E-AGG-1).
import { idText } from '../../protocol/ids.ts'
import type { MemberId, RuleId, StoreId } from '../../protocol/ids.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime, localDay } from '../../protocol/time.ts'
import { averageOf, figuresBetween, figuresEver } from '../evaluation/reactions/aggregates.ts'
import type { Figures } from '../evaluation/reactions/aggregates.ts'
import { dayOfDate } from '../evaluation/check/dates.ts'
import type { Program } from '../evaluation/compile.ts'
import type { Programs } from '../evaluation/programs.ts'
import { inSegment } from '../evaluation/reactions/segments.ts'
import type { Segment } from '../evaluation/reactions/segments.ts'
import type { MemberState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
import type { MemberListRow, Page, Reads, TenantId } from '../store/port.ts'
import { membershipView } from './member-extras.ts'
import { membersOf } from './member-pages.ts'
import type { SegmentMemberView, SegmentMetricsView } from './segment-shapes.ts'
import { stateOf } from './views.ts'

/** Local days, both included; null: ever. */
export interface Period {
  readonly text: string
  readonly days: readonly [first: number, last: number] | null
}

/** Periods one question may name. */
export const PERIODS_MAX = 24

/** `ever`, or days as `2024-03-01..2024-03-31`; several with commas between. */
export function periodsOf(text: string): Result<readonly Period[]> {
  const periods: Period[] = []
  for (const part of text.split(',')) {
    const [from = '', to = ''] = part.split('..')
    const [first, last] = [dayOfDate(from), dayOfDate(to)]
    if (part === 'ever') periods.push({ text: part, days: null })
    else if (first === undefined || last === undefined || first > last || part !== `${from}..${to}`)
      return refuse(
        'input_invalid',
        `"${part.slice(0, 64)}" is no period; write ever or 2024-03-01..2024-03-31`,
        'periods',
      )
    else periods.push({ text: part, days: [first, last] })
  }
  return periods.length <= PERIODS_MAX
    ? accept(periods)
    : refuse('input_invalid', `At most ${PERIODS_MAX} periods at once`, 'periods')
}

/** What all these members spent together. */
export function segmentFigures(states: Iterable<MemberState>, period: Period['days']): Figures {
  const sums = { spend: 0, orders: 0, visits: 0 }
  for (const state of states) {
    const { spend, orders, visits } = period === null ? figuresEver(state) : figuresBetween(state, ...period)
    sums.spend += spend
    sums.orders += orders
    sums.visits += visits
  }
  return sums
}

export interface SegmentQuestion {
  readonly read: Pick<Reads, 'members'>
  readonly tenant: TenantId
  readonly programs: Programs
  readonly segment: RuleId
  readonly nowMs: number
  /** The wall clock of the store of an enrolment. */
  readonly offsetAt: (store: StoreId) => number
}

interface Known {
  readonly program: Program
  readonly segment: Segment
}

function known({ programs, segment: id, nowMs }: SegmentQuestion): Result<Known> {
  const program = programs.program(hybridTime(nowMs))
  if (program === null) return refuse('program_missing', 'No program is in force')
  const segment = program.reactions?.segments.find((one) => one.id === id)
  return segment === undefined
    ? refuse('segment_not_found', `The program in force has no segment ${id}`, 'id')
    : accept({ program, segment })
}

/** The member as of now, if it is in the segment. */
function insider(
  { nowMs, offsetAt }: SegmentQuestion,
  { program, segment }: Known,
  row: MemberListRow,
): MemberState | null {
  if (row.mergedInto !== null) return null
  const state = stateAt(program, stateOf(row), row.id, nowMs, offsetAt(row.store))
  return inSegment(state, segment.id, nowMs) ? state : null
}

export async function segmentMetrics(
  question: SegmentQuestion,
  periods: readonly Period[],
): Promise<Result<SegmentMetricsView>> {
  const found = known(question)
  if (!found.ok) return found
  const { program, segment } = found.value
  const days = program.reactions?.aggregates.days ?? 0
  const oldest = localDay(question.nowMs, 0) - days + 1
  const tooOld = periods.find((period) => period.days !== null && period.days[0] < oldest)
  if (tooOld !== undefined)
    return refuse(
      'input_invalid',
      `The program keeps ${days} days of its members' sales; give it an aggregate with a longer window to know "${tooOld.text}"`,
      'periods',
    )
  const sums = periods.map(() => ({ spend: 0, orders: 0, visits: 0 }))
  let members = 0
  for await (const row of membersOf(question.read, question.tenant)) {
    const state = insider(question, found.value, row)
    if (state === null) continue
    members++
    for (const [index, { days: span }] of periods.entries()) {
      const sum = sums[index]
      const own = segmentFigures([state], span)
      if (sum === undefined) continue
      sum.spend += own.spend
      sum.orders += own.orders
      sum.visits += own.visits
    }
  }
  return accept({
    segment: { id: segment.id, name: segment.document.name },
    currency: program.document.currency,
    members,
    periods: periods.map(({ text }, index) => {
      const { spend = 0, orders = 0, visits = 0 } = sums[index] ?? {}
      return {
        period: text,
        total_spend: spend,
        order_count: orders,
        average_transaction_value: averageOf(spend, orders),
        visit_count: visits,
      }
    }),
  })
}

/** Members one request looks at: where few are in the segment, an answer may be short and still have a `next`. */
const SCAN_MAX = 10_000

export async function segmentMembers(
  question: SegmentQuestion,
  { after, limit }: Page,
): Promise<Result<{ items: SegmentMemberView[]; next: string | null }>> {
  const found = known(question)
  if (!found.ok) return found
  const items: SegmentMemberView[] = []
  let looked = 0
  let last: MemberId | null = null
  for await (const row of membersOf(question.read, question.tenant, after)) {
    if (looked === SCAN_MAX || items.length === limit)
      return accept({ items, next: last === null ? null : idText(last) })
    looked++
    last = row.id
    const state = insider(question, found.value, row)
    const membership = state === null ? null : membershipView(found.value.segment, state, question.nowMs)
    if (membership === null) continue
    items.push({ id: idText(row.id), name: row.name, by: membership.by, until: membership.until })
  }
  return accept({ items, next: null })
}
