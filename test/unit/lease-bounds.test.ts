// P-LEASE-6 as `verify` adds it up: what stands beside a perk's bounds, and for how long.
import { expect, test } from 'vitest'
import { Bounds } from '../../cloud/domain/leases/bounds.ts'
import { NO_CLAIMS } from '../../cloud/domain/leases/member-books.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import type { LeaseRow } from '../../cloud/store/lease-port.ts'
import type { HoldRow } from '../../cloud/store/port.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { MemberId, ProgramVersion, RuleId, StoreId } from '../../protocol/ids.ts'
import type { HybridTime, Millis } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { program } from '../tables/story.ts'

const FEW = 303 as RuleId
const FEW_OF_ALL = program({ redeem_perks: [{ id: FEW, title: 'Few', points: 0, budget: { total: 8 } }] })

const PROGRAMS = new Programs([
  { version: 1 as ProgramVersion, effectiveFrom: 0 as HybridTime, document: JSON.stringify(FEW_OF_ALL) },
])
const LENT = { granted: 1, spent: 0, returned: 0, writtenOff: 0, store: 1 } as LeaseRow
const REDEEMED = {
  kind: 'redemption',
  id: 7,
  member: 5,
  perk: FEW,
  points: 0,
  store: 1,
  of: 0,
  hold: 0,
  rights: [],
  risk: null,
}
const TOO_MANY = [`budget of perk ${FEW}: 8 redeemed and 1 lent, where there are 8 and 0 were beyond it`]

/** Of a budget that is used up, one of it by this redemption, with one more lent. */
function faults(
  redemption: object,
  effects: readonly Pick<Effect, 'kind' | 'of'>[] = [],
  decisions: readonly Partial<HoldRow>[] = [],
): Promise<string[]> {
  const bounds = new Bounds(PROGRAMS)
  const of = {
    // What is asked of them is here.
    state: { redemptions: [] } as unknown as MemberState,
    facts: [{ ...REDEEMED, ...redemption } as unknown as Fact],
    made: [effects as Effect[]],
    claims: NO_CLAIMS,
    decisions: decisions as HoldRow[],
    day: 0,
  }
  expect(bounds.limitFault(of)).toBeUndefined()
  const read = {
    usesOfPerk: () => Promise.resolve([{ store: 1 as StoreId, count: 8 }]),
    heldOfPerk: () => Promise.resolve([]),
    leasesOfBudget: () => Promise.resolve([LENT]),
  }
  return bounds.budgetFaults(read, 1, 0 as Millis)
}

test('P-LEASE-6 what was redeemed at risk is beside a budget, unless it was given back', async () => {
  expect(await faults({ risk: 50 })).toEqual([])
  expect(await faults({ risk: 50 }, [{ kind: 'given_back', of: 7 }])).toEqual(TOO_MANY)
})

test('P-LEASE-6 a decision gives the right to what it is about, and to nothing else', async () => {
  const hold = { id: 3, store: 1 as StoreId, member: 5 as MemberId, perk: FEW, points: 0 }
  expect(await faults({ hold: 3 }, [], [hold])).toEqual(TOO_MANY)
  for (const other of [{ id: 4 }, { store: 2 as StoreId }, { member: 6 as MemberId }, { points: 1 }])
    expect(await faults({ hold: 3 }, [], [{ ...hold, ...other }])).toEqual([])
})

test('P-LEASE-6 of the decisions that are named a member has those about it and about whoever was merged into it', async () => {
  const directory = freshDirectory()
  const cloud = new CloudCore(directory.path, { now: () => 0 })
  const one = 5 as MemberId
  const merged = 6 as MemberId
  const ids = await cloud.store.write(async (tx) => {
    await tx.saveAliases([{ member: merged, root: one }])
    const made: number[] = []
    for (const member of [one, merged, 7 as MemberId]) {
      const about = { tenant: cloud.tenant, store: 1 as StoreId, key: `k-${member}`, member }
      const row = await tx.insertHold({ ...about, perk: FEW, voucher: null, points: 0, expires: 9 as Millis })
      made.push(row.id)
    }
    await tx.settleHolds(made)
    return made
  })
  expect(await cloud.store.read.decisionsOf(one, [...ids, 99])).toMatchObject([
    { id: ids[0], member: one },
    { id: ids[1], member: one },
  ])
  await cloud.store.close()
  directory.remove()
})
