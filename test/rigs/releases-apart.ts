// R24: releases apart (P-VER-1). Of two stores one is upgraded before its cloud, the other stays behind: the cloud goes on three releases, and both sync; it
// goes on a fourth, and the one behind is told what to do, sells on and keeps everything until it is upgraded. The later releases are this source tree
// with their changes in it, run over the same data as an operator would: R25 as well, for each brings a step of both sides' tables.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, askOk, fieldOf, pick } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { PROTOCOL_VERSIONS_BACK } from '../../protocol/version.ts'
import { OBSTACLE_WORDS, versionObstacle } from '../../edge/sync/obstacles.ts'
import type { judge as judgeOfToday } from './frame/judge.ts'
import { LaterRelease } from './frame/later-release.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const SIZES = { quick: { calls: 20 }, long: { calls: 400 } } as const

export const releasesApart: Rig = { name: 'releases-apart', faults: ['R24'], needs: [], run }

async function run({ length, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { calls } = SIZES[length]
  const faults: string[] = []
  const three = new LaterRelease(join(directory, 'three-later'), PROTOCOL_VERSIONS_BACK)
  const four = new LaterRelease(join(directory, 'four-later'), PROTOCOL_VERSIONS_BACK + 1)
  const load = await ShopsUnderLoad.open({ directory, stores: 2, terminalsPerStore: 2 })
  const { cloud } = load.shops
  try {
    const [ahead, behind] = load.shops.shops
    if (ahead === undefined || behind === undefined) throw new Error('there are two stores')
    await load.sell(calls)
    await load.synced()
    say('a store is upgraded before its cloud')
    await upgraded(ahead, three)
    await load.sell(calls)
    await refused(load, ahead, 'version_new')
    const early = await unsynced(ahead)
    await cloud.stop()
    await load.sell(calls)
    const carried = await unsynced(behind)
    say('the cloud three releases later')
    await cloud.start(false, three)
    // It asks again by itself, after a wait that is too long for here.
    await upgraded(ahead, three)
    await Promise.all([load.sell(calls), load.synced()])
    await load.synced()
    say('the cloud four releases later')
    await cloud.stop()
    await cloud.start(false, four)
    await refused(load, behind, 'version_old')
    await load.sell(calls)
    const kept = await unsynced(behind)
    await until(`${ahead.name}, one release behind, synced`, async () => (await unsynced(ahead)) === 0)
    await Promise.all([ahead, behind].map((shop) => upgraded(shop, four)))
    await load.sell(calls)
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    // Its files are of that release: only that one reads them.
    const { judge } = (await four.module('test/rigs/frame/judge.ts')) as { judge: typeof judgeOfToday }
    const verdict = await judge(load, wrong)
    // A line that breaks over a frame comes back and syncs all the same: it is told in the logs alone.
    for (const log of ['cloud', 'store-1', 'store-2'])
      faults.push(...complaints(join(directory, `${log}.log`)))
    if (Math.min(early, carried, kept) < calls)
      faults.push(`only ${early}, ${carried} and ${kept} records waited: the rig is blind`)
    const what =
      `a cloud three releases ahead took ${carried} records that waited in a store of today's, and ${early} of one that was upgraded before it; four ahead ` +
      `it refused, and ${kept} waited for the upgrade, among ${load.log.count} calls`
    return [{ fault: 'R24', what, figures: verdict.figures, faults: [...faults, ...verdict.faults] }]
  } finally {
    await load.kill()
  }
}

async function upgraded({ node }: Shop, release: LaterRelease): Promise<void> {
  await node.stop()
  await node.start(false, release)
}

/** The store's status says which of the two to upgrade, and so does HQ's list. */
async function refused(
  { shops }: ShopsUnderLoad,
  store: Shop,
  reason: 'version_old' | 'version_new',
): Promise<void> {
  const words = OBSTACLE_WORDS[versionObstacle(CLOSE_CODES[reason]) ?? 'altered']
  await until(`${store.name} says: ${words}`, async () => {
    const { body } = await ask(`${store.node.url}/v1/status`, { token: store.managerToken })
    return fieldOf(fieldOf(body, 'link'), 'obstacle') === words
  })
  const edges = pick(await askOk(`${shops.cloud.url}/v1/edges`, { token: shops.hqToken }), 'list', 'items')
  const listed = edges.find((edge) => fieldOf(fieldOf(edge, 'store'), 'name') === store.name)
  const wanted = reason === 'version_old' ? 'store' : 'cloud'
  if (fieldOf(listed, 'upgrade') !== wanted)
    throw new Error(`HQ's list does not say that the ${wanted} is to be upgraded: ${JSON.stringify(listed)}`)
}

/** Of frames that could not be read or said, and of whatever else broke: no more than the first few. */
function complaints(log: string): string[] {
  const lines = readFileSync(log, 'utf8').split('\n')
  return lines.filter((line) => /"level":[56]0|frame refused|malformed/.test(line)).slice(0, 3)
}

async function unsynced({ node, managerToken }: Shop): Promise<number> {
  return Number(fieldOf((await ask(`${node.url}/v1/status`, { token: managerToken })).body, 'unsynced'))
}
