// Fields that are taken and never matter: what they would bound is bounded already, or never comes. Nothing breaks; their author expects something
// of them all the same.
import type { ProgramDocument } from '../document/program.ts'
import type { DocumentWarning } from './issue.ts'
import { isActive, placed, placedIn } from './places.ts'
import type { Item } from './places.ts'

export function* idleWarnings(document: ProgramDocument): Generator<DocumentWarning> {
  yield* ofCaps(document)
  yield* ofTiers(document)
  if (document.lateness === 'honour' && document.goodwill_points_max === 0)
    yield idle(
      '/lateness',
      '"honour" keeps promises up to goodwill_points_max, which is 0; raise it, or say "rewrite"',
    )
  for (const { path, item } of placed(document, 'earn_perks'))
    if (item.once_per_day === true && (item.type === 'REGISTRATION' || item.type === 'BIRTHDAY'))
      yield idle(`${path}/once_per_day`, `a ${item.type} perk is never given twice a day; leave it out`)
  for (const { path, item } of [
    { path: '/points', item: document.points ?? {} },
    ...placed(document, 'metrics'),
  ])
    if (item.warn_days !== undefined && item.expiry === undefined)
      yield idle(
        `${path}/warn_days`,
        'nothing expires, so nobody is warned; say how it expires, or leave it out',
      )
  for (const { path, item } of placed(document, 'aggregates'))
    if (item.of === 'last_visit_days' && item.window !== undefined)
      yield idle(`${path}/window`, 'the last visit is the last one whenever it was; leave the window out')
  for (const { path, item } of placed(document, 'response_challenges'))
    if (item.interval_days !== undefined && item.per_member === 1)
      yield idle(`${path}/interval_days`, 'a member responds once only, so no days lie between; leave it out')
  for (const { path, item } of placed(document, 'redeem_perks'))
    if (item.voucher?.initial_status === 'used')
      for (const field of ['from_days', 'valid_days', 'schedule', 'uses'] as const)
        if (item.voucher[field] !== undefined)
          yield idle(`${path}/voucher/${field}`, 'it is used up in the moment it is issued; leave it out')
}

function idle(path: string, message: string): DocumentWarning {
  return { path, code: 'field_idle', message }
}

/** From the narrowest: the wider one of two never cuts if it is not above the other. */
const CAPS = ['per_sale', 'per_day', 'per_member'] as const

function* ofCaps(document: ProgramDocument): Generator<DocumentWarning> {
  for (const { path, item } of placedIn(document, ['earn_perks', 'bonuses', 'groups'])) {
    if (!isActive('id' in item ? item : {})) continue
    const caps: NonNullable<Item<'groups'>['caps']> = item.caps ?? {}
    for (const [index, narrow] of CAPS.entries())
      for (const wide of CAPS.slice(index + 1)) {
        const [least, most] = [caps[narrow], caps[wide]]
        if (least === undefined || most === undefined || least <= most) continue
        yield {
          path: `${path}/caps/${narrow}`,
          code: 'cap_idle',
          message: `${least} ${narrow} is never reached, because ${wide} is ${most}; lower it, or leave it out`,
        }
        break
      }
  }
}

function* ofTiers(document: ProgramDocument): Generator<DocumentWarning> {
  for (const [index, { path, item }] of [...placed(document, 'tiers')].entries()) {
    const first = index === 0
    if (item.keep !== undefined && (first || document.tier_period === undefined))
      yield idle(
        `${path}/keep`,
        first
          ? 'the first tier has no end; leave it out'
          : 'without "tier_period" a tier lasts as long as it is reached; say how long it is kept, or leave it out',
      )
    if (first && item.exit_cancels !== undefined)
      yield idle(`${path}/exit_cancels`, 'nobody falls out of the first tier; leave it out')
    if (first && item.entry_points !== undefined)
      yield idle(`${path}/entry_points`, 'nobody rises into the first tier; use a REGISTRATION perk')
  }
}
