// R13: a store sold without its cloud, and its disk is gone. A new node is enrolled; the terminals that still live hand in again what they hold receipts
// of. Lost is what only a dead terminal knew, neither more nor less, and HQ sees how many records receipts named and never came.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import { cloudFacts, judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const TERMINALS = 3
const SIZES = { quick: { calls: 20 }, long: { calls: 400 } } as const

export const nodeDestroyed: Rig = { name: 'node-destroyed', faults: ['R13'], needs: [], run }

async function run({ length, seed, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { calls } = SIZES[length]
  let line: ChaosProxy | undefined
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: TERMINALS,
    lives: 'many',
    cloudPortFor: (_, cloudPort) => {
      line = new ChaosProxy(cloudPort, seededRandom(seed))
      return line.listen()
    },
  })
  try {
    const [shop] = load.shops.shops
    if (shop === undefined || line === undefined) throw new Error('there is a store with a line')
    await load.sell(calls)
    await load.synced()
    line.set('refused')
    const terminals = load.terminalsOf(1)
    const held = terminals.map(({ count }) => count)
    await load.sell(calls)
    const kept = terminals.map((terminal) => terminal.kept)
    await shop.node.kill()
    rmSync(shop.directory, { recursive: true })
    const began = Date.now()
    const { managerToken, terminalTokens, node } = await replaced(load, shop)
    const recoveryMs = Date.now() - began
    // The last terminal died with the store: what it sold since the line was cut nobody knows any more.
    const [dead] = terminals.slice(-1)
    const lost: string[] = []
    for (const [n, terminal] of terminals.entries()) {
      terminal.moveTo(node.port, terminalTokens[n] ?? '')
      await present(node.url, managerToken, kept[n] ?? '')
      if (terminal === dead) lost.push(...terminal.dieFrom(held[n] ?? 0))
      else await terminal.handInFrom(held[n] ?? 0)
    }
    await load.sell(calls)
    await load.synced()
    const missing = await missingAtHq(load)
    await load.stop()
    const { figures, faults } = await judge(load, 0)
    const there = new Set((await cloudFacts(load.shops.cloudDirectory)).map(({ key }) => key))
    const gone = lost.filter((key) => !there.has(key)).length
    const unsynced = TERMINALS * calls
    const short: string[] =
      missing === unsynced ? [] : [`HQ was told of ${missing} records that never came, not of ${unsynced}`]
    if (gone !== calls) short.push(`${gone} lost, not the ${calls} that nobody holds`)
    const what =
      `a store's disk gone with ${unsynced} records that were not synced: ${unsynced - calls} handed in again by two terminals, ${gone} of a third, dead one lost, ` +
      `all ${missing} shown to HQ`
    return [{ fault: 'R13', what, figures, recoveryMs, faults: [...faults, ...short] }]
  } finally {
    await load.kill()
    await line?.close()
  }
}

/** A new node for the store, at its old place. */
async function replaced(load: ShopsUnderLoad, shop: Shop): Promise<Shop> {
  const { cloud, hqToken: token } = load.shops
  const stores = pick(await askOk(`${cloud.url}/v1/stores`, { token }), 'list', 'items')
  const store = Number(fieldOf(stores[0], 'id'))
  const made = await askOk(`${cloud.url}/v1/stores/${store}/codes`, { method: 'POST', token, body: {} })
  const { directory } = shop
  const node = await load.newNode(
    'store 1b',
    (port) => ['edge', '--data', directory, '--port', String(port), '--cloud', cloud.url],
    Promise.resolve(pick(made, 'string', 'code')),
  )
  load.started.push(node)
  await node.start()
  const admin = readFileSync(join(directory, 'admin.token'), 'utf8').trim()
  const tokenOf = async (name: string, role: 'terminal' | 'manager'): Promise<string> => {
    const body = { name, role }
    const answer = await askOk(`${node.url}/v1/terminals`, { method: 'POST', token: admin, body })
    return pick(answer, 'string', 'token')
  }
  const names = shop.terminalTokens.map((_, n) => `new-${n}`)
  const fresh = {
    ...shop,
    node,
    managerToken: await tokenOf('boss', 'manager'),
    terminalTokens: await Promise.all(names.map((name) => tokenOf(name, 'terminal'))),
  }
  load.replace(shop, fresh)
  return fresh
}

async function present(url: string, token: string, receipt: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'tillstream-receipt': receipt }
  const response = await fetch(`${url}/v1/status`, { headers })
  if (!response.ok) throw new Error(`the receipt was answered with ${response.status}`)
}

/** G-3: records of lives of the store that receipts named and that never came. */
async function missingAtHq({ shops }: ShopsUnderLoad): Promise<number> {
  let missing = 0
  await until('HQ is told', async () => {
    const edges = pick(await askOk(`${shops.cloud.url}/v1/edges`, { token: shops.hqToken }), 'list', 'items')
    const lives = edges.flatMap((edge) => pick(edge, 'list', 'lives'))
    missing = lives.reduce<number>((sum, life) => sum + Number(fieldOf(life, 'missing')), 0)
    return missing > 0
  })
  return missing
}
