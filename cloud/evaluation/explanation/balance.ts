// A balance as a sum anyone can check (E-EXP-2): every entry that moved a metric, in order, and the lots and pending amounts that are left of them.
import type { CanonicalPlace } from '../../../protocol/facts.ts'
import type { FactId, RuleId } from '../../../protocol/ids.ts'
import { millisOf } from '../../../protocol/time.ts'
import { POINTS } from '../document/metrics.ts'
import type { Effect, EffectKind } from '../effects.ts'
import { movesAmount } from '../effects.ts'
import { PENDING_STRIDE, accountOf } from '../metrics/metrics.ts'
import type { MemberState } from '../state.ts'
import { lotsOf } from '../state.ts'

/** A fact with what it came to, all revisions together. Its id is 0 for what time has brought and no fact has booked yet. */
export interface Booked {
  readonly fact: CanonicalPlace
  readonly effects: readonly Effect[]
}

export interface BalanceEntry {
  /** 0: not booked yet. */
  readonly fact: FactId
  readonly at: number
  readonly kind: EffectKind
  readonly rule: RuleId
  /** The fact it takes from or gives back to; 0: none. */
  readonly of: number
  readonly amount: number
  /** Sum of the entries so far. */
  readonly total: number
}

export interface ExplainedBalance {
  readonly metric: number
  readonly entries: readonly BalanceEntry[]
  /** What can be spent, by when it expires (ms; null: never). */
  readonly lots: readonly { readonly expires: number | null; readonly amount: number }[]
  /** What cannot be spent before `ready` (ms), when it expires then, and the fact that earned it. */
  readonly pending: readonly {
    readonly ready: number
    readonly expires: number | null
    readonly amount: number
    readonly fact: FactId
  }[]
  /** Points only: kept promises (E-PROM-1), which are in no lot. */
  readonly goodwill: number
  /** What was taken beyond what there was; the next earning fills it. */
  readonly deficit: number
  /** Lots less deficit, plus goodwill and what is pending. */
  readonly total: number
  /** The entries come to that total: false where facts are missing from `booked`. */
  readonly addsUp: boolean
}

/** `booked`: the member's facts in canonical order; `state`: after the last of them. */
export function explainBalance(
  state: MemberState,
  metric: number,
  booked: Iterable<Booked>,
): ExplainedBalance {
  const entries: BalanceEntry[] = []
  let sum = 0
  for (const { fact, effects } of booked) {
    for (const { kind, rule, index, amount, of } of effects) {
      if (index !== metric || !movesAmount(kind)) continue
      sum += amount
      entries.push({ fact: fact.id, at: millisOf(fact.at), kind, rule, of, amount, total: sum })
    }
  }
  const account = accountOf(state, metric)
  const lots = pairsOf(lotsOf(account))
  const pending = pendingOf(state, metric)
  const goodwill = metric === POINTS ? state.goodwill : 0
  const waiting = pending.reduce((total, { amount }) => total + amount, 0)
  const total = account.balance + goodwill + waiting
  const deficit = Math.max(0, -account.balance)
  return { metric, entries, lots, pending, goodwill, deficit, total, addsUp: total === sum }
}

function pairsOf(lots: readonly number[]): ExplainedBalance['lots'] {
  const pairs: { expires: number | null; amount: number }[] = []
  for (let at = 0; at < lots.length; at += 2)
    pairs.push({ expires: lots[at] === 0 ? null : (lots[at] ?? null), amount: lots[at + 1] ?? 0 })
  return pairs
}

function pendingOf({ more }: MemberState, metric: number): ExplainedBalance['pending'] {
  const found: ExplainedBalance['pending'][number][] = []
  const pending = more?.pending ?? []
  for (let at = 0; at < pending.length; at += PENDING_STRIDE) {
    const [of, ready = 0, amount = 0, fact = 0, expires = 0] = pending.slice(at, at + PENDING_STRIDE)
    if (of === metric)
      found.push({ ready, expires: expires === 0 ? null : expires, amount, fact: fact as FactId })
  }
  return found
}
