// R15: the cloud is killed under hundreds of stores that sell, all of them go on selling, and it starts again: they return by themselves, spread over time, and
// are all caught up. The stores are light ones (test/support/light-edge.ts): the real sync machine over real sockets, thousands of them in one process; the
// bench `fleet` does the same with as many as the machine's limit of open files lets it.
import { generateKeyPairSync } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { decodeStoredFact } from '../../protocol/codec.ts'
import { enrolLight } from '../support/light-edge.ts'
import type { LightEdge } from '../support/light-edge.ts'
import { cloudFacts, judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const SIZES = {
  quick: { edges: 100, sales: 1_000, times: 1 },
  long: { edges: 2_000, sales: 40_000, times: 3 },
} as const
const ENROL_AT_ONCE = 20
/** Of the sales, so many at once, then a turn of the loop. */
const BURST = 20
const RETURN_MS_MAX = 4 * 60_000
const CALLS = 10

export const fleetReturns: Rig = { name: 'fleet-returns', faults: ['R15'], needs: ['linux'], run }

async function run({ length, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { sales, times, ...most } = SIZES[length]
  const count = Math.min(most.edges, openFilesMax() / 2)
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 2 })
  const edges: LightEdge[] = []
  try {
    const { cloud, hqToken: token } = load.shops
    const fleet = { url: cloud.url, token, key: generateKeyPairSync('ed25519') }
    while (edges.length < count) {
      const names = Array.from({ length: ENROL_AT_ONCE }, (_, at) => `Light ${edges.length + at}`)
      edges.push(...(await Promise.all(names.map((name) => enrolLight(fleet, name)))))
    }
    for (const edge of edges) edge.start()
    await until('all connected', async () => edges.every(({ live }) => live), RETURN_MS_MAX)
    let recoveryMs = 0
    for (let n = 0; n < times; n++) {
      await sellAll(edges, sales / 2)
      await load.sell(CALLS)
      // Killed, not stopped: nobody was told.
      await cloud.kill()
      await sellAll(edges, sales / 2)
      await load.sell(CALLS)
      const owed = behind(edges)
      await cloud.start(false)
      const back = Date.now()
      await until(
        'all caught up',
        async () => behind(edges) === 0 && edges.every(({ live }) => live),
        RETURN_MS_MAX,
      )
      await load.synced()
      recoveryMs = Math.max(recoveryMs, Date.now() - back)
      say(`return ${n + 1} of ${times}: ${owed} sales were owed, all caught up after ${Date.now() - back} ms`)
    }
    const wrong = await load.wrongRepeats()
    const peak = cloud.usage()?.peakBytes ?? 0
    for (const edge of edges) edge.stop()
    await load.stop()
    const light = await lostAndTwice(edges, load.shops.cloudDirectory)
    const { figures, faults } = await judge(load, wrong, light.keys)
    const { L = 0, D = 0 } = figures
    const recorded = edges.reduce((sum, { ledger }) => sum + ledger.seq, 0)
    const what = `a cloud killed ${times} times under ${edges.length} stores that sold ${recorded} times; it held at most ${Math.round(peak / 2 ** 20)} MiB`
    return [
      {
        fault: 'R15',
        what,
        figures: { ...figures, L: L + light.lost, D: D + light.twice },
        recoveryMs,
        faults,
      },
    ]
  } finally {
    for (const edge of edges) edge.stop()
    await load.kill()
  }
}

/** Each of them has a socket here and one at the cloud, which are two processes. */
function openFilesMax(): number {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }))
  return Number.isFinite(limit) ? limit : Infinity
}

async function sellAll(edges: readonly LightEdge[], sales: number): Promise<void> {
  for (let sale = 0; sale < sales; sale++) {
    edges[sale % edges.length]?.sell()
    if (sale % BURST === 0) await new Promise((resolve) => void setImmediate(resolve))
  }
}

const behind = (edges: readonly LightEdge[]): number =>
  edges.reduce((sum, { ledger, acked }) => sum + ledger.seq - acked, 0)

/** What the light stores recorded, beside the cloud's file. */
async function lostAndTwice(
  edges: readonly LightEdge[],
  directory: string,
): Promise<{ lost: number; twice: number; keys: ReadonlySet<string> }> {
  const times = new Map<string, number>()
  for (const { key, status } of await cloudFacts(directory))
    if (status === 'counted') times.set(key, (times.get(key) ?? 0) + 1)
  const keys = new Set(
    edges.flatMap(({ ledger }) => ledger.bytes.map((bytes) => decodeStoredFact(bytes).key)),
  )
  const counts = [...keys].map((key) => times.get(key) ?? 0)
  return { lost: counts.filter((n) => n === 0).length, twice: counts.filter((n) => n > 1).length, keys }
}
