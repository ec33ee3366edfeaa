// A store comes back after 30 days offline, its sales compressed in time: a ledger of 100,000 facts is drained into a real cloud in a process of its own
// while terminals go on selling over HTTP at the very same edge (a process of its own too) at a steady rate. How long, and what do the terminals feel?
// Their latency before the drain, in the same run, is the figure it is compared with.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { startEdge } from '../edge/node.ts'
import { quantile, tell } from './bench.ts'
import { startChild } from './peers/child.ts'
import { Hq } from './peers/hq.ts'
import { fillLedger } from './sync.ts'

const FACTS = 100_000
const TILLS = 8
/** A sale of each till a second, well beyond what eight tills do. */
const EACH_MS = 100
/** About as long as the drain, so that both p99 are of as many sales. */
const BASE_MS = 20_000
const DRAIN_MS_MAX = 10 * 60_000

interface Terminals {
  stop(): Promise<readonly number[]>
}

/** Tills that sell at a steady rate; gives the latencies of what was answered. */
function terminals(port: number, token: string, name: string): Terminals {
  let stopped = false
  const latencies: number[] = []
  const till = async (number: number): Promise<void> => {
    for (let sale = 0; !stopped; sale++) {
      const start = performance.now()
      const response = await fetch(`http://127.0.0.1:${port}/v1/sales`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          'idempotency-key': `${name}-${number}-${sale}`,
        },
        body: JSON.stringify({
          lines: [
            { sku: 'TEA', amount: 250 },
            { sku: 'CUP', amount: 900 },
          ],
        }),
      })
      if (response.status !== 201) throw new Error(await response.text())
      await response.text()
      const took = performance.now() - start
      latencies.push(took)
      await wait(Math.max(0, EACH_MS - took))
    }
  }
  const working = Array.from({ length: TILLS }, (_, number) => till(number))
  return {
    async stop() {
      stopped = true
      await Promise.all(working)
      return latencies
    },
  }
}

interface Status {
  readonly synced_seq: number
  readonly unsynced: number
}

export async function bench(): Promise<void> {
  const cloud = await startChild<{ token: string }>('cloud-server.ts')
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-drain-'))
  try {
    const hq = new Hq(cloud.hello.listening, cloud.hello.token)
    await hq.publish()
    const log = pino({ enabled: false })
    const options = { directory, port: 0, host: '127.0.0.1', log }
    const first = await startEdge({ ...options, cloud: hq.url, enrol: await hq.code('Far away') })
    while (first.till.programVersion() === 0) await wait(10)
    await first.stop()
    await fillLedger(directory, FACTS)
    await drain(directory, hq)
  } finally {
    await cloud.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function drain(directory: string, hq: Hq): Promise<void> {
  // First without the cloud, then with it: the same ledger, the same terminals, the same machine.
  let edge = await startChild<{ admin: string }>('store-server.ts', [directory, 'http://127.0.0.1:9'])
  const offline = terminals(edge.hello.listening, edge.hello.admin, 'before')
  await wait(BASE_MS)
  const before = await offline.stop()
  await edge.stop()
  edge = await startChild('store-server.ts', [directory, hq.url])
  try {
    const selling = terminals(edge.hello.listening, edge.hello.admin, 'during')
    const start = performance.now()
    const status = async (): Promise<Status> => {
      const headers = { authorization: `Bearer ${edge.hello.admin}` }
      return (await (
        await fetch(`http://127.0.0.1:${edge.hello.listening}/v1/status`, { headers })
      ).json()) as Status
    }
    let seen = await status()
    while (seen.synced_seq < FACTS && performance.now() - start < DRAIN_MS_MAX) {
      await wait(100)
      seen = await status()
    }
    const seconds = (performance.now() - start) / 1000
    const during = await selling.stop()
    const arrived = (await hq.edges()).reduce((sum, { seq }) => sum + seq, 0)
    tell({
      bench: 'drain',
      figure: `p99 of sales over HTTP while ${FACTS} facts drain, beside the same terminals with no cloud (aim 2)`,
      ours: quantile(during, 0.99),
      peer: quantile(before, 0.99),
      peerName: 'the same edge and terminals before the drain, in the same run',
      unit: 'ms',
      notes: {
        drain_seconds: Number(seconds.toFixed(1)),
        drained: seen.synced_seq,
        at_the_cloud: arrived,
        facts_per_second: Math.round(seen.synced_seq / seconds),
        sales_during: during.length,
        p50_during_ms: Number(quantile(during, 0.5).toFixed(2)),
        p50_before_ms: Number(quantile(before, 0.5).toFixed(2)),
        aim: 'under 120 s',
      },
    })
  } finally {
    await edge.stop()
  }
}
