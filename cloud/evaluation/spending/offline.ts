// The program's word on spending without the cloud, with its defaults; and what a redemption needs the right to (E-OFF). Both the cloud, which gives
// rights, and the edge, which spends them, ask here.
import type { MemberId } from '../../../protocol/ids.ts'
import type { LeaseSubject } from '../../../protocol/leases.ts'
import type { RedeemPerk } from '../compile.ts'
import type { OfflineDocument } from '../document/offline.ts'

export interface Offline {
  readonly sharePercent: number
  readonly redemptionMax: number
  readonly totalMax: number
  readonly leaseMs: number
  readonly storesMax: number
  readonly recentMs: number
  readonly entitlements: boolean
  readonly writeOffMs: number
  readonly risk: Risk
}

export interface Risk {
  readonly perMember: number
  readonly perStore: number
  readonly perOutage: number
  readonly usesPerOutage: number
}

/** Safe for a merchant who never thought about it: at most a quarter of what a member has, in small amounts, for a day; no risk (E-OFF-1). */
export const OFFLINE_DEFAULTS = {
  share_percent: 25,
  redemption_max: 500,
  total_max: 1_000,
  hours: 24,
  stores_max: 2,
  recent_days: 14,
  entitlements: true,
  write_off_days: 30,
} as const satisfies Required<Omit<OfflineDocument, 'risk'>>

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export function compileOffline(document: OfflineDocument = {}): Offline {
  const said = { ...OFFLINE_DEFAULTS, ...document }
  const { per_member = 0, per_store = 0, per_outage = 0, uses_per_outage = 0 } = document.risk ?? {}
  return {
    sharePercent: said.share_percent,
    redemptionMax: said.redemption_max,
    totalMax: said.total_max,
    leaseMs: said.hours * HOUR_MS,
    storesMax: said.stores_max,
    recentMs: said.recent_days * DAY_MS,
    entitlements: said.entitlements,
    writeOffMs: said.write_off_days * DAY_MS,
    risk: {
      perMember: per_member,
      perStore: per_store,
      perOutage: per_outage,
      usesPerOutage: uses_per_outage,
    },
  }
}

/** A right that a spending takes. */
export interface RightNeeded {
  readonly subject: LeaseSubject
  readonly member: MemberId
  readonly item: number
  readonly code: string | null
  readonly amount: number
}

/** One member may redeem it only so often, or hold only so many. */
export function isLimited({ document: { limit, voucher } }: RedeemPerk): boolean {
  return limit !== undefined || voucher?.per_member !== undefined
}

/** E-OFF-2: the points, one of the limit's redemptions, one of the budget's. */
export function rightsOf(perk: RedeemPerk, member: MemberId, points: number): RightNeeded[] {
  const needed: RightNeeded[] = []
  const { id, metric, document } = perk
  if (points > 0) needed.push({ subject: 'points', member, item: metric, code: null, amount: points })
  if (isLimited(perk)) needed.push({ subject: 'uses', member, item: id, code: null, amount: 1 })
  if (document.budget !== undefined)
    needed.push({ subject: 'budget', member: 0 as MemberId, item: id, code: null, amount: 1 })
  return needed
}
