// R03: a disk that said it had written and had not: with what was never synced, up to twenty of the last synced writes are gone too. No code can keep what the disk threw
// away; what must not be is that nobody notices. A real store is started on what is left, against the real cloud that has everything: it refuses, or
// it does not go on in the same life of its ledger.
import { mkdirSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ask, fieldOf } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { seededRandom } from '../support/random.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'
import { rebuild } from './power/crash-points.ts'
import { CrashingDisk } from './power/crashed-disk.ts'
import { readDiskLog } from './power/disk-log.ts'
import { ledgerOpener } from './power/opened-ledger.ts'
import { compileRecorder, recorded } from './power/recorder.ts'
import { ownDirectory } from '../support/own-directory.ts'

const MEMORY = '/dev/shm'
const SIZES = { quick: { lies: 4, calls: 30 }, long: { lies: 60, calls: 60 } } as const
/** Lies that cost nothing acknowledged are no trial. */
const TRIES_PER_LIE = 20
const NOTICED_MS_MAX = 30_000

export const diskLied: Rig = {
  name: 'disk-lied',
  faults: ['R03'],
  needs: ['linux', 'cc'],
  async run(options) {
    if (!existsSync(MEMORY)) return [await lied(options)]
    const directory = ownDirectory('lied', MEMORY)
    try {
      return [await lied({ ...options, directory })]
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

async function lied({ length, seed, directory }: RigOptions): Promise<RigRow> {
  const { lies, calls } = SIZES[length]
  const [data, disk] = [join(directory, 'shops'), join(directory, 'store-1.disk')]
  mkdirSync(data)
  const recording = {
    library: compileRecorder(directory),
    directory: join(data, 'store-1'),
    log: disk,
    normal: false,
  }
  const load = await ShopsUnderLoad.open({
    directory: data,
    stores: 1,
    terminalsPerStore: 2,
    surroundings: (store) => (store === 0 ? {} : recorded(recording)),
  })
  try {
    await load.sell(calls)
    await load.synced()
    const [shop] = load.shops.shops
    if (shop === undefined) throw new Error('there is a store')
    await shop.node.kill()
    const crashed = new CrashingDisk()
    for (const { operation } of readDiskLog(disk)) crashed.apply(operation)
    const random = seededRandom(seed)
    const open = ledgerOpener(load.log, 1)
    const scratch = join(directory, 'scratch')
    const tally = { trials: 0, lost: 0, refused: 0, told: 0, silent: 0 }
    for (let n = 0; n < lies * TRIES_PER_LIE && tally.trials < lies; n++) {
      const left = crashed.left('lied', random)
      rebuild(recording.directory, scratch, left)
      const { lost } = await open(scratch, process.hrtime.bigint())
      if (lost === 0) continue
      tally.trials += 1
      tally.lost += lost
      rebuild(recording.directory, recording.directory, left)
      tally[await noticed(shop)] += 1
    }
    const { trials, lost, refused, told, silent } = tally
    const what =
      `${trials} disks that had lied, ${lost} acknowledged facts gone: ${refused} times the store refused to start, ` +
      `${told} times it left that life of its ledger`
    return {
      fault: 'R03',
      what,
      figures: { V: silent },
      faults: trials < lies ? ['too few lies cost anything'] : [],
    }
  } finally {
    await load.kill()
  }
}

async function noticed({ node, managerToken }: Shop): Promise<'refused' | 'told' | 'silent'> {
  const starting = node.start(false)
  node.expectEnd()
  try {
    await starting
  } catch {
    return 'refused'
  }
  try {
    await until(
      'it is noticed',
      async () => {
        const { body } = await ask(`${node.url}/v1/status`, { token: managerToken })
        return fieldOf(fieldOf(body, 'link'), 'state') === 'fenced' || Number(fieldOf(body, 'epoch')) > 1
      },
      NOTICED_MS_MAX,
    )
    return 'told'
  } catch {
    return node.running ? 'silent' : 'refused'
  } finally {
    await node.kill()
  }
}
