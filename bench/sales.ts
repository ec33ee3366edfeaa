// Durable sales over HTTP, from one load generator with 50 connections: the whole way of a sale (parse, check, key, evaluate, encode, chain, INSERT,
// COMMIT with fsync, answer) beside two ceilings of the same run: a raw uWebSockets.js echo of the same body, and raw better-sqlite3 inserts in groups of
// 50. Then the latency at a steady 5,000 a second.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import Sqlite from 'better-sqlite3'
import { inTurns, median, tell } from './bench.ts'
import { startChild } from './peers/child.ts'

const CONNECTIONS = 50
const SECONDS = 4
const STEADY_RATE = 5_000
const BODY = JSON.stringify({
  id: '[<id>]',
  lines: Array.from({ length: 5 }, (_, index) => ({
    sku: `SKU-${index}`,
    category: index === 0 ? 'BAG' : 'OTHER',
    quantity: 1,
    amount: 499,
  })),
  tenders: [{ type: 'CARD', amount: 2495 }],
})

async function load(port: number, token: string, rate?: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `http://127.0.0.1:${port}/v1/sales`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: BODY,
    idReplacement: true,
    connections: CONNECTIONS,
    duration: SECONDS,
    ...(rate === undefined ? {} : { overallRate: rate }),
  })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refusals, ${result.errors} errors`)
  return result
}

/** Rows of the size of an encoded sale, 50 a transaction, FULL. */
function rawInserts(): number {
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
  const start = performance.now()
  while (performance.now() - start < 1_000) {
    database.transaction(() => {
      for (let n = 0; n < CONNECTIONS; n++) insert.run(++seq, `key-${seq}`, bytes, hash, answer)
    })()
  }
  const rate = (seq / (performance.now() - start)) * 1000
  database.close()
  rmSync(directory, { recursive: true, force: true })
  return rate
}

export async function bench(): Promise<void> {
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  const echo = await startChild('echo-server.ts')
  try {
    const rateOf = async (port: number): Promise<number> => {
      const { requests } = await load(port, edge.hello.admin)
      return requests.average
    }
    const ours = () => rateOf(edge.hello.listening)
    const againstEcho = await inTurns(ours, () => rateOf(echo.hello.listening), { measured: true })
    const name = { bench: 'sales', unit: 'sales/s', notes: { connections: CONNECTIONS, lines: 5 } }
    const figure = 'durable sales per second over HTTP'
    tell({ ...name, figure, ...againstEcho, peerName: 'raw uWebSockets.js echo of the same body' })
    const raw = median([rawInserts(), rawInserts(), rawInserts()])
    tell({
      ...name,
      figure,
      ours: againstEcho.ours,
      peer: raw,
      peerName: 'raw better-sqlite3, 50 rows a transaction, FULL',
    })
    const steady = await load(edge.hello.listening, edge.hello.admin, STEADY_RATE)
    const steadyEcho = await load(echo.hello.listening, edge.hello.admin, STEADY_RATE)
    for (const [quantile, key] of [
      ['p50', 'p50'],
      ['p99', 'p99'],
    ] as const) {
      tell({
        bench: 'sales',
        figure: `${quantile} latency of a durable sale at ${STEADY_RATE}/s`,
        ours: steady.latency[key],
        peer: steadyEcho.latency[key],
        peerName: 'raw uWebSockets.js echo',
        unit: 'ms',
        notes: { rate: steady.requests.average },
      })
    }
  } finally {
    await Promise.all([edge.stop(), echo.stop()])
  }
}
