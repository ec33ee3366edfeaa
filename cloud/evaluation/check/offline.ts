// What is wrong or odd in the section about spending offline (E-OFF): a bound below another that it contains, risk that a zero beside it forbids.
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import { OFFLINE_DEFAULTS } from '../spending/offline.ts'
import type { DocumentIssue, DocumentWarning } from './issue.ts'
import { isActive } from './places.ts'

export function* offlineIssues({ offline }: ProgramDocument): Generator<DocumentIssue> {
  if (offline === undefined) return
  const { redemption_max, total_max } = { ...OFFLINE_DEFAULTS, ...offline }
  if (redemption_max > total_max)
    yield {
      path: `/offline/${offline.redemption_max === undefined ? 'total_max' : 'redemption_max'}`,
      code: 'offline_bounds_crossed',
      message: `one redemption may take ${redemption_max}, but only ${total_max} are leased to a store; lower redemption_max or raise total_max`,
    }
}

const AMOUNTS = ['per_member', 'per_store', 'per_outage'] as const

export function* offlineWarnings({ offline, redeem_perks }: ProgramDocument): Generator<DocumentWarning> {
  if (offline === undefined) return
  yield* riskWarnings(offline)
  const { share_percent, redemption_max } = { ...OFFLINE_DEFAULTS, ...offline }
  const prices = redeem_perks
    .filter((perk) => isActive(perk) && perk.money === undefined && (perk.metric ?? POINTS) === POINTS)
    .map(({ points }) => points)
    .filter((points) => points > 0)
  const free = redeem_perks.some((perk) => isActive(perk) && perk.money !== undefined)
  if (share_percent > 0 && !free && prices.length > 0 && Math.min(...prices) > redemption_max)
    yield {
      path: '/offline/redemption_max',
      code: 'offline_never_enough',
      message: `the cheapest perk costs ${Math.min(...prices)} points, more than the ${redemption_max} that one redemption may take offline; nothing can be redeemed without the cloud`,
    }
}

function* riskWarnings({ risk }: NonNullable<ProgramDocument['offline']>): Generator<DocumentWarning> {
  if (risk === undefined) return
  const { per_member = 0, per_outage = 0, uses_per_outage = 0 } = risk
  const some = AMOUNTS.find((name) => (risk[name] ?? 0) > 0)
  if (some === undefined) return
  const none = AMOUNTS.find((name) => (risk[name] ?? 0) === 0)
  if (none !== undefined || uses_per_outage === 0)
    yield {
      path: `/offline/risk/${none ?? 'uses_per_outage'}`,
      code: 'risk_never_taken',
      message: `it is 0, or left out, and all of them must allow a redemption at risk; give it a bound, or leave "risk" out`,
    }
  else if (per_member > per_outage)
    yield {
      path: '/offline/risk/per_member',
      code: 'risk_bound_idle',
      message: `one member may risk ${per_member}, all members together ${per_outage}; the bound for one bounds nothing`,
    }
}
