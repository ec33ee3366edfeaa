// A store whose ledger has a row of every kind that balances and offline rights are told and decided by, closed in an orderly way.
import { idFromText } from '../../protocol/ids.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import type { LeaseTerm } from '../../protocol/leases.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { COFFEE, SMALL_PROGRAM } from './programs.ts'
import { NOW, TillUnderTest, sale } from './till-under-test.ts'

const WEEK_MS = 7 * 86_400_000
const PROGRAM: ProgramDocument = {
  ...SMALL_PROGRAM,
  offline: {
    share_percent: 50,
    redemption_max: 200,
    total_max: 400,
    risk: { per_member: 500, per_store: 500, per_outage: 500, uses_per_outage: 9 },
  },
}

export interface StoreWithRows {
  readonly made: TillUnderTest
  /** Has a base state, a lease of 200 points of which 100 are spent, and sales. */
  readonly ann: string
  /** Has a reservation of 100 points at risk, and no base state. */
  readonly bob: string
  /** A sale of Ann's, with the key "first", half of which came back. */
  readonly sold: FactId
  readonly term: LeaseTerm
}

export async function storeWithRows(): Promise<StoreWithRows> {
  const made = new TillUnderTest({ program: PROGRAM })
  const ann = await made.member('1', 'Ann')
  const bob = await made.member('2', 'Bob')
  const identities = [{ kind: 'card', value: '1' }] as const
  made.send(Number(ann) as MemberId, { balance: 600 }, { identities, name: 'Ann', covers: 1 })
  const { receipt } = await made.done('sale', sale(1000, ann), 'first')
  const sold = idFromText<FactId>(receipt.id) ?? (0 as FactId)
  await made.done('sale', sale(2000, ann))
  await made.done('grant', { member: bob, points: 500 })
  // By a card that was nobody's then.
  await made.done('sale', { ...sale(700), member: { kind: 'card', value: '3' } })
  await made.done('redemption', { member: bob, perk: COFFEE, capture: false })
  await made.done('return', { lines: [{ sale: receipt.id, line: 0, quantity: 0.5, amount: 500 }] })
  const points = { subject: 'points', item: 0, code: null, granted: 200, used: 0, recall: 0 } as const
  const lasts = { cap: 200 as never, expires: (NOW + WEEK_MS) as never }
  const term: LeaseTerm = { lease: 1, member: Number(ann) as MemberId, ...points, ...lasts }
  made.till.takeLeases({ type: 'leases', cursor: 4, leases: [term] })
  await made.done('redemption', { member: ann, perk: COFFEE })
  made.till.takeCorrections({
    type: 'corrections',
    cursor: 1,
    conflicts: [],
    corrections: [{ fact: sold, revision: 1, points: 8 as never, goodwill: 0 as never, cause: sold }],
  })
  made.ledger.close()
  return { made, ann, bob, sold, term }
}
