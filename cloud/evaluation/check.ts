// Checks a program document when it is written (E-DOC-1): the schema, then what a schema cannot say. Every issue names the path and
// what to do, because its reader is a person at HQ who will mend it.
import type { RuleId } from '../../protocol/ids.ts'
import { DAY_MS } from '../../protocol/time.ts'
import { validator } from '../../protocol/validation.ts'
import type { ProgramDocument } from './document.ts'
import { ProgramDocumentShape } from './document.ts'

export interface DocumentIssue {
  /** JSON pointer into the document. */
  readonly path: string
  readonly message: string
}

const documentValidator = validator(ProgramDocumentShape)

/** Days since 1970 of a YYYY-MM-DD, or undefined when there is no such day. */
export function dayOfDate(date: string): number | undefined {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== date ? undefined : ms / DAY_MS
}

export type CheckedDocument =
  | { readonly ok: true; readonly document: ProgramDocument }
  | { readonly ok: false; readonly issues: readonly DocumentIssue[] }

export function checkDocument(input: unknown): CheckedDocument {
  if (!documentValidator.accepts(input)) {
    const { path, message } = documentValidator.explain(input)
    return { ok: false, issues: [{ path, message }] }
  }
  const issues = [...uniqueIds(input), ...tierOrder(input), ...references(input), ...dates(input)]
  return issues.length === 0 ? { ok: true, document: input } : { ok: false, issues }
}

function* rulesOf(document: ProgramDocument): Generator<{ path: string; id: RuleId }> {
  for (const list of ['tiers', 'earn_perks', 'bonuses', 'redeem_perks'] as const) {
    for (const [index, { id }] of document[list].entries()) yield { path: `/${list}/${index}/id`, id }
  }
}

function* uniqueIds(document: ProgramDocument): Generator<DocumentIssue> {
  const seen = new Map<RuleId, string>()
  for (const { path, id } of rulesOf(document)) {
    const first = seen.get(id)
    if (first !== undefined)
      yield { path, message: `id ${id} is used at ${first} already; give every rule its own` }
    else seen.set(id, path)
  }
}

function* tierOrder(document: ProgramDocument): Generator<DocumentIssue> {
  let floor = -1
  for (const [index, tier] of document.tiers.entries()) {
    const path = `/tiers/${index}/point_floor`
    if (index === 0 && tier.point_floor !== 0)
      yield { path, message: 'the first tier starts at 0, so that every member has one' }
    if (tier.point_floor <= floor)
      yield { path, message: `floors must rise: ${tier.point_floor} comes after ${floor}; reorder the tiers` }
    floor = tier.point_floor
  }
}

function* references(document: ProgramDocument): Generator<DocumentIssue> {
  const tiers = new Set(document.tiers.map(({ id }) => id))
  const earnPerks = new Map(document.earn_perks.map(({ id, type }) => [id, type]))
  const vouchers = new Set(
    document.redeem_perks.filter((perk) => perk.voucher !== undefined).map(({ id }) => id),
  )
  for (const list of ['earn_perks', 'bonuses', 'redeem_perks'] as const) {
    for (const [index, rule] of document[list].entries()) {
      if (rule.required_tier !== undefined && !tiers.has(rule.required_tier))
        yield { path: `/${list}/${index}/required_tier`, message: `there is no tier ${rule.required_tier}` }
    }
  }
  for (const [index, tier] of document.tiers.entries()) {
    if (tier.entry_perk !== undefined && !vouchers.has(tier.entry_perk))
      yield {
        path: `/tiers/${index}/entry_perk`,
        message: `there is no redeem perk ${tier.entry_perk} with a voucher`,
      }
  }
  for (const [index, { perks = [] }] of document.bonuses.entries()) {
    for (const [position, id] of perks.entries()) {
      const path = `/bonuses/${index}/perks/${position}`
      const type = earnPerks.get(id)
      if (type === undefined) yield { path, message: `there is no earn perk ${id}` }
      else if (type !== 'STANDARD')
        yield {
          path,
          message: `perk ${id} is not STANDARD: bonuses look at the points of sales; leave it out`,
        }
    }
  }
  for (const [index, perk] of document.earn_perks.entries()) {
    if (perk.type === 'STANDARD') continue
    if (perk.award.kind !== 'fixed')
      yield {
        path: `/earn_perks/${index}/award/kind`,
        message: `a ${perk.type} perk has no lines to count; use "fixed"`,
      }
    for (const field of ['skus', 'categories', 'minimum_amount'] as const) {
      if (perk[field] !== undefined)
        yield {
          path: `/earn_perks/${index}/${field}`,
          message: `a ${perk.type} perk has no basket; leave it out`,
        }
    }
  }
  for (const [index, perk] of document.redeem_perks.entries()) {
    const { limit } = perk
    if (limit !== undefined && (limit.interval === 'ALL_TIME') !== (limit.interval_count === undefined))
      yield {
        path: `/redeem_perks/${index}/limit/interval_count`,
        message:
          limit.interval === 'ALL_TIME' ? 'ALL_TIME takes no interval_count' : 'say how many intervals',
      }
  }
}

function* dates(document: ProgramDocument): Generator<DocumentIssue> {
  for (const list of ['earn_perks', 'bonuses', 'redeem_perks'] as const) {
    for (const [index, rule] of document[list].entries()) {
      const days: Partial<Record<'start' | 'end' | 'from_date', number>> = {}
      for (const field of ['start', 'end', 'from_date'] as const) {
        const date = (rule as Partial<Record<typeof field, string>>)[field]
        if (date === undefined) continue
        const day = dayOfDate(date)
        if (day === undefined)
          yield { path: `/${list}/${index}/${field}`, message: `there is no day ${date}` }
        else days[field] = day
      }
      if (days.start !== undefined && days.end !== undefined && days.end < days.start)
        yield { path: `/${list}/${index}/end`, message: 'the end lies before the start; exchange them' }
      if ('frequency' in rule && (rule.frequency === 'FROM_DATE') !== (rule.from_date !== undefined))
        yield {
          path: `/${list}/${index}/from_date`,
          message: 'from_date goes with FROM_DATE, and only with it',
        }
    }
  }
}
