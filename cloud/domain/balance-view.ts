// How a member's balance came to be (E-EXP-2): all its facts are folded again in one go, so that entries and lots are of the same moment; nothing is
// kept for it. What time has brought since the last fact is told as entries of no fact, or the sum would differ from the balance that HQ sees.
import { idText } from '../../protocol/ids.ts'
import type { FactId } from '../../protocol/ids.ts'
import { refuse, accept } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime } from '../../protocol/time.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import type { BalanceEntry, Booked, ExplainedBalance } from '../evaluation/explanation/balance.ts'
import { explainBalance } from '../evaluation/explanation/balance.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import { EffectBuffer } from '../evaluation/effects.ts'
import { NOTHING_EARLIER, foldFacts } from '../evaluation/fold.ts'
import type { Programs } from '../evaluation/programs.ts'
import { newState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
import type { ActivityRow, MemberListRow, Page, Reads } from '../store/port.ts'
import { metricView } from './account-views.ts'
import type { BalanceView } from './balance-shapes.ts'
import { factOf } from './ingest/refold.ts'
import { idOrNull, timeText, titleOf } from './views.ts'

/** `page.after`: entries told already. */
export async function balanceOf(
  read: Reads,
  programs: Programs,
  row: MemberListRow,
  metric: number,
  page: Page,
  now: { readonly ms: number; readonly offset: ZoneOffset },
): Promise<Result<BalanceView>> {
  const facts = (await read.factsOfMember(row.id)).map((fact) => factOf(fact, row.id))
  const booked: Booked[] = []
  const folded = newState()
  foldFacts(programs, folded, facts, NOTHING_EARLIER, (fact, effects) => booked.push({ fact, effects }))
  const at = hybridTime(now.ms)
  const program = programs.program(at)
  const due = new EffectBuffer()
  const state = stateAt(program, folded, row.id, now.ms, now.offset, due)
  booked.push({ fact: { id: 0 as FactId, at }, effects: due.read() })
  const held = state.more?.accounts.some((account) => account.metric === metric) ?? false
  if (metric !== POINTS && !held && program?.metrics.has(metric) !== true)
    return refuse('input_invalid', `The program has no metric ${metric}`, 'metric')
  const told = explainBalance(state, metric, booked)
  const end = page.after + page.limit
  const entries = told.entries.slice(page.after, end)
  const causes = causesOf(row, metric, await read.activitiesOfFacts(factsOf(entries)))
  return accept({
    member: idText(row.id),
    merged_into: row.mergedInto === null ? null : idText(row.mergedInto),
    metric,
    ...metricView(program, metric),
    as_of: timeText(now.ms),
    ...heldView(told),
    carried: page.after === 0 ? 0 : (told.entries[Math.min(page.after, told.entries.length) - 1]?.total ?? 0),
    entries: entries.map((entry) => entryView(entry, programs, causes)),
    next: told.entries.length > end ? String(end) : null,
  })
}

function factsOf(entries: readonly BalanceEntry[]): FactId[] {
  return [...new Set(entries.map(({ fact }) => fact))].filter((fact) => fact > 0)
}

type EntryName = Pick<BalanceEntry, 'fact' | 'kind' | 'rule' | 'of'>

function nameOf({ fact, kind, rule, of }: EntryName): string {
  return `${fact} ${kind} ${rule} ${of}`
}

/** Which late fact changed an entry last, as the log has it. `rows`: by revision. */
function causesOf(
  { id }: MemberListRow,
  metric: number,
  rows: readonly ActivityRow[],
): ReadonlyMap<string, FactId> {
  const causes = new Map<string, FactId>()
  for (const { member, fact, cause, effects } of rows) {
    if (member !== id || cause === 0) continue
    for (const effect of effects) if (effect.index === metric) causes.set(nameOf({ fact, ...effect }), cause)
  }
  return causes
}

function heldView({ lots, pending, deficit, goodwill, total, addsUp }: ExplainedBalance) {
  const waiting = pending.reduce((sum, { amount }) => sum + amount, 0)
  return {
    balance: total - waiting,
    lots: lots.map(({ amount, expires }) => ({ amount, expires_at: expiryText(expires) })),
    deficit,
    goodwill,
    pending: pending.map(({ amount, ready, expires, fact }) => ({
      amount,
      ready_at: timeText(ready),
      expires_at: expiryText(expires),
      earned_by: idText(fact),
    })),
    total,
    adds_up: addsUp,
  }
}

/** The last millisecond it can be spent in. */
function expiryText(expires: number | null): string | null {
  return expires === null ? null : timeText(expires - 1)
}

function entryView(
  entry: BalanceEntry,
  programs: Programs,
  causes: ReadonlyMap<string, FactId>,
): BalanceView['entries'][number] {
  const { fact, at, kind, rule, amount, of, total } = entry
  return {
    fact: idOrNull(fact),
    at: timeText(at),
    kind,
    rule: rule === 0 ? null : rule,
    title: titleOf(programs.program(hybridTime(at)), rule),
    amount,
    of: of === 0 ? null : String(of),
    cause: idOrNull(causes.get(nameOf(entry)) ?? (0 as FactId)),
    total,
  }
}
