// What HQ can say about a member, as shapes: one per kind of fact. Ids of facts and members are decimal texts; what is left out is not said.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import {
  AttributeChangeShape,
  ENTITLEMENT_ACTIONS,
  IdentityShape,
  SEGMENT_ACTIONS,
} from '../../protocol/facts.ts'
import { ACTIVITY_QUANTITY_MAX, POINTS_MAX } from '../../protocol/limits.ts'
import {
  DateShape,
  KeyShape,
  MetricIdShape,
  MoneyShape,
  NameShape,
  RuleIdShape,
  StoreIdShape,
  TextShape,
  closed,
  oneOf,
  text,
} from '../../protocol/shapes.ts'
import { IdTextShape, TimeTextShape } from './view-shapes.ts'

const request = <K extends string, P extends Record<string, TSchema>>(kind: K, properties: P) =>
  Type.Object(
    {
      kind: Type.Literal(kind),
      ...properties,
      /** When it happened, where that is not now; never in the future. */
      at: Type.Optional(TimeTextShape),
      /** Where it happened; left out: nowhere in particular. */
      store: Type.Optional(StoreIdShape),
      /** The idempotency key, for callers that cannot set the header. */
      id: Type.Optional(KeyShape),
    },
    closed,
  )

const RefereeShape = Type.Union([Type.Object({ member: IdTextShape }, closed), IdentityShape])

export const HQ_REQUEST_SHAPES = {
  profile: request('profile', {
    home_store: Type.Optional(StoreIdShape),
    birthday: Type.Optional(DateShape),
    attributes: Type.Optional(Type.Array(AttributeChangeShape, { maxItems: 100 })),
    membership: Type.Optional(oneOf(['active', 'inactive'])),
    membership_start: Type.Optional(DateShape),
  }),
  activity: request('activity', {
    perk: RuleIdShape,
    quantity: Type.Integer({
      minimum: -ACTIVITY_QUANTITY_MAX,
      maximum: ACTIVITY_QUANTITY_MAX,
      description: 'Pieces; below 0 they are taken back; never 0',
    }),
    amount: Type.Optional(MoneyShape),
  }),
  award: request('award', {
    perk: RuleIdShape,
    /** First and last local day it can be used on; left out: as the perk says. */
    from: Type.Optional(DateShape),
    until: Type.Optional(DateShape),
    reason: TextShape,
  }),
  entitlement: request('entitlement', {
    code: text(4, 32),
    action: oneOf(ENTITLEMENT_ACTIONS),
    /** Of `redate` and `reinstate`: the last day it can be used on; left out: of `redate` none, of `reinstate` as it was. */
    until: Type.Optional(DateShape),
    reason: TextShape,
  }),
  challenge: request('challenge', { challenge: RuleIdShape, action: oneOf(['join', 'leave']) }),
  response: request('response', {
    challenge: RuleIdShape,
    verdict: Type.Optional(oneOf(['submitted', 'approved', 'rejected'])),
    /** The submitted response that a verdict is about. */
    response: Type.Optional(IdTextShape),
  }),
  referral: request('referral', {
    stage: oneOf(['sent', 'received', 'void']),
    source: Type.Optional(text(0, 64)),
    /** Of `sent`: who was referred, as a member or by an identity that somebody may enrol with later. */
    referee: Type.Optional(RefereeShape),
    /** The `sent` fact that `received` and `void` are about. */
    referral: Type.Optional(IdTextShape),
  }),
  segment: request('segment', { segment: RuleIdShape, action: oneOf(SEGMENT_ACTIONS) }),
  /** Takes a sale, a check-in, a grant, a redemption or the use of an entitlement back. */
  void: request('void', { fact: IdTextShape, reason: TextShape }),
  release: request('release', { fact: IdTextShape }),
  merge: request('merge', { merged: IdTextShape }),
  retro_claim: request('retro_claim', { sale: IdTextShape }),
  /** As a till gives, within the program's limit for one grant. */
  grant: request('grant', {
    /** Left out: points. */
    metric: Type.Optional(MetricIdShape),
    points: Type.Integer({ minimum: 1, maximum: POINTS_MAX }),
    reason: TextShape,
  }),
  adjustment: request('adjustment', {
    /** Left out: points. */
    metric: Type.Optional(MetricIdShape),
    points: Type.Integer({ minimum: -POINTS_MAX, maximum: POINTS_MAX }),
    reason: TextShape,
    by: NameShape,
  }),
} as const

export type HqKind = keyof typeof HQ_REQUEST_SHAPES
export const HQ_KINDS = Object.keys(HQ_REQUEST_SHAPES) as HqKind[]
export type HqRequests = { readonly [K in HqKind]: Readonly<Static<(typeof HQ_REQUEST_SHAPES)[K]>> }
export type HqRequest = HqRequests[HqKind]

/** How the winners of a challenge are drawn; without a seed by one of the program's. */
export const DrawRequestShape = Type.Object({ seed: Type.Optional(text(1, 64)) }, closed)
