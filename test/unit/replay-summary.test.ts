// The summary and its verdict: the log of acknowledgements, what counts as lost and duplicated, and which runs may exit 0.
import { describe, expect, test } from 'vitest'
import { AckLog } from '../../cloud/demo/ack-log.ts'
import { progressText } from '../../cloud/demo/replay/progress.ts'
import { storeProof } from '../../cloud/demo/replay/proof.ts'
import { planOfText } from '../../cloud/demo/replay/sales-file.ts'
import { failuresOf, summaryOf } from '../../cloud/demo/replay/summary.ts'
import type { Findings } from '../../cloud/demo/replay/summary.ts'
import { factIdOf, idText } from '../../protocol/ids.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'

const idAt = (seq: number, origin = 3): string => idText(factIdOf(origin as Origin, seq as Seq))
const ack = (key: string, seq: number, { hash = `h${seq}`, checksum = seq, origin = 3 } = {}) => ({
  key,
  id: idAt(seq, origin),
  hash,
  checksum,
})
function logOf(...acks: ReturnType<typeof ack>[]): AckLog {
  const log = new AckLog()
  for (const one of acks) log.record(0, one)
  return log
}

describe('R-13 the log of acknowledgements', () => {
  const position = { store: 1, origin: 3, edgeSeq: 3, cloudSeq: 3 }

  test('R-13 every position answered, every answer there: nothing lost, nothing twice', () => {
    const log = logOf(ack('b', 2), ack('a', 1), ack('c', 3), ack('b', 2))
    expect(log.faults).toEqual([])
    expect(log.count).toBe(3)
    expect(log.store(0)).toEqual({ origin: 3, count: 3, lastSeq: 3, lastHash: 'h3' })
    expect(storeProof(position, log)).toMatchObject({ lost: 0, duplicated: 0 })
  })

  test('R-13 acknowledged and above what the cloud has is lost', () => {
    expect(
      storeProof({ ...position, cloudSeq: 1 }, logOf(ack('a', 1), ack('b', 2), ack('c', 3))),
    ).toMatchObject({
      lost: 2,
      duplicated: 0,
    })
  })

  test('R-13 a position nobody was answered with is a duplicate', () => {
    expect(storeProof(position, logOf(ack('a', 1), ack('c', 3)))).toMatchObject({ lost: 0, duplicated: 1 })
    expect(
      storeProof({ ...position, cloudSeq: 4 }, logOf(ack('a', 1), ack('b', 2), ack('c', 3))),
    ).toMatchObject({
      duplicated: 1,
    })
  })

  test.each([
    ['two ids for one key', [ack('a', 1), ack('a', 2)], /was answered with/],
    ['one id for two keys', [ack('a', 1), ack('b', 1)], /answered with one id/],
    ['other bytes the second time', [ack('a', 1), ack('a', 1, { checksum: 9 })], /other bytes/],
    ['another origin', [ack('a', 1), ack('b', 2, { origin: 4 })], /origin 4/],
    ['no id', [{ ...ack('a', 1), id: 'x' }], /which is none/],
  ])('R-13 %s is a contradiction', (_, acks, fault) => {
    expect(logOf(...acks).faults).toEqual([expect.stringMatching(fault)])
  })
})

const FILE = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A,RED BAG,2,2010-12-01 08:26:00,1.00,17850.0,UK
1,B,LAMP,1,2010-12-01 08:26:00,3.00,17850.0,UK
2,B,LAMP,1,2010-12-01 08:30:00,3.00,,UK
3,B,LAMP,-1,2010-12-01 08:31:00,0,,UK
C4,A,RED BAG,-1,2010-12-02 08:26:00,1.00,17850.0,UK
C4,Z,CUP,-1,2010-12-02 08:26:00,1.00,17850.0,UK
`

/** A run in which everything is as it should be. */
async function goodRun(): Promise<Findings> {
  return {
    file: 's.csv',
    plan: await planOfText([Buffer.from(FILE)]),
    counts: { replayed: 0, confirmed: 3, provisional: 1, errors: 0, firstErrors: [] },
    retries: 0,
    ackFaults: [],
    acknowledged: 4,
    proofs: [
      { store: 1, origin: 2, edgeSeq: 3, cloudSeq: 3, lost: 0, duplicated: 0 },
      { store: 2, origin: 3, edgeSeq: 1, cloudSeq: 1, lost: 0, duplicated: 0 },
    ],
    totals: {
      facts: 4,
      duplicates: 0,
      unclaimed: 0,
      quarantined: 0,
      pointsEarned: 60,
      pointsReversed: 3,
      goodwill: 0,
      byTier: { Bronze: 1 },
      digest: 'abc',
    },
    verified: ['cloud', 'store 1', 'store 2'].map((node) => ({
      node,
      ok: true,
      chainOk: true,
      facts: 4,
      foldMismatches: 0,
      digest: node === 'cloud' ? 'abc' : null,
      problem: null,
    })),
    seconds: 2,
    phases: { start_s: 0.5, prepare_s: 0.1, send_s: 1, sync_s: 0.1, verify_s: 0.3 },
    usage: {
      driverCpuS: 1.5,
      cloud: { peakBytes: 100 * 1024 * 1024, cpuS: 2 },
      stores: [{ peakBytes: 80 * 1024 * 1024, cpuS: 1 }, null],
    },
    withDigest: false,
    repeated: null,
    shuffled: null,
    kills: [],
    offline: [],
    deaths: [],
  }
}

describe('R-14 the verdict', () => {
  test('R-14 a good run has no failures, and the summary holds what ARCHITECTURE promises', async () => {
    const run = await goodRun()
    expect(failuresOf(run)).toEqual([])
    expect(summaryOf(run)).toMatchObject({
      invoices: 4,
      lines: 5,
      facts: 4,
      members: 1,
      guests: 1,
      returns: 1,
      rows: 6,
      lines_sold: 3,
      lines_returned: 2,
      lines_quarantined: 1,
      rows_accounted: true,
      quarantined: { quantity_not_positive: 1 },
      reported: { unmatched_return_line: 1 },
      points_earned: 60,
      points_reversed: 3,
      by_tier: { Bronze: 1 },
      edge_facts: 4,
      cloud_facts: 4,
      lost: 0,
      duplicated: 0,
      fold_mismatches: 0,
      chain_ok: true,
      seconds: 2,
      facts_per_s: 2,
      memory_peak_mib: { cloud: 100, stores: [80, null] },
      cpu_s: { driver: 1.5, cloud: 2, stores: [1, null] },
    })
    expect(summaryOf(run)).not.toHaveProperty('digest')
    expect(summaryOf({ ...run, withDigest: true })).toMatchObject({ digest: 'abc' })
    expect(JSON.parse(JSON.stringify(summaryOf(run)))).toEqual(summaryOf(run))
  })

  const BAD: Record<string, [(run: Findings) => Partial<Findings>, RegExp]> = {
    'a lost fact': [
      ({ proofs }) => ({ proofs: proofs.map((proof) => ({ ...proof, lost: 1 })) }),
      /not at the cloud/,
    ],
    'a duplicate by position': [
      ({ proofs }) => ({ proofs: proofs.map((proof) => ({ ...proof, duplicated: 1 })) }),
      /without a call/,
    ],
    'a duplicate by key': [({ totals }) => ({ totals: { ...totals, duplicates: 1 } }), /without a call/],
    'fewer facts at the cloud': [({ totals }) => ({ totals: { ...totals, facts: 3 } }), /the cloud 3/],
    'a quarantined fact': [({ totals }) => ({ totals: { ...totals, quarantined: 1 } }), /quarantined 1/],
    'a fact without its member': [
      ({ totals }) => ({ totals: { ...totals, unclaimed: 1 } }),
      /wait for their member/,
    ],
    'a fold that differs': [
      ({ verified }) => ({ verified: verified.map((one) => ({ ...one, foldMismatches: 1 })) }),
      /differ from their fold/,
    ],
    'a broken chain': [
      ({ verified }) => ({ verified: verified.map((one) => ({ ...one, chainOk: false })) }),
      /chain/,
    ],
    'no verification': [() => ({ verified: [] }), /not proved whole/],
    'a verification that failed': [
      ({ verified }) => ({ verified: verified.map((one) => ({ ...one, ok: false, problem: 'no file' })) }),
      /verify cloud: no file/,
    ],
    'a digest that is not that of the facts': [
      ({ verified }) => ({ verified: verified.map((one) => ({ ...one, digest: one.digest && 'abd' })) }),
      /not that of its facts/,
    ],
    'a refused call': [
      ({ counts }) => ({ counts: { ...counts, errors: 1, firstErrors: ['sale-1: 422'] } }),
      /1 calls failed; the first: sale-1: 422/,
    ],
    'a call without acknowledgement': [() => ({ acknowledged: 3 }), /3 acknowledged/],
    'contradicting answers': [() => ({ ackFaults: ['a and b'] }), /contradict/],
    'a node that died': [() => ({ deaths: ['The cloud stopped by itself.'] }), /stopped by itself/],
    'a repeated call without its stored answer': [
      () => ({ repeated: { calls: 4, replayed: 3 } }),
      /1 repeated calls did not/,
    ],
    'a row unaccounted for': [({ plan }) => ({ plan: { ...plan, rows: 7 } }), /not every row/],
  }
  test.each(Object.entries(BAD))('R-14 %s fails the run', async (_, [change, sentence]) => {
    const run = await goodRun()
    expect(failuresOf({ ...run, ...change(run) }).join('\n')).toMatch(sentence)
  })
})

test('the progress line says how far, in the file and in calls', () => {
  const state = { done: 50, lines: 900, at: Date.UTC(2011, 2, 17), total: 200, note: 'store 2 is offline' }
  expect(progressText(state, 5, false)).toBe(
    ' 25%  2011-03-17  50 of 200 calls, 10/s, 900 lines  store 2 is offline',
  )
  expect(progressText(state, 5, true)).toContain('[======                  ]  25%')
})
