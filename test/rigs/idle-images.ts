// R12, where nothing is sold: two images of one machine run, and their lines to the cloud come and go in turns. Neither records anything, so no chain forks;
// HQ is told by their hellos alone (P-LIFE-10, G-14), once the first of them is back. An honest store whose line comes and goes as often is not accused.
import { join } from 'node:path'
import { askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import { copyOf } from './frame/copied-store.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

/** The first, the other, and the first again show it: until then they may be one machine that started again. */
const TURNS_MIN = 3
const TURNS_MAX = 4
/** As a store says that its line is up. */
const ONLINE = 'online'
/** A conflict is written behind the welcome that shows it. */
const TOLD_MS_MAX = 1_000

export const idleImages: Rig = { name: 'idle-images', faults: ['R12'], needs: ['linux', 'namespaces'], run }

interface Lined {
  readonly shop: Shop
  readonly line: ChaosProxy
}

async function run({ seed, directory }: RigOptions): Promise<readonly RigRow[]> {
  const lines: ChaosProxy[] = []
  const newLine = (cloudPort: number): Promise<number> => {
    const line = new ChaosProxy(cloudPort, seededRandom(seed))
    lines.push(line)
    return line.listen()
  }
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 2,
    terminalsPerStore: 1,
    cloudPortFor: (_, cloudPort) => newLine(cloudPort),
  })
  try {
    const [shop, honestShop] = load.shops.shops
    if (shop === undefined || honestShop === undefined) throw new Error('there are two stores')
    await load.synced()
    const origin = pick(await statusOf(shop), 'number', 'origin')
    const cloud = `http://127.0.0.1:${await newLine(load.shops.cloud.port)}`
    const copy = await copyOf(load, shop, { directory: join(directory, 'image'), inPlace: true, cloud })
    load.started.push(copy.node)
    // The lines are opened in the order of the stores.
    const [line, honestLine, copyLine] = lines
    if (line === undefined || honestLine === undefined || copyLine === undefined)
      throw new Error('each has its line')
    const images: [Lined, Lined] = [
      { shop, line },
      { shop: copy, line: copyLine },
    ]
    const honest = { shop: honestShop, line: honestLine }
    copyLine.set('refused')
    await shop.node.start(false)
    await connected(shop)
    const before = Date.now()
    let turns = 1
    let early = false
    while (turns < TURNS_MIN || (turns < TURNS_MAX && !(await isTold(load, origin)))) {
      early ||= await isTold(load, origin)
      const [away, back] = turns % 2 === 1 ? images : images.toReversed()
      if (away === undefined || back === undefined) throw new Error('there are two')
      turns += 1
      await Promise.all([leaves(away), leaves(honest)])
      back.line.set('clear')
      honest.line.set('clear')
      if (!back.shop.node.running) await copy.node.start(false, copy.surroundings)
      await Promise.all([connected(back.shop), connected(honest.shop)])
    }
    const told = await until('HQ is told', () => isTold(load, origin), TOLD_MS_MAX).then(
      () => true,
      () => false,
    )
    const recoveryMs = Date.now() - before
    const others = (await conflictsOf(load)).filter((one) => !isCloneOf(one, origin))
    return [
      {
        fault: 'R12',
        what: `two idle images of one machine, connected in turns: told to HQ at turn ${turns}, and a store whose line came and went as often was not`,
        figures: { V: told ? 0 : 1 },
        recoveryMs,
        faults: [...load.deaths, ...others.map((one) => `HQ was told: ${JSON.stringify(one)}`)],
      },
    ]
  } finally {
    await load.kill()
    for (const line of lines) await line.close()
  }
}

/** Its line is cut, and it knows. */
async function leaves({ shop, line }: Lined): Promise<void> {
  line.set('refused')
  await until(`${shop.name} is cut off`, async () => (await linkOf(shop)) !== ONLINE)
}

function connected(shop: Shop): Promise<void> {
  return until(`${shop.name} is connected`, async () => (await linkOf(shop)) === ONLINE)
}

async function linkOf(shop: Shop): Promise<unknown> {
  return fieldOf(fieldOf(await statusOf(shop), 'link'), 'state')
}

function statusOf({ node, managerToken }: Shop): Promise<unknown> {
  return askOk(`${node.url}/v1/status`, { token: managerToken })
}

async function isTold(load: ShopsUnderLoad, origin: number): Promise<boolean> {
  return (await conflictsOf(load)).some((one) => isCloneOf(one, origin))
}

function isCloneOf(conflict: unknown, origin: number): boolean {
  return fieldOf(conflict, 'kind') === 'clone' && fieldOf(conflict, 'subject') === String(origin)
}

async function conflictsOf({ shops }: ShopsUnderLoad): Promise<readonly unknown[]> {
  const url = `${shops.cloud.url}/v1/conflicts`
  return pick(await askOk(url, { token: shops.hqToken }), 'list', 'items')
}
