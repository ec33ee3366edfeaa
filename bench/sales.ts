// Durable sales over HTTP, from one load generator with 50 connections: the whole way of a sale (parse, check, key, evaluate, encode, chain, INSERT,
// COMMIT with fsync, answer) beside two ceilings of the same run: a raw uWebSockets.js echo of the same body, and raw better-sqlite3 inserts in groups of
// 50. Beside the rates the processor time of a sale, which other work on the machine hardly changes. Then the latency at a steady 5,000 a second, beside the echo's and beside what the disk alone makes of it: the same rows at the same rate, each
// waiting for the commit that takes it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import Sqlite from 'better-sqlite3'
import { inTurns, median, quantile, tell, tellSkipped } from './bench.ts'
import { startChild } from './peers/child.ts'
import type { Child } from './peers/child.ts'
import { KEY_PLACE, fullLoad, steadyLoad } from './peers/load.ts'
import type { Target } from './peers/load.ts'

const CONNECTIONS = 50
const SECONDS = 4
const STEADY_RATE = 5_000
const STEADY_ROUNDS = 3
const COST_ROUNDS = 3
const BODY = JSON.stringify({
  id: KEY_PLACE,
  lines: Array.from({ length: 5 }, (_, index) => ({
    sku: `SKU-${index}`,
    category: index === 0 ? 'BAG' : 'OTHER',
    quantity: 1,
    amount: 499,
  })),
  tenders: [{ type: 'CARD', amount: 2495 }],
})

/** The same load from autocannon, which makes a new key per request at a cost above the server's: both sides look alike through it. */
async function throughAutocannon({ port, path, token, bodies: [body = ''] }: Target): Promise<number> {
  const { requests, non2xx, errors } = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: body.replace(KEY_PLACE, '[<id>]'),
    idReplacement: true,
    connections: CONNECTIONS,
    duration: SECONDS,
  })
  if (non2xx > 0 || errors > 0) throw new Error(`${non2xx} refusals, ${errors} errors`)
  return requests.average
}

/** Runs `work` with a function that inserts so many rows of the size of an encoded sale in one transaction, FULL. */
function withRawInserts<T>(work: (insert: (count: number) => void) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-'))
  const database = new Sqlite(join(directory, 'raw.db'))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(
    'CREATE TABLE facts (seq INTEGER PRIMARY KEY, key TEXT UNIQUE, bytes BLOB, hash BLOB, answer BLOB)',
  )
  const insert = database.prepare('INSERT INTO facts VALUES (?, ?, ?, ?, ?)')
  const [bytes, hash, answer] = [Buffer.alloc(250, 1), Buffer.alloc(32, 2), Buffer.alloc(450, 3)]
  let seq = 0
  const insertRows = database.transaction((count: number) => {
    for (let n = 0; n < count; n++) insert.run(++seq, `key-${seq}`, bytes, hash, answer)
  })
  try {
    return work(insertRows)
  } finally {
    database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function rawRate(): number {
  return withRawInserts((insert) => {
    let rows = 0
    const start = performance.now()
    for (; performance.now() - start < 1_000; rows += CONNECTIONS) insert(CONNECTIONS)
    return (rows / (performance.now() - start)) * 1000
  })
}

/** Rows come due at the steady rate; everything due goes into one commit, and each row has waited until it returned. In ms. */
function rawLatencies(): number[] {
  return withRawInserts((insert) => {
    const latencies: number[] = []
    const start = performance.now()
    while (latencies.length < SECONDS * STEADY_RATE) {
      const due = Math.floor(((performance.now() - start) * STEADY_RATE) / 1000) - latencies.length
      if (due <= 0) continue
      insert(due)
      const now = performance.now() - start
      for (let n = 0; n < due; n++) latencies.push(now - (latencies.length * 1000) / STEADY_RATE)
    }
    return latencies
  })
}

export async function bench(): Promise<void> {
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  const echo = await startChild('echo-server.ts')
  try {
    const target = (port: number): Target => ({
      port,
      path: '/v1/sales',
      token: edge.hello.admin,
      bodies: [BODY],
    })
    const againstEcho = await inTurns(
      () => fullLoad(target(edge.hello.listening), CONNECTIONS, SECONDS),
      () => fullLoad(target(echo.hello.listening), CONNECTIONS, SECONDS),
      { measured: true },
    )
    const name = { bench: 'sales', unit: 'sales/s', notes: { connections: CONNECTIONS, lines: 5 } }
    const figure = 'durable sales per second over HTTP'
    tell({ ...name, figure, ...againstEcho, peerName: 'raw uWebSockets.js echo of the same body' })
    const cannon = await inTurns(
      () => throughAutocannon(target(edge.hello.listening)),
      () => throughAutocannon(target(echo.hello.listening)),
      { measured: true },
    )
    tell({
      ...name,
      figure: `${figure}, as autocannon sees it`,
      ...cannon,
      peerName: 'raw uWebSockets.js echo of the same body',
    })
    const raw = median([rawRate(), rawRate(), rawRate()])
    tell({
      ...name,
      figure,
      ours: againstEcho.ours,
      peer: raw,
      peerName: 'raw better-sqlite3, 50 rows a transaction, FULL',
    })
    await costs(
      { child: edge, target: target(edge.hello.listening) },
      { child: echo, target: target(echo.hello.listening) },
    )
    await steady(target(edge.hello.listening), target(echo.hello.listening))
  } finally {
    await Promise.all([edge.stop(), echo.stop()])
  }
}

interface Loaded {
  readonly child: Child<object>
  readonly target: Target
}

/** Processor time per request of both processes, all threads, under full load. */
async function costs(ours: Loaded, echo: Loaded): Promise<void> {
  const figure = 'processor time of a durable sale'
  const micros: Record<'ours' | 'echo', number[]> = { ours: [], echo: [] }
  for (let round = 0; round < COST_ROUNDS; round++)
    for (const [side, { child, target }] of Object.entries({ ours, echo }) as ['ours' | 'echo', Loaded][]) {
      const before = child.cpuMicros()
      const rate = await fullLoad(target, CONNECTIONS, SECONDS)
      const after = child.cpuMicros()
      if (before === undefined || after === undefined)
        return tellSkipped('sales', figure, 'it needs /proc, which Linux has')
      micros[side].push((after - before) / (rate * SECONDS))
    }
  tell({
    bench: 'sales',
    figure,
    ours: median(micros.ours),
    peer: median(micros.echo),
    peerName: 'raw uWebSockets.js echo of the same body',
    unit: 'microseconds',
    best: { ours: Math.min(...micros.ours), peer: Math.min(...micros.echo) },
    notes: { connections: CONNECTIONS, lines: 5, rounds: COST_ROUNDS },
  })
}

/** Three rounds in turns; the median of each side's quantile over the rounds. */
async function steady(ours: Target, echo: Target): Promise<void> {
  const rounds: Record<'ours' | 'echo' | 'disk', number[]>[] = []
  for (let round = 0; round < STEADY_ROUNDS; round++)
    rounds.push({
      ours: await steadyLoad(ours, CONNECTIONS, SECONDS, STEADY_RATE),
      echo: await steadyLoad(echo, CONNECTIONS, SECONDS, STEADY_RATE),
      disk: rawLatencies(),
    })
  const told = (side: 'ours' | 'echo' | 'disk', part: number): number =>
    median(rounds.map((round) => quantile(round[side], part)))
  const peers = {
    echo: 'raw uWebSockets.js echo',
    disk: 'raw better-sqlite3, FULL, one commit for all that is due',
  } as const
  for (const part of [0.5, 0.99])
    for (const side of ['echo', 'disk'] as const)
      tell({
        bench: 'sales',
        figure: `p${part * 100} latency of a durable sale at ${STEADY_RATE}/s`,
        ours: told('ours', part),
        peer: told(side, part),
        peerName: peers[side],
        unit: 'ms',
        notes: { rounds: STEADY_ROUNDS, seconds: SECONDS },
      })
}
