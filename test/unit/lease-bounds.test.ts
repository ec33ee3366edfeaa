// P-LEASE-6 as `verify` adds it up: what stands beside a perk's bounds, and for how long.
import { expect, test } from 'vitest'
import { Bounds } from '../../cloud/domain/leases/bounds.ts'
import { NO_CLAIMS } from '../../cloud/domain/leases/member-books.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import type { LeaseRow } from '../../cloud/store/lease-port.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { ProgramVersion, RuleId, StoreId } from '../../protocol/ids.ts'
import type { HybridTime, Millis } from '../../protocol/time.ts'
import { program } from '../tables/story.ts'

const FEW = 303 as RuleId
const FEW_OF_ALL = program({ redeem_perks: [{ id: FEW, title: 'Few', points: 0, budget: { total: 8 } }] })

test('P-LEASE-6 what was redeemed at risk is beside a budget, unless it was given back', async () => {
  const programs = new Programs([
    { version: 1 as ProgramVersion, effectiveFrom: 0 as HybridTime, document: JSON.stringify(FEW_OF_ALL) },
  ])
  const atRisk = { kind: 'redemption', id: 7, perk: FEW, store: 1, of: 0, hold: 0, rights: [], risk: 50 }
  const lent = { granted: 1, spent: 0, returned: 0, writtenOff: 0, store: 1 } as LeaseRow
  const read = {
    usesOfPerk: () => Promise.resolve([{ store: 1 as StoreId, count: 8 }]),
    heldOfPerk: () => Promise.resolve([]),
    leasesOfBudget: () => Promise.resolve([lent]),
  }
  const faults = (...effects: Pick<Effect, 'kind' | 'of'>[]): Promise<string[]> => {
    const bounds = new Bounds(programs)
    const of = {
      // What is asked of them is here.
      state: { redemptions: [] } as unknown as MemberState,
      facts: [atRisk as unknown as Fact],
      made: [effects as Effect[]],
      claims: NO_CLAIMS,
      day: 0,
    }
    expect(bounds.limitFault(of)).toBeUndefined()
    return bounds.budgetFaults(read, 1, 0 as Millis)
  }
  expect(await faults()).toEqual([])
  expect(await faults({ kind: 'given_back', of: 7 })).toEqual([
    `budget of perk ${FEW}: 8 redeemed and 1 lent, where there are 8 and 0 were beyond it`,
  ])
})
