// R05: the disk of a store fills up while it sells, then that of the cloud. What has no room is refused with a code; nothing acknowledged is lost; once there is
// room, each goes on by itself.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk } from './frame/filled-disk.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const SIZE_MIB = 96
const SIZES = { quick: { times: 1, calls: 40 }, long: { times: 20, calls: 100 } } as const
/** Of each terminal, beside the full disk. */
const CALLS_THROUGH_IT = 200

export const diskFull: Rig = { name: 'disk-full', faults: ['R05'], needs: ['linux', 'tmpfs'], run }

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { times, calls } = SIZES[length]
  const disks = ['store-1', 'cloud'].map((name) => join(directory, name))
  try {
    for (const disk of disks) {
      mkdirSync(disk, { mode: 0o700 })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', disk])
    }
    return [await filled(directory, times, calls)]
  } finally {
    for (const disk of disks) if (existsSync(disk)) execFileSync('umount', ['-l', disk])
  }
}

async function filled(directory: string, times: number, calls: number): Promise<RigRow> {
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 3 })
  try {
    let recoveryMs = 0
    for (let time = 0; time < times; time++) {
      await load.sell(calls)
      recoveryMs = Math.max(recoveryMs, await storeFilled(load, join(directory, 'store-1')))
      recoveryMs = Math.max(recoveryMs, await cloudFilled(load, calls))
    }
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const what =
      `the disks of a store and of the cloud full ${times} times among ${load.log.count} calls: the store refused with storage_full, ` +
      'the cloud was read-only and the store kept what it sold, until there was room'
    return { fault: 'R05', what, figures, recoveryMs, faults }
  } finally {
    await load.kill()
  }
}

/** Gives how long it took from there being room to the next sale. */
async function storeFilled(load: ShopsUnderLoad, disk: string): Promise<number> {
  const filler = join(disk, 'filler')
  const [told, selling] = [load.refused('storage_full'), load.sell(CALLS_THROUGH_IT)]
  await until('507 storage_full', async () => {
    fillDisk(filler)
    return load.refused('storage_full') > told
  })
  rmSync(filler)
  const [began, answered] = [Date.now(), load.log.count]
  await until('selling again', async () => load.log.count > answered)
  const recoveryMs = Date.now() - began
  await selling
  return recoveryMs
}

/** Gives how long it took from there being room to the cloud having all that was sold meanwhile. */
async function cloudFilled(load: ShopsUnderLoad, calls: number): Promise<number> {
  const { cloud, cloudDirectory } = load.shops
  await load.synced()
  const filler = join(cloudDirectory, 'filler')
  const isReady = async (status: string): Promise<boolean> =>
    (await (await fetch(`${cloud.url}/readyz`)).text()).includes(status)
  await until('the cloud is read-only', async () => {
    fillDisk(filler)
    return isReady('read_only')
  })
  await load.sell(calls)
  rmSync(filler)
  const began = Date.now()
  await until('the cloud records again', () => isReady('ready'))
  await load.synced()
  return Date.now() - began
}
