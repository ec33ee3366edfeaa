// R12: the data directory of a store is copied, and both copies serve, offline first, spending what was leased. Once to another directory, which the copy
// sees at its start: it is another device without leases. Once as the image of a whole machine (the same directory and machine, by a mount namespace),
// which nobody can see before the cloud: both go on in one life and spend one lease twice, never more. Either way HQ sees it at the first contact,
// and once it has approved the copy, what both recorded counts, once each.
import { join } from 'node:path'
import { askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import type { Surroundings } from '../../cloud/demo/node-process.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import { copyOf } from './frame/copied-store.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'
import { DRINK_POINTS, Spenders, overspent, publishOffline } from './frame/spending.ts'
import type { OfflineRules } from './frame/spending.ts'

const RULES: OfflineRules = {
  share_percent: 100,
  redemption_max: 120,
  total_max: 1_000,
  stores_max: 1,
  risk: { per_member: 0, per_store: 0, per_outage: 0, uses_per_outage: 0 },
}
const CARD = 'card-of-two'
const POINTS = 10 * DRINK_POINTS
const SIZES = { quick: { calls: 20 }, long: { calls: 300 } } as const

export const nodeCloned: Rig = {
  name: 'node-cloned',
  faults: ['R12'],
  needs: ['linux', 'namespaces'],
  run: (options) => Promise.all([cloned(options, 'directory'), cloned(options, 'machine')]),
}

const COPIES = {
  directory: 'a copy in another directory: known for one at its start',
  machine: 'a copy of the whole machine: known for one by the cloud',
} as const

async function cloned(
  { length, seed, directory: base }: RigOptions,
  copied: keyof typeof COPIES,
): Promise<RigRow> {
  const { calls } = SIZES[length]
  const directory = join(base, copied)
  let line: ChaosProxy | undefined
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: 2,
    lives: 'many',
    cloudPortFor: (_, cloudPort) => {
      line = new ChaosProxy(cloudPort, seededRandom(seed))
      return line.listen()
    },
  })
  try {
    const [shop] = load.shops.shops
    if (shop === undefined || line === undefined) throw new Error('there is a store with a line')
    const spenders = new Spenders(load)
    await publishOffline(load, RULES)
    await load.sell(calls)
    await spenders.enrol(shop, CARD)
    await spenders.grant(shop, CARD, POINTS)
    await spenders.visit(shop, CARD)
    await load.synced()
    const leased = await leasedTo(shop, load)
    line.set('refused')
    const clone = await cloneOf(load, shop, join(directory, 'store-2'), copied === 'machine')
    // Both offline: each spends what it can.
    for (const copy of [shop, clone])
      for (let told = await spenders.drink(copy, CARD); 'authority' in told;)
        told = await spenders.drink(copy, CARD)
    await load.sell(calls)
    line.set('clear')
    // A link that failed for long asks again after up to half a minute; a node that starts asks at once.
    await restart(shop)
    const before = Date.now()
    await restart(clone, clone.surroundings)
    await until('HQ is told', async () =>
      (await conflictsOf(load)).some((kind) => kind === 'fork' || kind === 'clone'),
    )
    const recoveryMs = Date.now() - before
    await restart(shop)
    const pending = await heldClone(load)
    await load.sell(calls)
    const { cloud, hqToken: token } = load.shops
    await askOk(`${cloud.url}/v1/edges/${pending}/approve`, { method: 'POST', token })
    await restart(shop)
    await restart(clone, clone.surroundings)
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const { O, deficit, faults: books } = await overspent(load.shops.cloudDirectory, RULES, leased)
    const what = `${COPIES[copied]}, held until HQ approves it, then all of both counts; ${deficit} points of ${leased} leased were spent twice`
    const early =
      copied === 'directory' && deficit > 0 ? ['a copy that knows it is one spent what was leased'] : []
    const blind = copied === 'machine' && deficit === 0 ? ['nothing was spent twice: the rig is blind'] : []
    return {
      fault: 'R12',
      what,
      figures: { ...figures, O },
      recoveryMs,
      faults: [...faults, ...books, ...early, ...blind],
    }
  } finally {
    await load.kill()
    await line?.close()
  }
}

/** What is leased of the one member's points: nearly all there are, and more than any other lease. */
async function leasedTo({ node, managerToken }: Shop, { shops }: ShopsUnderLoad): Promise<number> {
  let points = 0
  await until('a lease', async () => {
    const open = await askOk(`${shops.cloud.url}/v1/leases?open=1&limit=500`, { token: shops.hqToken })
    points = Math.max(0, ...pick(open, 'list', 'items').map((lease) => pick(lease, 'number', 'left')))
    const status = await askOk(`${node.url}/v1/status`, { token: managerToken })
    return points >= POINTS && Number(fieldOf(fieldOf(status, 'leases'), 'points')) >= points
  })
  return points
}

async function cloneOf(load: ShopsUnderLoad, shop: Shop, directory: string, inPlace: boolean) {
  // Through the same line as the first.
  const clone = await copyOf(load, shop, { directory, inPlace, cloud: shop.node.argument('--cloud') })
  await shop.node.start(false)
  await clone.node.start(false, clone.surroundings)
  load.adopt(clone)
  return clone
}

async function restart({ node }: Shop, surroundings: Surroundings = {}): Promise<void> {
  await node.stop()
  await node.start(false, surroundings)
}

async function conflictsOf({ shops }: ShopsUnderLoad): Promise<unknown[]> {
  const told = await askOk(`${shops.cloud.url}/v1/conflicts`, { token: shops.hqToken })
  return pick(told, 'list', 'items').map((one) => fieldOf(one, 'kind'))
}

/** The number the copy got; HQ sees it waiting, with a conflict. */
async function heldClone(load: ShopsUnderLoad): Promise<number> {
  const { cloud, hqToken: token } = load.shops
  let edge = 0
  await until('the copy is held', async () => {
    const edges = pick(await askOk(`${cloud.url}/v1/edges`, { token }), 'list', 'items')
    edge = Number(
      fieldOf(
        edges.find((one) => fieldOf(one, 'state') === 'pending'),
        'edge',
      ) ?? 0,
    )
    return edge > 0 && (await conflictsOf(load)).includes('clone')
  })
  return edge
}
