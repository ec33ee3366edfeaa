// `kill -9` of the cloud and of the edges while terminals sell: real processes, real files, real sockets. What the terminals got acknowledged is
// logged outside of the system, and at the end every acknowledged sale is in the store's ledger and in the cloud, once, with the answer it had.
import { execFile } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ask, askOk } from '../../cloud/demo/ask.ts'
import type { NodeProcess } from '../../cloud/demo/node-process.ts'
import { openShops } from '../../cloud/demo/shops.ts'
import type { Shop, Shops } from '../../cloud/demo/shops.ts'
import { freePorts } from '../support/free-ports.ts'
import { seededRandom } from '../support/random.ts'

const SEED = Number(process.env.SEED ?? '11')
const STORES = 2
const TERMINALS = ['t1', 't2', 't3']
const SALES_PER_TERMINAL = 40
const KILLS = 6
const DEADLINE_MS = 100_000
const CLI = join(import.meta.dirname, '../../cloud/cli.ts')
const run = promisify(execFile)

interface Acknowledged {
  readonly key: string
  readonly id: string
  readonly body: string
}

/** Resolves once `holds` does; polls, because the nodes are other processes. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** One terminal: sells, and repeats under the same key until it is answered. */
async function sell(shop: Shop, terminal: number, log: (acknowledged: Acknowledged) => void): Promise<void> {
  const token = shop.terminalTokens[terminal] ?? ''
  const name = `s${shop.number}-t${terminal}`
  const post = async (path: string, key: string, body: unknown): Promise<void> => {
    await until(`${key} answered`, async () => {
      const told = await ask(`${shop.node.url}${path}`, { method: 'POST', token, key, body })
      if (told.status >= 500 || told.status === 409) return false
      expect(told.status, JSON.stringify(told.body)).toBe(201)
      const { receipt } = told.body as { receipt: { id: string } }
      log({ key, id: receipt.id, body: JSON.stringify(told.body) })
      return true
    })
  }
  await post('/v1/members', `${name}-enrol`, { identities: [{ kind: 'card', value: name }] })
  for (let n = 0; n < SALES_PER_TERMINAL; n++) {
    const lines = [{ sku: 'A', quantity: 1, amount: 100 * (n + 1) }]
    await post('/v1/sales', `${name}-${n}`, { member: { kind: 'card', value: name }, lines })
  }
}

async function kill(shops: Shops, acknowledged: () => number): Promise<string[]> {
  const random = seededRandom(SEED)
  const total = STORES * TERMINALS.length * (SALES_PER_TERMINAL + 1)
  const victims: NodeProcess[] = [shops.cloud, ...shops.shops.map(({ node }) => node)]
  const killed: string[] = []
  for (let n = 1; n <= KILLS; n++) {
    await until('more sales', async () => acknowledged() >= (total * n) / (KILLS + 2))
    // Each at least once, then whoever chance picks.
    const victim = victims[n - 1] ?? random.pick(victims)
    await victim.kill()
    killed.push(victim.name)
    await victim.start(false)
  }
  return killed
}

async function verified(
  directory: string,
): Promise<{ ok: boolean; facts: number; fold_mismatches?: number }> {
  const { stdout } = await run(process.execPath, [CLI, 'verify', '--data', directory, '--json'])
  return JSON.parse(stdout) as { ok: boolean; facts: number; fold_mismatches?: number }
}

test(
  'R01 L-5 K-2 I-2 kill -9 of edges and cloud under load: nothing acknowledged is lost, nothing counts twice',
  { timeout: 170_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-kill-'))
    const outside = join(directory, 'acknowledged.jsonl')
    const started: NodeProcess[] = []
    const deaths: unknown[] = []
    try {
      const portBase = await freePorts(STORES + 1)
      const shops = await openShops(
        {
          directory,
          portBase,
          stores: Array.from({ length: STORES }, (_, n) => ({
            name: `Store ${n + 1}`,
            zone: 'Europe/London',
          })),
          terminals: TERMINALS,
          cloudArgs: [],
          edgeArgs: [],
          cloudPortFor: async () => portBase,
          onDeath: (fault) => deaths.push(fault),
        },
        started,
      )
      let count = 0
      const log = (acknowledged: Acknowledged): void => {
        count += 1
        appendFileSync(outside, `${JSON.stringify(acknowledged)}\n`)
      }
      const selling = Promise.all(
        shops.shops.flatMap((shop) => TERMINALS.map((_, index) => sell(shop, index, log))),
      )
      const [killed] = await Promise.all([kill(shops, () => count), selling])
      expect(new Set(killed).size).toBe(STORES + 1)

      const acknowledged = readFileSync(outside, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Acknowledged)
      expect(acknowledged).toHaveLength(STORES * TERMINALS.length * (SALES_PER_TERMINAL + 1))
      expect(new Set(acknowledged.map(({ id }) => id)).size).toBe(acknowledged.length)
      for (const shop of shops.shops) {
        const status = `${shop.node.url}/v1/status`
        await until(
          'synced',
          async () =>
            ((await askOk(status, { token: shop.managerToken })) as { unsynced: number }).unsynced === 0,
        )
      }
      const inCloud: { id: string; key: string; status: string }[] = []
      for (let after: string | null = '0'; after !== null;) {
        const page = (await askOk(`${shops.cloud.url}/v1/facts?limit=500&after=${after}`, {
          token: shops.hqToken,
        })) as {
          items: { id: string; key: string; status: string }[]
          next: string | null
        }
        inCloud.push(...page.items)
        after = page.next
      }
      expect(inCloud.map(({ id, key, status }) => `${key} ${id} ${status}`).sort()).toEqual(
        acknowledged.map(({ id, key }) => `${key} ${id} counted`).sort(),
      )
      for (const { id, key, body } of acknowledged) {
        const shop = shops.shops.find((one) => key.startsWith(`s${one.number}-`))
        const told = await ask(`${shop?.node.url}/v1/receipts/${id}`, { token: shop?.managerToken ?? '' })
        expect(JSON.stringify(told.body)).toBe(body)
      }
      expect(deaths).toEqual([])
      for (const node of started) await node.stop()
      expect(await verified(shops.cloudDirectory)).toMatchObject({
        ok: true,
        fold_mismatches: 0,
        facts: acknowledged.length,
      })
      for (const shop of shops.shops) expect(await verified(shop.directory)).toMatchObject({ ok: true })
    } finally {
      await Promise.all(started.map((node) => node.kill()))
      rmSync(directory, { recursive: true, force: true })
    }
  },
)
