// What one late fact costs: a member with a long history gets a sale that lies 1, 100 or 10,000 facts back, through the whole of ingest on a real store
// file. The fold restarts at the last checkpoint before it, everything after is folded again, checkpoints are made anew, corrections are
// appended, and the transaction is committed with fsync. The peer is a sale in its order, on the same member and file.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BATCH_FACTS_MAX, CHECKPOINT_FACTS } from '../../protocol/limits.ts'
import { CloudCore } from '../../test/support/cloud-core.ts'
import type { OriginWriter } from '../../test/support/origin-writer.ts'
import { SMALL_PROGRAM } from '../../test/support/programs.ts'
import { inTurns, tell } from '../bench.ts'

const HISTORY = 12_000
const BACK = [1, 100, 10_000]
const ROUNDS = 3
const T0 = Date.UTC(2026, 0, 5, 9)
const APART_MS = 60_000
const LINES = [{ sku: 'S1', category: 'BAG', amount: 500 }]

/** Sends what the writer has written since; answers the seconds it took. */
async function send(cloud: CloudCore, writer: OriginWriter, from: number): Promise<number> {
  const start = performance.now()
  for (let first = from; first <= writer.seq; first += BATCH_FACTS_MAX) {
    const last = Math.min(writer.seq, first + BATCH_FACTS_MAX - 1)
    const answer = await cloud.ingest.submit(writer.origin, writer.batch(first, last))
    if (answer.type !== 'ack') throw new Error(`the cloud answered ${answer.type}`)
  }
  return (performance.now() - start) / 1000
}

export async function lateFacts(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-'))
  const cloud = new CloudCore(directory, { now: () => T0 })
  try {
    await cloud.found(SMALL_PROGRAM)
    const [inOrder, late] = [await cloud.addStore(), await cloud.addStore()]
    const member = inOrder.enrol({ at: T0 }, [{ kind: 'card', value: 'one' }])
    let end = T0
    for (let n = 1; n < HISTORY; n++) inOrder.sale({ at: (end += APART_MS), member }, LINES)
    await send(cloud, inOrder, 1)
    const oneSale = async (writer: OriginWriter, at: number): Promise<number> => {
      writer.sale({ at, member }, LINES)
      return 1 / (await send(cloud, writer, writer.seq))
    }
    for (const back of BACK) {
      // Half a step before the fact that is so far back, and never at one place twice.
      const rates = await inTurns(
        () => oneSale(late, end - (back - 1) * APART_MS - APART_MS / 2 - late.seq),
        () => oneSale(inOrder, (end += APART_MS)),
        { measured: true, rounds: ROUNDS },
      )
      tell({
        bench: 'evaluation',
        figure: `late facts: ingested per second, each ${back.toLocaleString('en')} facts back in a history of ${HISTORY.toLocaleString('en')}`,
        ...rates,
        peerName: 'a fact in its order',
        unit: 'facts/s',
        notes: {
          lateMs: Number((1000 / rates.ours).toPrecision(3)),
          inOrderMs: Number((1000 / rates.peer).toPrecision(3)),
          checkpointEvery: CHECKPOINT_FACTS,
        },
      })
    }
  } finally {
    await cloud.store.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
