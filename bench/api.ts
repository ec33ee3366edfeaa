// How fast is the API that other platforms' clients speak? Perkville's, over real HTTP against a real cloud on disk with FULL: transactions one by one from
// several connections beside a bare hono echo with one durable insert, batches of 200, and lists with relational filters over a million
// transactions. README tells what each side does.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inTurns, median, quantile, tell, tellSkipped } from './bench.ts'
import { fillUp } from './api/bulk.ts'
import { lists } from './api/lists.ts'
import { BATCH_PATH, POST_PATH, askShop, emailOf, openAgain, openShop } from './api/shop.ts'
import type { Shop } from './api/shop.ts'
import { startChild } from './peers/child.ts'
import { KEY_PLACE, fullLoad } from './peers/load.ts'
import type { Target } from './peers/load.ts'

const CONNECTIONS = 50
const SECONDS = 4
const CUSTOMERS = 10_000
const BATCH_ROWS = 200
const BATCHES_TIMED = 50
const ROUNDS = 3

const LISTED = { customers: 100_000, transactions: 1_000_000 }

export async function bench(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-api-'))
  try {
    const shop = await openShop(directory)
    try {
      await batches(shop)
      await posts(shop)
      memory(shop, 'after the posts')
    } finally {
      await shop.cloud.stop()
    }
    const filled = fillUp(directory, LISTED)
    const again = await openAgain(shop, directory)
    try {
      await lists(again, directory, filled)
      memory(again, 'after the lists')
    } finally {
      await again.cloud.stop()
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function memory({ cloud }: Shop, when: string): void {
  const figure = `resident memory of the node ${when}`
  const bytes = cloud.residentBytes()
  if (bytes === undefined) return tellSkipped('api', figure, 'it needs /proc, which Linux has')
  tell({ bench: 'api', figure, ours: bytes / 2 ** 20, peer: 0, peerName: 'none', unit: 'MiB' })
}

let sourceLast = 0

function batchOf(shop: Shop, first: number): object {
  const transactions = Array.from({ length: BATCH_ROWS }, (_, index) => ({
    user_email: emailOf((first + index) % CUSTOMERS),
    perk: shop.perk,
    location: shop.locations[index % shop.locations.length],
    quantity: 1,
    trans_source_id: `batch-${++sourceLast}`,
  }))
  return { business: 1, send_email: false, transactions }
}

/** The first of them make the customers; those that are timed find all known. */
async function batches(shop: Shop): Promise<void> {
  const took: number[] = []
  const making = performance.now()
  for (let first = 0; first < CUSTOMERS; first += BATCH_ROWS)
    await askShop(shop, BATCH_PATH, batchOf(shop, first))
  const made = CUSTOMERS / ((performance.now() - making) / 1000)
  for (let n = 0; n < BATCHES_TIMED; n++) {
    const start = performance.now()
    const answer = (await askShop(shop, BATCH_PATH, batchOf(shop, n * BATCH_ROWS))) as {
      transactions: object[]
    }
    took.push(performance.now() - start)
    const refused = answer.transactions.filter((row) => 'errors' in row)
    if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused[0])}`)
  }
  const ms = median(took)
  tell({
    bench: 'api',
    figure: 'rows per second of batches of 200 transactions, one after the other',
    ours: (BATCH_ROWS * 1000) / ms,
    peer: made,
    peerName: 'the same where every row makes its customer',
    unit: 'rows/s',
    notes: { ms_per_batch: Number(ms.toPrecision(4)), p99_ms: Number(quantile(took, 0.99).toPrecision(4)) },
  })
}

function bodiesOf(shop: Shop): string[] {
  return Array.from({ length: CUSTOMERS }, (_, customer) =>
    JSON.stringify({
      business: 1,
      user_email: emailOf(customer),
      perk: shop.perk,
      location: shop.locations[customer % shop.locations.length],
      quantity: 1,
      trans_source_id: KEY_PLACE,
      send_email: false,
    }),
  )
}

async function posts(shop: Shop): Promise<void> {
  const bodies = bodiesOf(shop)
  const target = (port: number): Target => ({ port, path: POST_PATH, token: shop.token, bodies })
  for (const way of ['single', 'grouped'] as const) {
    const echo = await startChild('hono-server.ts', [way])
    try {
      const rates = await inTurns(
        () => fullLoad(target(shop.cloud.hello.listening), CONNECTIONS, SECONDS),
        () => fullLoad(target(echo.hello.listening), CONNECTIONS, SECONDS),
        { measured: true, rounds: ROUNDS },
      )
      tell({
        bench: 'api',
        figure: 'transactions posted per second',
        ...rates,
        peerName: `bare hono, one durable insert, ${way === 'single' ? 'a commit each' : 'one commit for those of a loop turn'}`,
        unit: 'transactions/s',
        notes: { connections: CONNECTIONS, customers: CUSTOMERS },
      })
    } finally {
      await echo.stop()
    }
  }
}
