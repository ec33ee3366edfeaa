// HQ's words as facts: pure, so that a repeated request can be built again and compared with what was recorded (K-3). The first fact is the one the
// request is answered with; others are about other members and stand right after it.
import type { Fact, FactKind, Identity } from '../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER, idFromText } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { assert, unreachable } from '../../protocol/result.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import type { OwnHeader } from './ingest/own-facts.ts'
import { ownHeader } from './ingest/own-facts.ts'
import type { HqRequest, HqRequests } from './hq-requests.ts'

/** A member, or an identity that somebody may enrol with later. */
export interface Referee {
  readonly member: MemberId
  readonly claim: Identity | null
}

/** What a request does not say, because the cloud counts it or looks it up. */
export interface Added {
  /** A response's place among all, and in the prize's period. */
  readonly number: number
  readonly numberInPeriod: number
  readonly seed: string
  /** Of a referral that is voided: the one who was referred. */
  readonly referee: Referee | null
}

export const NOTHING_ADDED: Added = { number: 1, numberInPeriod: 1, seed: '', referee: null }

/** The key of a fact that stands beside the first one. */
export function companionKey(kind: FactKind, first: FactId): string {
  return `${kind}-with-${first}`
}

export function factOfText(text: string | undefined): FactId {
  return (text === undefined ? undefined : idFromText<FactId>(text)) ?? NO_FACT
}

export function memberOfText(text: string): MemberId {
  return idFromText<MemberId>(text) ?? NO_MEMBER
}

export function refereeOf({ referee }: HqRequests['referral']): Referee | null {
  if (referee === undefined) return null
  return 'member' in referee
    ? { member: memberOfText(referee.member), claim: null }
    : { member: NO_MEMBER, claim: { kind: referee.kind, value: referee.value } }
}

export function buildFacts(request: HqRequest, header: OwnHeader, added: Added): readonly [Fact, ...Fact[]] {
  switch (request.kind) {
    case 'profile':
      return [profileOf(request, header)]
    case 'activity':
      return [
        {
          ...ownHeader('activity', header),
          perk: request.perk,
          quantity: request.quantity,
          amount: request.amount ?? null,
        },
      ]
    case 'award':
      return [
        {
          ...ownHeader('award', header),
          perk: request.perk,
          from: request.from ?? null,
          until: request.until ?? null,
          reason: request.reason,
        },
      ]
    case 'entitlement': {
      const { code, action, until = null, reason } = request
      return [{ ...ownHeader('entitlement', header), code, action, until, reason }]
    }
    case 'challenge': {
      const { challenge, action } = request
      return [{ ...ownHeader('challenge', header), challenge, action }]
    }
    case 'response':
      return [
        {
          ...ownHeader('response', header),
          challenge: request.challenge,
          verdict: request.verdict ?? 'submitted',
          of: factOfText(request.response),
          number: added.number,
          number_in_period: added.numberInPeriod,
          seed: added.seed,
        },
      ]
    case 'referral':
      return referralsOf(request, header, added)
    case 'segment': {
      const { segment, action } = request
      return [{ ...ownHeader('segment', header), segment, action }]
    }
    case 'release':
      return [{ ...ownHeader('release', header), fact: factOfText(request.fact) }]
    case 'void':
      return [{ ...ownHeader('void', header), fact: factOfText(request.fact), reason: request.reason }]
    case 'merge':
      return [{ ...ownHeader('merge', header), merged: memberOfText(request.merged) }]
    case 'retro_claim':
      return [{ ...ownHeader('retro_claim', header), sale: factOfText(request.sale) }]
    case 'grant': {
      const points = request.points as Points
      const { metric = POINTS, reason } = request
      // A promise is of points.
      const promised = metric === POINTS ? points : (0 as Points)
      return [{ ...ownHeader('grant', { ...header, promised }), metric, points, reason }]
    }
    case 'adjustment': {
      const points = request.points as Points
      const { metric = POINTS, reason, by } = request
      // A promise is of points.
      const promised = metric === POINTS ? points : (0 as Points)
      return [{ ...ownHeader('adjustment', { ...header, promised }), metric, points, reason, by }]
    }
    default:
      return unreachable(request)
  }
}

function profileOf(request: HqRequests['profile'], header: OwnHeader): Fact {
  return {
    ...ownHeader('profile', header),
    home_store: request.home_store ?? null,
    birthday: request.birthday ?? null,
    attributes: (request.attributes ?? []).map(({ name, value }) => ({ name, value })),
    membership: request.membership ?? null,
    membership_start: request.membership_start ?? null,
  }
}

function referralsOf(
  request: HqRequests['referral'],
  header: OwnHeader,
  added: Added,
): readonly [Fact, ...Fact[]] {
  const { stage, source = '' } = request
  const sent = factOfText(request.referral)
  const first = { ...ownHeader('referral', header), stage, of: stage === 'sent' ? NO_FACT : sent, source }
  const referee = stage === 'sent' ? refereeOf(request) : stage === 'void' ? added.referee : null
  if (referee === null) return [first]
  assert(stage !== 'received', 'a received referral is a fact of the one who was referred alone')
  const beside = {
    ...header,
    ...referee,
    id: (header.id + 1) as FactId,
    key: companionKey('referral', header.id),
  }
  const received = {
    ...ownHeader('referral', beside),
    stage: stage === 'sent' ? ('received' as const) : stage,
    of: stage === 'sent' ? header.id : sent,
    source,
  }
  return [first, received]
}
