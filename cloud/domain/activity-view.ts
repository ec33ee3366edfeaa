// An activity in plain words, for the live feed. Who watches a feed is not always who may see members: names are shown as initials and
// identities as their last two characters, whatever the reader's rights.
import type { Identity } from '../../protocol/facts.ts'
import { fromScaled } from '../../protocol/numbers.ts'
import { unreachable } from '../../protocol/result.ts'
import type { Program } from '../evaluation/compile.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { Effect, EffectKind } from '../evaluation/effects.ts'
import type { Programs } from '../evaluation/programs.ts'
import type { ActivityRow } from '../store/port.ts'
import type { ActivityView } from './view-shapes.ts'
import { hybridText, idOrNull, pointsAdded, titleOf } from './views.ts'

/** Which identity says most in two characters: e-mail addresses all end alike. */
const TELLING: readonly Identity['kind'][] = ['phone', 'card', 'external_id', 'email']

/** `J. D. …42` */
export function maskedMember(name: string | null, identities: readonly Identity[]): string {
  const initials = (name ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, 3)
    .map((word) => `${Array.from(word)[0]?.toUpperCase() ?? ''}.`)
  const identity = identities.toSorted((a, b) => TELLING.indexOf(a.kind) - TELLING.indexOf(b.kind))[0]
  const tail = identity === undefined ? '' : `…${Array.from(identity.value).slice(-2).join('')}`
  return [...initials, tail].filter((part) => part !== '').join(' ') || 'a member'
}

export interface FeedNames {
  readonly programs: Programs
  storeName(id: number): string
  /** Masked; null for no member. */
  memberName(id: number): string | null
}

export function activityView(row: ActivityRow, names: FeedNames): ActivityView {
  const program = names.programs.program(row.at)
  const tier = row.effects.findLast(({ kind }) => kind === 'tier')
  const member = row.member > 0 ? names.memberName(row.member) : null
  return {
    position: row.position,
    time: hybridText(row.at),
    kind: row.kind,
    fact: idOrNull(row.fact),
    revision: row.revision,
    cause: idOrNull(row.cause),
    store: { id: row.store, name: names.storeName(row.store) },
    member,
    amount: row.amount,
    ...pointsAdded(row.effects),
    points_total: row.points,
    tier:
      tier === undefined || tier.amount <= 0
        ? null
        : (titleOf(program, tier.amount) ?? `Tier ${tier.amount}`),
    vouchers: row.effects.reduce(
      (sum, { kind, amount }) => sum + (kind === 'voucher_issued' ? amount : 0),
      0,
    ),
    code: row.notice?.code ?? null,
    text: textOf(row, program, member),
  }
}

function textOf(row: ActivityRow, program: Program | null, member: string | null): string {
  const tail = [tierText(row.effects, program), voucherText(row.effects, program), goodwillText(row.effects)]
  return [headText(row, program, member), ...tail].filter((part) => part !== '').join(', ')
}

/** `+40 points`, or `+3 of Stamps`. */
function movedText(effects: readonly Effect[], program: Program | null, wanted: EffectKind): string {
  const { index = POINTS, amount = 0 } = effects.find(({ kind }) => kind === wanted) ?? {}
  return index === POINTS
    ? `${signed(amount)} points`
    : `${signed(amount)} of ${titleOf(program, index) ?? `metric ${index}`}`
}

function headText(row: ActivityRow, program: Program | null, member: string | null): string {
  const { points } = pointsAdded(row.effects)
  const money = row.amount === null ? '' : moneyText(row.amount, program)
  const who = member ?? 'a guest'
  switch (row.kind) {
    case 'sale':
      return `Sale of ${money} to ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'return':
      return `Return of ${money} by ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'void':
      return `Void for ${who}: ${signed(points)} points`
    case 'checkin':
      return `Check-in of ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'enrolment':
      return `New member ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'grant':
      return `Given to ${who}: ${movedText(row.effects, program, 'grant')}`
    case 'redemption':
      return redemptionText(row.effects, program, who)
    case 'voucher_use':
      return row.effects.some(({ kind }) => kind === 'voucher_reused')
        ? `Voucher of ${who} used a second time`
        : `Voucher used by ${who}`
    case 'adjustment':
      return `HQ adjusted ${who}: ${movedText(row.effects, program, 'adjust')}`
    case 'profile':
      return `Profile of ${who} changed`
    case 'activity':
      return `Activity of ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'award':
      return `Award given to ${who}`
    case 'entitlement':
      return `Entitlement of ${who} changed`
    case 'challenge':
      return `${who} joined or left a challenge`
    case 'response':
      return `Challenge response of ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'referral':
      return `Referral of ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'segment':
      return `HQ changed a segment of ${who}`
    case 'release':
      return `Pending points of ${who} released`
    case 'moment':
      return `Due for ${who}${points === 0 ? '' : `: ${signed(points)} points`}`
    case 'merge':
      return `Two members became one: ${who}`
    case 'resolution':
      return `HQ decided about a conflict of ${who}`
    case 'retro_claim':
      return `${who} claimed an earlier sale`
    case 'lease':
      return row.notice?.text ?? 'What stores may spend without the cloud changed'
    case 'correction':
      return `Corrected for ${who}: ${signed(points)} points, because an earlier fact came late`
    case 'notice':
    case 'conflict':
      return row.notice?.text ?? ''
    default:
      return unreachable(row.kind)
  }
}

function redemptionText(effects: readonly Effect[], program: Program | null, who: string): string {
  const moved = effects.find(({ kind }) => kind === 'spend' || kind === 'restore')
  const title = moved === undefined ? null : titleOf(program, moved.rule)
  const what = title === null ? 'a reward' : `"${title}"`
  if (moved === undefined) return `Redemption of ${who} completed`
  return moved.kind === 'spend'
    ? `${who} redeemed ${what} for ${-moved.amount} points`
    : `${who} got ${moved.amount} points back: ${what} was cancelled`
}

function tierText(effects: readonly Effect[], program: Program | null): string {
  const tier = effects.findLast(({ kind, amount }) => kind === 'tier' && amount > 0)
  return tier === undefined ? '' : `now ${titleOf(program, tier.amount) ?? `tier ${tier.amount}`}`
}

function voucherText(effects: readonly Effect[], program: Program | null): string {
  const issued = effects.filter(({ kind, amount }) => kind === 'voucher_issued' && amount > 0)
  if (issued.length === 0) return ''
  return `voucher for ${issued.map(({ rule }) => `"${titleOf(program, rule) ?? rule}"`).join(' and ')}`
}

function goodwillText(effects: readonly Effect[]): string {
  const { goodwill } = pointsAdded(effects)
  return goodwill === 0 ? '' : `${signed(goodwill)} goodwill so that the receipt holds`
}

function moneyText(amount: number, program: Program | null): string {
  if (program === null) return String(amount)
  const { currency, currency_digits } = program.document
  return `${fromScaled(amount, currency_digits)} ${currency}`
}

function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points)
}
