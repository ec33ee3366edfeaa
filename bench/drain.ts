// A store comes back after 30 days offline, its sales compressed in time: a ledger of 100,000 facts is drained into a real cloud in a process of its own
// while terminals go on selling over HTTP at the very same edge (a process of its own too) at a steady rate. How long, and what do the terminals feel?
// Their latency before the drain, in the same run, is the figure it is compared with. Beside it, before and meanwhile, as many terminals sell at a store
// that drains nothing: what they feel is the cloud on the same cores and the same disk, which no store has beside it, and whoever else uses the machine.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
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
    const options = { directory: join(directory, 'drains'), port: 0, host: '127.0.0.1', log }
    const first = await startEdge({ ...options, cloud: hq.url, enrol: await hq.code('Far away') })
    while (first.till.programVersion() === 0) await wait(10)
    await first.stop()
    await fillLedger(join(directory, 'drains'), FACTS)
    cpSync(join(directory, 'drains'), join(directory, 'beside'), { recursive: true })
    await drain(directory, hq)
  } finally {
    await cloud.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

type Store = Awaited<ReturnType<typeof startStore>>

const NO_CLOUD = 'http://127.0.0.1:9'

const startStore = (directory: string, cloud: string) =>
  startChild<{ admin: string }>('store-server.ts', [directory, cloud])

const sellAt = ({ hello }: Store, name: string): Terminals => terminals(hello.listening, hello.admin, name)

async function drain(directory: string, hq: Hq): Promise<void> {
  // First without the cloud, then with it: the same ledger, the same terminals, the same machine.
  const beside = await startStore(join(directory, 'beside'), NO_CLOUD)
  let store = await startStore(join(directory, 'drains'), NO_CLOUD)
  try {
    const before = [sellAt(store, 'before'), sellAt(beside, 'before')]
    await wait(BASE_MS)
    const [calm = [], calmBeside = []] = await Promise.all(before.map((selling) => selling.stop()))
    await store.stop()
    store = await startStore(join(directory, 'drains'), hq.url)
    const meanwhile = [sellAt(store, 'during'), sellAt(beside, 'during')]
    const { seconds, synced } = await drained(store)
    const [during = [], duringBeside = []] = await Promise.all(meanwhile.map((selling) => selling.stop()))
    const arrived = (await hq.edges()).reduce((sum, { seq }) => sum + seq, 0)
    const p50 = (values: readonly number[]): number => Number(quantile(values, 0.5).toFixed(2))
    tell({
      bench: 'drain',
      figure: `p99 of sales over HTTP while ${FACTS} facts drain, beside the same terminals with no cloud (aim 2)`,
      ours: quantile(during, 0.99),
      peer: quantile(calm, 0.99),
      peerName: 'the same edge and terminals before the drain, in the same run',
      unit: 'ms',
      notes: {
        drain_seconds: Number(seconds.toFixed(1)),
        drained: synced,
        at_the_cloud: arrived,
        facts_per_second: Math.round(synced / seconds),
        sales_during: during.length,
        sales_before: calm.length,
        p50_during_ms: p50(during),
        p50_before_ms: p50(calm),
        aim: 'under 120 s',
      },
    })
    tell({
      bench: 'drain',
      figure: 'p99 of sales at a store that drains nothing, on the same cores, meanwhile',
      ours: quantile(duringBeside, 0.99),
      peer: quantile(calmBeside, 0.99),
      peerName: 'the same store and terminals before the drain, in the same run',
      unit: 'ms',
      notes: { p50_during_ms: p50(duringBeside), p50_before_ms: p50(calmBeside) },
    })
  } finally {
    await Promise.all([store.stop(), beside.stop()])
  }
}

/** Waits until everything from before is at the cloud. */
async function drained({ hello }: Store): Promise<{ readonly seconds: number; readonly synced: number }> {
  const start = performance.now()
  const headers = { authorization: `Bearer ${hello.admin}` }
  const status = async (): Promise<Status> =>
    (await (await fetch(`http://127.0.0.1:${hello.listening}/v1/status`, { headers })).json()) as Status
  let seen = await status()
  while (seen.synced_seq < FACTS && performance.now() - start < DRAIN_MS_MAX) {
    await wait(100)
    seen = await status()
  }
  return { seconds: (performance.now() - start) / 1000, synced: seen.synced_seq }
}
