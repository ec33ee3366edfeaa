// Clawback (E-CLAW): what a return of a sale would take and which unused entitlements the merchant may cancel besides; and, once they were
// cancelled, what is still missing. The return itself comes from the store that takes the goods back.
import type { Return } from '../../protocol/facts.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import { idText } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { TEXT_CHARS_MAX } from '../../protocol/limits.ts'
import { QUANTITY_UNIT } from '../../protocol/numbers.ts'
import type { Money, Quantity } from '../../protocol/numbers.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime } from '../../protocol/time.ts'
import { deficitsOf, evaluateClawback } from '../evaluation/spending/clawback.ts'
import type { Program } from '../evaluation/compile.ts'
import { effectsSum } from '../evaluation/fold.ts'
import type { Programs } from '../evaluation/programs.ts'
import type { PastFacts } from '../evaluation/spending/reversal.ts'
import type { Entitlement, MemberState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
import type { FactRow, Reads } from '../store/port.ts'
import { ownHeader } from './ingest/own-facts.ts'
import type { ClawbackEvaluation, ClawbackProcessed, HeldView } from './clawback-shapes.ts'
import type { HqRequest } from './hq-requests.ts'
import { entitlementView, stateOf } from './views.ts'

/** A line of the sale and how many pieces of it would be given back. */
export interface PlannedLine {
  readonly line: number
  readonly quantity: number
}

/** What the questions below are asked of. */
export interface ClawbackContext {
  readonly read: Reads
  readonly programs: Programs
  readonly nowMs: number
  /** Of the sale. */
  readonly row: FactRow
}

export async function evaluated(
  { read, programs, nowMs, row }: ClawbackContext,
  lines: readonly PlannedLine[],
): Promise<Result<ClawbackEvaluation>> {
  const sale = decodeStoredFact(row.bytes)
  if (sale.kind !== 'sale') return refuse('sale_not_found', `Fact ${row.id} is a ${sale.kind}, not a sale`)
  const beyond = lines.find(({ line }) => line >= sale.lines.length)
  if (beyond !== undefined)
    return refuse('sale_line_unknown', `The sale has ${sale.lines.length} lines, counted from 0`, '/lines')
  if (row.member === 0 || row.status !== 'counted')
    return accept({ sale: idText(row.id), member: null, metrics: [], unused: [] })
  const at = hybridTime(nowMs)
  const program = programs.program(at)
  const plan: Return = {
    ...ownHeader('return', { id: NO_PLACE, at, key: 'plan', program: programs.latest, member: row.member }),
    offset: sale.offset,
    store: sale.store,
    amount: 0 as Money,
    lines: lines.map(({ line, quantity }) => ({
      sale: row.id,
      line,
      sku: sale.lines[line]?.sku ?? '',
      quantity: Math.round(quantity * QUANTITY_UNIT) as Quantity,
      amount: 0 as Money,
    })),
  }
  const revisions = (await read.activitiesOfFacts([row.id])).map(({ effects }) => effects)
  const found = { fact: sale, effects: effectsSum(revisions), program: programs.program(row.at) }
  const past: PastFacts = { find: (id) => (id === row.id ? found : undefined) }
  const state = await currentState(read, row.member)
  const { metrics, unused } = evaluateClawback(program, state, plan, past)
  return accept({
    sale: idText(row.id),
    member: idText(row.member),
    metrics: [...metrics],
    unused: unused.map((one) => heldView(one, program, nowMs)),
  })
}

/** A plan has no place in any ledger. */
const NO_PLACE = 0 as FactId

/** The cancellations that are one request; each tells for which sale it was, so that the request's key belongs to that sale too. */
export function cancellations(sale: FactId, codes: readonly string[], reason: string): HqRequest[] {
  return [...new Set(codes)].map((code) => ({
    kind: 'entitlement',
    code,
    action: 'cancel',
    reason: `${reason} ${ofSale(sale)}`,
  }))
}

function ofSale(sale: FactId): string {
  return `(clawback of sale ${sale})`
}

/** What is left for a reason beside the sale's number. */
export const CLAWBACK_REASON_CHARS_MAX = TEXT_CHARS_MAX - ofSale(Number.MAX_SAFE_INTEGER as FactId).length - 1

/** How things stand after these codes were cancelled. */
export async function processed(
  { read, nowMs, programs, row }: ClawbackContext,
  codes: readonly string[],
): Promise<ClawbackProcessed> {
  const state = await stateNow(read, programs, row.member, nowMs)
  const program = programs.program(hybridTime(nowMs))
  return {
    sale: idText(row.id),
    member: idText(row.member),
    cancelled: state.entitlements
      .filter(({ code, status }) => status === 'cancelled' && codes.includes(code))
      .map((one) => heldView(one, program, nowMs)),
    deficits: deficitsOf(state).map(({ metric, deficit }) => ({ metric, deficit })),
  }
}

async function currentState(read: Reads, member: MemberId): Promise<MemberState> {
  return stateOf((await read.member(member)) ?? { state: null })
}

async function stateNow(
  read: Reads,
  programs: Programs,
  member: MemberId,
  nowMs: number,
): Promise<MemberState> {
  return stateAt(programs.program(hybridTime(nowMs)), await currentState(read, member), member, nowMs)
}

/** With what it cost, so that the merchant can weigh it against what is missing. */
function heldView(one: Entitlement, program: Program | null, nowMs: number): HeldView {
  const perk = program?.redeemPerks.get(one.perk)
  return {
    ...entitlementView(one, program, nowMs),
    points: perk?.points ?? 0,
    metric: perk?.metric ?? 0,
  }
}
