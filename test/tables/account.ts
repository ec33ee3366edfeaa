// Cases about amounts in time: every row says what happened on it (`when | what | effects`), and the end what each metric's account holds. Local days are
// London's.
import { expect } from 'vitest'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Effect, EffectKind } from '../../cloud/evaluation/effects.ts'
import { statusOfNumber } from '../../cloud/evaluation/spending/entitlement-statuses.ts'
import { accountOf, pendingIn } from '../../cloud/evaluation/metrics/metrics.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { lotsOf } from '../../cloud/evaluation/state.ts'
import { MINUTE_MS, zoneOffset } from '../../protocol/time.ts'
import type { Versions } from './story.ts'
import { program, tell } from './story.ts'

export interface AccountCase {
  readonly rule: string
  readonly name: string
  readonly program: Readonly<Record<string, unknown>> | Versions
  /** `when | what | effects`: of each its kind, rule and amount, and the metric where it is not points; `-` for none. */
  readonly story: readonly string[]
  /** By metric, points being 0: `balance 5, pending 0, lifetime 5, spent 0`, then the lots. */
  readonly ends?: Readonly<Record<number, string>>
  readonly tier?: number
}

export function documentOf(parts: AccountCase['program']): ProgramDocument | Versions {
  return Array.isArray(parts) ? (parts as Versions) : program(parts as Readonly<Record<string, unknown>>)
}

/** Asserts that every row came to what it says, and that the accounts end as written. */
export function comesTo(shown: AccountCase): void {
  const told = tell(documentOf(shown.program), shown.story.map(question))
  expect(told.map(({ row, effects }) => `${row} | ${effectsText(effects)}`)).toEqual(
    shown.story.map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .join(' | '),
    ),
  )
  const last = told.toSorted((a, b) => a.after.facts - b.after.facts).at(-1)?.after
  if (last === undefined) return
  for (const [metric, text] of Object.entries(shown.ends ?? {}))
    expect(accountText(last, Number(metric))).toBe(text)
  if (shown.tier !== undefined) expect(last.tier).toBe(shown.tier)
}

/** A row without what came of it. */
export function question(row: string): string {
  const [when = '', what = ''] = row.split('|').map((cell) => cell.trim())
  return `${when} | ${what}`
}

/** Kinds whose index is no metric. */
const NO_METRIC: readonly EffectKind[] = ['voucher_issued', 'entitlement_refused']

export function effectsText(effects: readonly Effect[]): string {
  const texts = effects.map(({ kind, rule, index, amount }) => {
    if (kind === 'tier') return `tier ${rule}`
    if (kind === 'entitlement') return `entitlement ${rule} ${statusOfNumber(amount)}`
    const said = `${kind}${rule > 0 ? ` ${rule}` : ''} ${amount}`
    return index === 0 || NO_METRIC.includes(kind) ? said : `${said} of metric ${index}`
  })
  return texts.length === 0 ? '-' : texts.join(', ')
}

export function accountText(state: MemberState, metric: number): string {
  const account = accountOf(state, metric)
  const { balance, lifetime, spent } = account
  const lots: string[] = []
  const all = lotsOf(account)
  for (let at = 0; at < all.length; at += 2) lots.push(`${all[at + 1]} ${untilText(all[at] ?? 0)}`)
  const sums = `balance ${balance}, pending ${pendingIn(state, metric)}, lifetime ${lifetime}, spent ${spent}`
  return [sums, ...lots].join(', ')
}

function untilText(expires: number): string {
  return expires === 0 ? 'for ever' : `until ${lastDayText(expires)}`
}

/** The last local day before an instant. */
export function lastDayText(ms: number): string {
  return new Date(ms - 1 + zoneOffset('Europe/London', ms - 1) * MINUTE_MS).toISOString().slice(0, 10)
}
