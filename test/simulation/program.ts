// The programs of the worlds, and what of them the bounds watch adds up.
import type { RuleId } from '../../protocol/ids.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { COFFEE, SMALL_PROGRAM } from '../support/programs.ts'
import type { BoundsPlan } from './bounds-watch.ts'

export const TOTE = 303 as RuleId
const COFFEES_A_DAY = 2
const TOTES = 8

export const PROGRAM: ProgramDocument = { ...SMALL_PROGRAM, offline: { share_percent: 60, hours: 2 } }
/** Few of a perk's budget, so that it runs out among the stores, and something at the merchant's risk where the cloud is out of reach. */
export const BOUNDED_PROGRAM: ProgramDocument = {
  ...SMALL_PROGRAM,
  offline: {
    share_percent: 60,
    hours: 2,
    entitlements: true,
    risk: { per_member: 200, per_store: 400, per_outage: 300, uses_per_outage: 4 },
  },
  redeem_perks: [
    ...(SMALL_PROGRAM.redeem_perks ?? []),
    { id: TOTE, title: 'Tote bag', points: 20, budget: { total: TOTES } },
  ],
}

export const BOUNDS: BoundsPlan = { limits: [{ perk: COFFEE, count: COFFEES_A_DAY }], budgets: [] }
export const BOUNDED: BoundsPlan = { ...BOUNDS, budgets: [{ perk: TOTE, total: TOTES }] }
