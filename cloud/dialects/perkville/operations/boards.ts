// Earning and redeeming as customers see them: the boards of a place (VIEW-1) in the platform's fields, in the order to be shown in.
import { refuse } from '../../../../protocol/result.ts'
import type { StoreId } from '../../../../protocol/ids.ts'
import { bodyOf } from '../../../collections/documents.ts'
import type { Json, Row } from '../../../collections/collection.ts'
import type {
  BoardRequest,
  ShownBonus,
  ShownPerk,
  ShownReward,
  ShownValue,
} from '../../../domain/accounts/views/boards.ts'
import type { InputTable } from '../../frame/input.ts'
import type { Outcome } from '../../frame/resource.ts'
import { datetimeText, uriText } from '../../frame/values.ts'
import { refused } from './access.ts'
import type { PerkvilleCall } from './access.ts'
import { readParameters } from './parameters.ts'

const PARAMETERS: InputTable = {
  fields: {
    business: { type: 'key', of: 'businesses', required: true },
    loc_id: { type: 'key', of: 'locations' },
    view_as_user: { type: 'boolean' },
  },
}

/** Types that the platform lists; bonuses stand with what they look at. */
const EARNING_TYPES = new Set([
  'STANDARD',
  'BIRTHDAY',
  'CHECKIN',
  'REFERRAL',
  'REGISTRATION',
  'SOCIAL_POST',
  'VISITOR',
])

export async function listEarning(call: PerkvilleCall): Promise<Outcome> {
  const asked = askedFor(call)
  if (!asked.ok) return asked
  const board = await call.services.accounts.boards.earning(asked.request)
  if (!board.ok) return refused(board.refusal)
  const { store, entries } = board.value
  const shown = entries.filter(({ perk }) => EARNING_TYPES.has(perk.document.type))
  return pageOf(
    call,
    shown.map((entry) => earningRow(entry, store)),
  )
}

export async function listRedeeming(call: PerkvilleCall): Promise<Outcome> {
  const asked = askedFor(call)
  if (!asked.ok) return asked
  const board = await call.services.accounts.boards.redeeming(asked.request)
  if (!board.ok) return refused(board.refusal)
  const { store, entries } = board.value
  return pageOf(
    call,
    entries.map((entry) => redeemingRow(entry, store, call.base)),
  )
}

type Asked = { readonly ok: true; readonly request: BoardRequest } | Extract<Outcome, { ok: false }>

/** The token's customer where that is wanted; else nobody in particular (PK-60). */
function askedFor(call: PerkvilleCall): Asked {
  const read = readParameters(call.params, PARAMETERS)
  if (!read.ok) return read
  const { business, loc_id: location, view_as_user: own } = read.value
  const { principal, tenants } = call
  if (!tenants.includes(Number(business)))
    return refused(refuse('input_invalid', 'There is no such business.', 'business').refusal)
  if (own === true && !principal.scopes.has('USER_CUSTOMER_INFO'))
    return refused(refuse('role_insufficient', 'This needs USER_CUSTOMER_INFO.', 'view_as_user').refusal)
  return {
    ok: true,
    request: {
      tenant: Number(business),
      store: typeof location === 'number' ? (location as StoreId) : null,
      person: own === true ? principal.person : null,
    },
  }
}

function pageOf({ page: { limit, offset } }: PerkvilleCall, rows: readonly Row[]): Outcome {
  return { ok: true, rows: rows.slice(offset, offset + limit + 1) }
}

function earningRow({ perk, document, category, bonuses }: ShownPerk, location: number | null): Row {
  const { points } = perk.document.award
  const body = bodyOf(document)
  const of = (type: ShownBonus['bonus']['type']): ShownBonus[] =>
    bonuses.filter(({ bonus }) => bonus.type === type)
  return {
    ...document,
    location,
    points,
    display_name: body.display_name ?? document.title ?? '',
    shown_category:
      category === null
        ? null
        : {
            category_id: category.id ?? null,
            category_name: category.name ?? null,
            display_order: category.display_order ?? null,
          },
    date_range_bonuses: of('DATE_RANGE').map(dateRangeBonus),
    frequency_bonuses: of('FREQUENCY').map(frequencyBonus),
    time_bonuses: of('TIME').map(timeBonus),
  }
}

function dateRangeBonus({ bonus, document }: ShownBonus): Json {
  const { start = null, end = null } = bonus.document
  return {
    multiplier: multiplierOf(bonus.percent),
    from_date: start,
    to_date: end,
    perk_id: document.id ?? null,
  }
}

function frequencyBonus({ bonus, document, frequency, points, count }: ShownBonus): Json {
  return {
    required_to_earn: bonus.requiredToEarn,
    frequency: bonus.frequency,
    bonus_points: points,
    earned_count: count,
    frequency_bonus_perk_id: frequency?.id ?? null,
    start_date: bonus.document.type === 'FREQUENCY' ? (bonus.document.from_date ?? null) : null,
    perk_id: document.id ?? null,
  }
}

function timeBonus({ bonus, document }: ShownBonus): Json {
  const schedule = bonus.document.type === 'TIME' ? bonus.document.schedule : []
  return {
    multiplier: multiplierOf(bonus.percent),
    time_periods: periodsOf(schedule),
    perk_id: document.id ?? null,
  }
}

/** What the perk's points are multiplied by in all, as text: ours is what comes on top. Null for a bonus of points (PK-61). */
function multiplierOf(percent: number): string | null {
  return percent === 0 ? null : (1 + percent / 100).toFixed(2).replace(/0$/, '')
}

const WEEKDAYS = {
  MON: 'Monday',
  TUE: 'Tuesday',
  WED: 'Wednesday',
  THU: 'Thursday',
  FRI: 'Friday',
  SAT: 'Saturday',
  SUN: 'Sunday',
} as const

type Schedule = Extract<ShownBonus['bonus']['document'], { readonly type: 'TIME' }>['schedule']

function periodsOf(schedule: Schedule): Json {
  const periods: Record<string, string[]> = {}
  for (const { days, from, to } of schedule)
    for (const day of days) (periods[WEEKDAYS[day]] ??= []).push(`${from} - ${to}`)
  return periods
}

function redeemingRow(
  { perk, document, limit, again, attributes }: ShownReward,
  location: number | null,
  base: string,
): Row {
  return {
    ...document,
    location,
    points: perk.points,
    limit_info:
      limit === null
        ? null
        : {
            has_met_limit: limit.remaining === 0,
            redemptions_remaining: limit.remaining,
            next_redemption_opportunity: again === null ? null : datetimeText(again),
          },
    attributes: attributes.map((one) => attributeOf(one, base)),
  }
}

function attributeOf({ value, attribute }: ShownValue, base: string): Json {
  return {
    custom_attribute: uriText(base, 'custom-attributes', Number(attribute.id)),
    custom_attribute_display_name: attribute.display_name ?? '',
    custom_attribute_value: uriText(base, 'custom-attribute-values', Number(value.id)),
    custom_attribute_value_display_name: value.display_name ?? '',
    order: value.rank ?? null,
  }
}
