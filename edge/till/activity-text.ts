// What a manager reads on the feed, in plain words, as JSON text of ActivityShape in answers.ts. Members are masked (F-4): a feed hangs in a back
// office where anybody may look at it.
// Hot: factActivity. Budget: 2 microseconds.
import type { EffectBuffer } from '../../cloud/evaluation/effects.ts'
import { POINTS } from '../../cloud/evaluation/document/metrics.ts'
import { authorityOf } from '../../protocol/facts.ts'
import { unreachable } from '../../protocol/result.ts'
import type { AuthorityWord, Grant } from '../../protocol/facts.ts'
import { millisOf } from '../../protocol/time.ts'
import type { ActivityKind } from './answers.ts'
import type { OpenFact, Plan } from './plan.ts'
import { bonusesGiven, tierChange, vouchersIssued } from './receipt-text.ts'
import type { Wording } from './wording.ts'
import { counted, escaped, maskedMember, timeText } from './wording.ts'

export interface FeedPlace {
  readonly position: number
  readonly epoch: number
}

export function factActivity(
  { position, epoch }: FeedPlace,
  { fact, card, perk }: Plan,
  effects: EffectBuffer,
  wording: Wording,
): string {
  const label =
    card?.escapedLabel ?? (fact.claim === null ? null : escaped(maskedMember(null, fact.claim.value)))
  const change = tierChange(effects)
  const tier = change === null ? null : wording.escapedTitle(change.to)
  const vouchers = vouchersIssued(effects)
  const amount = fact.kind === 'sale' || fact.kind === 'return' ? fact.amount : null
  let text = sentence(fact, label, wording, perk) + bonusesGiven(effects, wording)
  if (tier !== null && change !== null && change.from !== 0) text += `, now ${tier}`
  if (vouchers > 0) text += `, ${counted(vouchers, 'voucher')}`
  return (
    `{"position":${position},"epoch":${epoch},"time":"${timeText(millisOf(fact.at))}","kind":"${fact.kind}","fact":"${fact.id}",` +
    `"terminal":${JSON.stringify(fact.terminal)},"member":${label === null ? 'null' : `"${label}"`},"amount":${amount ?? 'null'},` +
    `"points":${fact.promised},"status":"${fact.confirmed ? 'confirmed' : 'provisional'}",` +
    `"tier":${tier === null ? 'null' : `"${tier}"`},"vouchers":${vouchers},"text":"${text}"}`
  )
}

/** `3 of Stamps`, of a metric other than points. */
function amountText({ metric, points }: Pick<Grant, 'metric' | 'points'>, wording: Wording): string {
  return `${points} of ${wording.escapedTitle(metric)}`
}

/** Made of parts that are escaped already. */
function sentence(fact: OpenFact, label: string | null, wording: Wording, perk: number): string {
  const who = label ?? 'a guest'
  const points = fact.promised
  const gained = points === 0 ? '' : `: ${counted(points, 'point')}`
  switch (fact.kind) {
    case 'sale':
      return `Sale of ${wording.amount(fact.amount)} to ${who}${gained}`
    case 'return':
      return `Return of ${wording.amount(fact.amount)} by ${who}${taken(points)}`
    case 'void':
      return `Void for ${who}${taken(points)}`
    case 'checkin':
      return `Check-in of ${who}${gained}`
    case 'enrolment':
      return `New member ${who}${gained}`
    case 'grant':
      return fact.metric === POINTS
        ? `${counted(points, 'point')} given to ${who}`
        : `${amountText(fact, wording)} given to ${who}`
    case 'redemption':
      return redemptionSentence(fact, who, wording.escapedTitle(perk))
    case 'voucher_use':
      return `${who} used a voucher${perk === 0 ? '' : `: ${wording.escapedTitle(perk)}`}`
    case 'adjustment':
      return fact.metric === POINTS
        ? `Head office adjusted the points of ${who}${gained}`
        : `Head office adjusted ${who} by ${amountText(fact, wording)}`
    case 'lease':
      return fact.stage === 'expired'
        ? `${counted(fact.lines.length, 'share')} of what may be spent here offline ran out`
        : `${counted(fact.lines.length, 'share')} of what may be spent here offline went back to HQ, as it asked`
    // HQ's and the platforms' facts are made in the cloud; a store that tells of one says whose it is.
    case 'profile':
    case 'activity':
    case 'award':
    case 'entitlement':
    case 'challenge':
    case 'response':
    case 'referral':
    case 'segment':
    case 'release':
    case 'moment':
    case 'merge':
    case 'retro_claim':
    case 'resolution':
      return `Changed for ${who}${gained}`
    default:
      return unreachable(fact)
  }
}

function taken(points: number): string {
  return points < 0 ? `: ${counted(-points, 'point')} taken back` : ''
}

/** What a manager should know of a spending that the cloud did not decide. */
const UNDER: Readonly<Record<AuthorityWord, string>> = {
  cloud: '',
  lease: ', out of what this store may spend offline',
  risk: ", offline at the merchant's risk",
}

function redemptionSentence(
  fact: Extract<OpenFact, { kind: 'redemption' }>,
  who: string,
  title: string,
): string {
  const { stage, of, points } = fact
  switch (stage) {
    case 'reserved':
      return `${who} reserved ${title} for ${counted(points, 'point')}${UNDER[authorityOf(fact)]}`
    case 'captured':
      return of === 0
        ? `${who} redeemed ${title} for ${counted(points, 'point')}${UNDER[authorityOf(fact)]}`
        : `${who} got the reserved ${title}`
    case 'cancelled':
      return `${title} was cancelled for ${who}: ${counted(points, 'point')} given back`
    default:
      return unreachable(stage)
  }
}

/** An activity that is not a fact of this store. */
export interface Told {
  readonly kind: ActivityKind
  readonly at: number
  readonly fact: number | null
  readonly terminal?: string
  readonly member: string | null
  readonly points: number
  readonly text: string
}

export function toldActivity(
  { position, epoch }: FeedPlace,
  { kind, at, fact, terminal, member, points, text }: Told,
): string {
  return JSON.stringify({
    position,
    epoch,
    time: timeText(at),
    kind,
    fact: fact === null || fact === 0 ? null : String(fact),
    terminal: terminal ?? null,
    member,
    amount: null,
    points,
    status: null,
    tier: null,
    vouchers: 0,
    text,
  })
}
