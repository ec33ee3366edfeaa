// Thousands of stores and one cloud that starts again: light edges (test/support/light-edge.ts: the real sync machine over real sockets) sell at a steady rate, the
// cloud's process is killed, they go on selling offline, it comes back, and all of them return. Are all caught up, is any fact lost, how much memory does
// the cloud take, and how long until the lag is what it was (R15)? As many edges as the limit of open files allows, half of it.
import { generateKeyPairSync } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { quantile, tell } from './bench.ts'
import { startChild } from './peers/child.ts'
import type { Child } from './peers/child.ts'
import { Hq } from './peers/hq.ts'
import { enrolLight } from '../test/support/light-edge.ts'
import type { LightEdge, LightFleet } from '../test/support/light-edge.ts'

const EDGES = 5_000
const SALES_PER_SECOND = 500
const STEADY_MS = 10_000
const AWAY_MS = 20_000
const CAUGHT_UP_MS_MAX = 4 * 60_000
const ENROL_AT_ONCE = 20
const ENROL_TOLD = 500
const SMOOTH_MS = 2_000

type Cloud = Child<{ token: string; directory: string }>

function edgesAllowed(): number {
  const limit = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }))
  return Number.isFinite(limit) ? Math.min(EDGES, Math.floor(limit / 2)) : EDGES
}

async function memory(cloud: Cloud): Promise<{ rss: number; peak: number }> {
  const { stdin, stdout } = cloud.process
  if (stdin === null || stdout === null) throw new Error('the cloud has its lines')
  return new Promise((resolve) => {
    stdout.once('data', (text: Buffer) =>
      resolve(JSON.parse(text.toString()) as { rss: number; peak: number }),
    )
    stdin.write('memory\n')
  })
}

async function enrolAll(
  fleet: LightFleet,
  count: number,
  enrolled: (so: number) => void,
): Promise<LightEdge[]> {
  const edges: LightEdge[] = []
  for (let from = 0; from < count; from += ENROL_AT_ONCE) {
    if (from > 0 && from % ENROL_TOLD === 0) enrolled(from)
    const names = Array.from(
      { length: Math.min(ENROL_AT_ONCE, count - from) },
      (_, at) => `Store ${from + at}`,
    )
    edges.push(...(await Promise.all(names.map((name) => enrolLight(fleet, name)))))
  }
  return edges
}

/** Sales at a steady rate, each at another store, until it is stopped. */
function selling(edges: readonly LightEdge[]): () => void {
  let at = 0
  const timer = setInterval(() => {
    for (let sale = 0; sale < SALES_PER_SECOND / 20; sale++) edges[at++ % edges.length]?.sell()
  }, 50)
  return () => clearInterval(timer)
}

const takeLags = (edges: readonly LightEdge[]): number[] => edges.flatMap((edge) => edge.lags.splice(0))
const behind = (edges: readonly LightEdge[]): number =>
  edges.reduce((sum, { ledger, acked }) => sum + ledger.seq - acked, 0)

/** The run takes minutes and its figure comes last. */
function stage(began: number, what: string): void {
  process.stderr.write(`fleet: ${what} after ${Math.round((performance.now() - began) / 1000)} s\n`)
}

async function until(what: string, holds: () => boolean, msMax: number): Promise<number> {
  const start = performance.now()
  while (!holds()) {
    if (performance.now() - start > msMax) throw new Error(`${what}: not within ${msMax} ms`)
    await wait(50)
  }
  return performance.now() - start
}

export async function bench(): Promise<void> {
  const began = performance.now()
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-fleet-'))
  let cloud: Cloud = await startChild('cloud-server.ts', [directory])
  const port = String(cloud.hello.listening)
  try {
    const hq = new Hq(cloud.hello.listening, cloud.hello.token)
    await hq.publish()
    const count = edgesAllowed()
    stage(began, `${count} edges, half of what \`ulimit -n\` allows and at most ${EDGES}: the cloud is up`)
    const edges = await enrolAll(
      { url: hq.url, token: cloud.hello.token, key: generateKeyPairSync('ed25519') },
      count,
      (so) => stage(began, `${so} of ${count} enrolled`),
    )
    stage(began, 'all enrolled')
    for (const edge of edges) edge.start()
    await until('all connected', () => edges.every(({ live }) => live), CAUGHT_UP_MS_MAX)
    stage(began, `all connected, they sell ${SALES_PER_SECOND} a second for ${STEADY_MS / 1000} s`)
    const stop = selling(edges)
    await wait(STEADY_MS)
    const steady = takeLags(edges)
    const attemptsBefore = edges.reduce((sum, { attempts }) => sum + attempts, 0)
    // Killed, not stopped: nobody was told.
    await new Promise<void>((resolve) => {
      cloud.process.once('exit', () => resolve())
      cloud.process.kill('SIGKILL')
    })
    stage(began, `the cloud was killed, and stays away for ${AWAY_MS / 1000} s`)
    await wait(AWAY_MS)
    const owed = behind(edges)
    cloud = await startChild('cloud-server.ts', [directory, port])
    const back = performance.now()
    await until('all connected again', () => edges.every(({ live }) => live), CAUGHT_UP_MS_MAX)
    const connectedS = (performance.now() - back) / 1000
    stage(began, 'all connected again')
    // Caught up: whoever sells is acknowledged as before, for a while.
    takeLags(edges)
    let smooth = 0
    let last: number[] = []
    while (smooth === 0 && performance.now() - back < CAUGHT_UP_MS_MAX) {
      await wait(SMOOTH_MS)
      last = takeLags(edges)
      if (last.length > 0 && quantile(last, 0.99) < 2 * Math.max(250, quantile(steady, 0.99)))
        smooth = (performance.now() - back) / 1000
    }
    stop()
    stage(began, smooth > 0 ? 'the lag is as before' : 'the lag is not as before yet')
    await until('all acknowledged', () => behind(edges) === 0, CAUGHT_UP_MS_MAX)
    const { rss, peak } = await memory(cloud)
    const recorded = edges.reduce((sum, { ledger }) => sum + ledger.seq, 0)
    const arrived = (await hq.edges()).reduce((sum, { seq }) => sum + seq, 0)
    tell({
      bench: 'fleet',
      figure: `seconds from the cloud's return until all ${count} edges are connected (beside: until the lag's p99 is as before)`,
      ours: connectedS,
      peer: smooth,
      peerName: 'the same run, until p99 of the lag is under twice what it was (at least 250 ms)',
      unit: 's',
      notes: {
        edges: count,
        facts: recorded,
        lost: recorded - arrived,
        owed_at_return: owed,
        lag_p99_before_ms: Math.round(quantile(steady, 0.99)),
        lag_p99_after_ms: Math.round(quantile(last, 0.99)),
        attempts_per_edge: Number(
          ((edges.reduce((sum, { attempts }) => sum + attempts, 0) - attemptsBefore) / count).toFixed(1),
        ),
        cloud_peak_mb: Math.round(peak / 2 ** 20),
        cloud_rss_mb: Math.round(rss / 2 ** 20),
        away_ms: AWAY_MS,
      },
    })
    for (const edge of edges) edge.stop()
  } finally {
    await cloud.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}
