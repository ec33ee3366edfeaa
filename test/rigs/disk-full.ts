// R05: the disk of a store fills up while it sells. Calls are refused with 507 and a code; nothing acknowledged is lost; once there is room, it goes on by itself.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const SIZE_MIB = 96
const SIZES = { quick: { times: 1, calls: 40 }, long: { times: 20, calls: 100 } } as const
/** Of each terminal, beside the full disk. */
const CALLS_THROUGH_IT = 200
const PIECE = Buffer.alloc(64 * 1024)

export const diskFull: Rig = { name: 'disk-full', faults: ['R05'], needs: ['linux', 'tmpfs'], run }

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { times, calls } = SIZES[length]
  const disk = join(directory, 'store-1')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', disk])
  try {
    return [await filled(directory, disk, times, calls)]
  } finally {
    execFileSync('umount', ['-l', disk])
  }
}

async function filled(directory: string, disk: string, times: number, calls: number): Promise<RigRow> {
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 3 })
  try {
    let recoveryMs = 0
    for (let time = 0; time < times; time++) {
      await load.sell(calls)
      const filler = join(disk, 'filler')
      const [told, selling] = [load.refused('storage_full'), load.sell(CALLS_THROUGH_IT)]
      await until('507 storage_full', async () => {
        fill(filler)
        return load.refused('storage_full') > told
      })
      rmSync(filler)
      const [began, answered] = [Date.now(), load.log.count]
      await until('selling again', async () => load.log.count > answered)
      recoveryMs = Math.max(recoveryMs, Date.now() - began)
      await selling
    }
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const what = `the disk of a store full ${times} times among ${load.log.count} calls, refused with storage_full until there was room`
    return { fault: 'R05', what, figures, recoveryMs, faults }
  } finally {
    await load.kill()
  }
}

/** To the last byte that the file system gives. */
function fill(path: string): void {
  const file = openSync(path, 'a')
  try {
    for (let piece = PIECE; piece.length > 0;) {
      try {
        writeSync(file, piece)
      } catch {
        piece = piece.subarray(0, piece.length >> 1)
      }
    }
  } finally {
    closeSync(file)
  }
}
