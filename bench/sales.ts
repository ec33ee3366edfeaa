// Durable sales over HTTP, from one load generator with 50 connections: the whole way of a sale (parse, check, key, evaluate, encode, chain, INSERT,
// COMMIT with fsync, answer) beside two ceilings of the same run: a raw uWebSockets.js echo of the same body, and raw better-sqlite3 inserts in groups of
// 50. Then the latency at a steady 5,000 a second.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import Sqlite from 'better-sqlite3'
import { inTurns, median, quantile, tell } from './bench.ts'
import { startChild } from './peers/child.ts'
import { KEY_PLACE, fullLoad, steadyLoad } from './peers/load.ts'
import type { Target } from './peers/load.ts'

const CONNECTIONS = 50
const SECONDS = 4
const STEADY_RATE = 5_000
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
async function throughAutocannon({ port, path, token, body }: Target): Promise<number> {
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
    const target = (port: number): Target => ({
      port,
      path: '/v1/sales',
      token: edge.hello.admin,
      body: BODY,
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
    const raw = median([rawInserts(), rawInserts(), rawInserts()])
    tell({
      ...name,
      figure,
      ours: againstEcho.ours,
      peer: raw,
      peerName: 'raw better-sqlite3, 50 rows a transaction, FULL',
    })
    const steady = await steadyLoad(target(edge.hello.listening), CONNECTIONS, SECONDS, STEADY_RATE)
    const steadyEcho = await steadyLoad(target(echo.hello.listening), CONNECTIONS, SECONDS, STEADY_RATE)
    for (const part of [0.5, 0.99]) {
      tell({
        bench: 'sales',
        figure: `p${part * 100} latency of a durable sale at ${STEADY_RATE}/s`,
        ours: quantile(steady, part),
        peer: quantile(steadyEcho, part),
        peerName: 'raw uWebSockets.js echo',
        unit: 'ms',
        notes: { answered: steady.length, seconds: SECONDS },
      })
    }
  } finally {
    await Promise.all([edge.stop(), echo.stop()])
  }
}
