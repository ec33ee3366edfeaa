// What can be redeemed, as HQ sees it: what is left of each perk's budget, and of a member's own limits; whether the member could redeem it now is
// asked as the authority would be asked, of what is committed.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import type { StoreId } from '../../protocol/ids.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import { closed, oneOf, orNull } from '../../protocol/shapes.ts'
import { hybridTime, localDay } from '../../protocol/time.ts'
import type { Millis, ZoneOffset } from '../../protocol/time.ts'
import type { Program, RedeemPerk } from '../evaluation/compile.ts'
import { situationAt } from '../evaluation/conditions/condition.ts'
import { RedeemConditionShape } from '../evaluation/explanation/redeem-condition-shape.ts'
import { redeemConditions } from '../evaluation/explanation/redemptions.ts'
import { limitText, mayHold, standingOf } from '../evaluation/spending/limits.ts'
import { leastNamed } from '../evaluation/spending/offers.ts'
import { mayRedeem } from '../evaluation/spending/spending.ts'
import type { MemberState } from '../evaluation/state.ts'
import type { Reads, TenantId } from '../store/port.ts'
import { heldFor } from './authority.ts'
import { budgetUse, countOf } from './budgets.ts'
import type { BudgetUse } from './budgets.ts'
import type { Claims } from './leases/member-books.ts'

const Int = Type.Integer()
const OptionalInt = orNull(Int)

export const PerkViewShape = Type.Object(
  {
    id: Int,
    title: Type.String(),
    points: Type.Integer({ description: 'For points as money the fewest that are worth anything' }),
    metric: Type.Integer({ description: '0 is points' }),
    limit: orNull(Type.String({ description: 'Of one member, in words' })),
    remaining: orNull(
      Type.Integer({
        description:
          "What the member's limit still allows, open decisions and leases taken off; null: no limit",
      }),
    ),
    again_from: orNull(
      Type.String({ description: 'Local date from which the limit allows another, when none remains' }),
    ),
    may_hold: orNull(
      Type.Integer({ description: 'How many more of its vouchers the member may hold; null: any number' }),
    ),
    budget: orNull(
      Type.Object(
        {
          total: orNull(Type.Integer({ description: 'Redemptions of all members there may be; null: any' })),
          redeemed: Type.Integer({ description: 'And not given back, open decisions included' }),
          leased: Type.Integer({ description: 'To stores, not redeemed yet' }),
          left: orNull(Type.Integer({ description: 'Neither redeemed nor leased; null without a total' })),
          per_store: OptionalInt,
          here: orNull(
            Type.Object(
              { store: Int, redeemed: Int, leased: Int, left: OptionalInt },
              { ...closed, description: 'The same of the store that is asked about' },
            ),
          ),
        },
        closed,
      ),
    ),
    available: orNull(
      Type.Boolean({ description: 'Whether the member could redeem it now; null without a member' }),
    ),
    refused: orNull(oneOf(Object.keys(REFUSALS) as RefusalCode[])),
    detail: orNull(Type.String()),
    conditions: Type.Array(RedeemConditionShape, {
      description:
        'What a redemption by the member now is asked, in order, to the first that does not hold; none without a member',
    }),
  },
  closed,
)
export type PerkView = Readonly<Static<typeof PerkViewShape>>

/** Whoever is asked about, with all that time has brought, and what others hold of it. */
export interface PerkHolder {
  readonly state: MemberState
  readonly claims: Claims
}

export interface PerkScene {
  readonly read: Reads
  readonly tenant: TenantId
  readonly program: Program
  readonly now: Millis
  /** Where it would be redeemed, and its wall clock. */
  readonly store: StoreId
  readonly offset: ZoneOffset
  /** The caller named the store. */
  readonly here: boolean
  readonly holder: PerkHolder | null
}

export async function perkView(scene: PerkScene, perk: RedeemPerk): Promise<PerkView> {
  const { read, tenant, now, here, store } = scene
  const { title, limit, budget } = perk.document
  const use = budget === undefined ? null : await budgetUse(read, tenant, perk.id, now)
  return {
    id: perk.id,
    title,
    points: leastNamed(perk) ?? perk.points,
    metric: perk.metric,
    limit: limit === undefined ? null : limitText(limit),
    budget: use && budgetView(perk, use, here ? store : null),
    ...ofHolder(scene, perk, use),
  }
}

function budgetView(
  { document: { budget } }: RedeemPerk,
  { redeemed, leased }: BudgetUse,
  store: StoreId | null,
): PerkView['budget'] {
  const { total = null, per_store: perStore = null } = budget ?? {}
  const left = (most: number | null, at?: StoreId): number | null =>
    most === null ? null : Math.max(0, most - countOf(redeemed, at) - countOf(leased, at))
  return {
    total,
    redeemed: countOf(redeemed),
    leased: countOf(leased),
    left: left(total),
    per_store: perStore,
    here:
      store === null
        ? null
        : {
            store,
            redeemed: countOf(redeemed, store),
            leased: countOf(leased, store),
            left: left(perStore, store),
          },
  }
}

type OfHolder = Pick<
  PerkView,
  'remaining' | 'again_from' | 'may_hold' | 'available' | 'refused' | 'detail' | 'conditions'
>
const OF_NOBODY: OfHolder = {
  remaining: null,
  again_from: null,
  may_hold: null,
  available: null,
  refused: null,
  detail: null,
  conditions: [],
}

function ofHolder(scene: PerkScene, perk: RedeemPerk, use: BudgetUse | null): OfHolder {
  const { program, holder, store, now, offset } = scene
  if (holder === null) return OF_NOBODY
  const { state, claims } = holder
  const held = heldFor(program, perk.id, claims, use, store)
  const at = hybridTime(now)
  const day = localDay(now, offset)
  const decided = mayRedeem(program, state, perk.id, { store, at, offset }, held, leastNamed(perk))
  const { remaining, againOn } = standingOf(perk, state, day, held.uses)
  const refusal: { code: RefusalCode; detail: string } | null = decided.ok ? null : decided.refusal
  return {
    remaining,
    again_from: againOn,
    may_hold: mayHold(perk, state, day),
    available: decided.ok,
    refused: refusal?.code ?? null,
    detail: refusal?.detail ?? null,
    conditions: redeemConditions({
      perk,
      at: situationAt(program, state, { kind: 'redemption', store }, now, offset),
      held,
      price: leastNamed(perk) ?? perk.points,
    }),
  }
}
