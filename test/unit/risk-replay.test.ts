// P-LEASE-3: what `verify` reckons from the facts alone of what stores spent without a right, over the facts of one ledger in their order.
import { expect, test } from 'vitest'
import { riskProblem } from '../../cloud/domain/leases/risk-replay.ts'
import type { LeaseRow } from '../../cloud/store/lease-port.ts'
import type { FactRow, TenantId } from '../../cloud/store/port.ts'
import { encodeFact } from '../../protocol/codec.ts'
import type { Fact, LeaseFact, Redemption } from '../../protocol/facts.ts'
import { factIdOf } from '../../protocol/ids.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import { FACT_SAMPLES } from '../versions/samples.ts'

const LEASE = 12
const TENANT = 1 as TenantId

type Step =
  | readonly ['spends', points: number, of: number, hold?: number]
  | readonly ['cancels', back: number]
  | readonly ['returns', amount: number]

function factOf(step: Step, seq: number): Fact {
  const id = factIdOf(3 as Origin, (seq + 1) as Seq)
  const key = `k-${seq}`
  if (step[0] === 'returns') {
    const sample = FACT_SAMPLES.lease as LeaseFact
    const lines = sample.lines.map((line) => ({ ...line, lease: LEASE, amount: step[1] }))
    return { ...sample, id, key, stage: 'returned', lines } as Fact
  }
  const sample = FACT_SAMPLES.redemption as Redemption
  const [kind, points] = step
  const [of, amount] = kind === 'spends' ? [0, step[2]] : [factIdOf(3 as Origin, 1 as Seq), points]
  const hold = kind === 'spends' ? (step[3] ?? 0) : 0
  const rights = amount > 0 ? [{ lease: LEASE, amount }] : []
  const stage = kind === 'spends' ? 'captured' : 'cancelled'
  return { ...sample, id, key, stage, of, points, hold, rights } as Fact
}

/** Of a lease of 100 points. */
function toldOf(steps: readonly Step[], booked: number): Promise<string | undefined> {
  const facts = steps.map(factOf)
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0)
  const spent = sum(
    steps.map((step) =>
      step[0] === 'spends' ? ((step[3] ?? 0) > 0 ? 0 : step[2]) : step[0] === 'cancels' ? -step[1] : 0,
    ),
  )
  const returned = sum(steps.map((step) => (step[0] === 'returns' ? step[1] : 0)))
  const row = { lease: LEASE, subject: 'points', granted: 100, spent, returned, writtenOff: 0 } as LeaseRow
  return riskProblem(
    {
      facts: (_, { kind }) =>
        Promise.resolve(
          facts.flatMap((fact) =>
            fact.kind === kind ? [{ id: fact.id, bytes: encodeFact(fact) } as unknown as FactRow] : [],
          ),
        ),
      leaseList: () => Promise.resolve([row]),
      riskBooked: () => Promise.resolve(booked),
    },
    TENANT,
  )
}

test.each<[what: string, beyond: number, ...steps: Step[]]>([
  ['all of a lease', 0, ['spends', 60, 60], ['returns', 40]],
  ['more than was lent', 30, ['spends', 60, 60], ['spends', 70, 70]],
  ['more than was lent less what went back', 20, ['spends', 50, 50], ['returns', 50], ['spends', 20, 20]],
  ['what it had, and gave more back than was left', 0, ['spends', 60, 60], ['returns', 40], ['returns', 40]],
  ['what a cancellation had put back', 0, ['spends', 80, 80], ['cancels', 80], ['spends', 90, 90]],
  ['what no lease covered', 25, ['spends', 75, 50]],
  ['nothing of a lease', 40, ['spends', 40, 0]],
  ['what the cloud decided', 0, ['spends', 400, 0, 7]],
])(
  'P-LEASE-3 a store spent %s: %s are to be booked as risk, and one less is told',
  async (_, beyond, ...steps) => {
    expect(await toldOf(steps, beyond)).toBeUndefined()
    if (beyond > 0)
      expect(await toldOf(steps, beyond - 1)).toBe(
        `stores spent ${beyond} without a right to it, where ${beyond - 1} are booked as risk`,
      )
  },
)
