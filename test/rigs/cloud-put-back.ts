// R22 and R23: the cloud goes back in time. R22: a backup made while it ran is put in its place. R23: its machine and disk are lost, and another region goes
// on from its copy, which lags behind, under the same address. Stores go on selling meanwhile and offer again what the copy lacks: nothing
// acknowledged is lost, nothing counts twice.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import type { Fault } from './frame/faults.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

const CLI = join(import.meta.dirname, '../../cloud/cli.ts')
const STORES = 2
const SIZES = { quick: { times: 1, calls: 25 }, long: { times: 10, calls: 100 } } as const

export const cloudPutBack: Rig = {
  name: 'cloud-put-back',
  faults: ['R22', 'R23'],
  needs: [],
  run: async (options) => [await lived(options, 'R22', putBack), await lived(options, 'R23', otherRegion)],
}

/** Takes the cloud as it is at `copy` on; resolves when it serves again. */
type Turn = (load: ShopsUnderLoad, copy: string, lines: readonly ChaosProxy[]) => Promise<void>

const WORDS = {
  R22: 'the cloud put back from a backup',
  R23: 'the cloud and its disk lost, another region goes on from a copy that lags',
} as const

async function lived(
  { length, seed, directory: base }: RigOptions,
  fault: Fault & keyof typeof WORDS,
  turn: Turn,
): Promise<RigRow> {
  const { times, calls } = SIZES[length]
  const directory = join(base, fault)
  const lines: ChaosProxy[] = []
  const load = await ShopsUnderLoad.open({
    directory,
    stores: STORES,
    terminalsPerStore: 2,
    cloudPortFor: (_, cloudPort) => {
      const line = new ChaosProxy(cloudPort, seededRandom(seed))
      lines.push(line)
      return line.listen()
    },
  })
  try {
    let recoveryMs = 0
    let behind = 0
    for (let n = 0; n < times; n++) {
      await load.sell(calls)
      await load.synced()
      const copy = join(directory, `copy-${n}.db`)
      tillstream('backup', '--data', load.shops.cloudDirectory, '--to', copy)
      const before = load.log.count
      await load.sell(calls)
      await load.synced()
      behind += load.log.count - before
      const began = Date.now()
      // The stores never stop.
      await Promise.all([turn(load, copy, lines), load.sell(calls)])
      await load.synced()
      recoveryMs = Math.max(recoveryMs, Date.now() - began)
    }
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const what = `${WORDS[fault]}, ${behind} acknowledged facts behind, among ${load.log.count} calls`
    return { fault, what, figures, recoveryMs, faults }
  } finally {
    await load.kill()
    await Promise.all(lines.map((line) => line.close()))
  }
}

async function putBack({ shops }: ShopsUnderLoad, copy: string): Promise<void> {
  await shops.cloud.kill()
  tillstream('restore', '--data', shops.cloudDirectory, '--from', copy, '--replace')
  await shops.cloud.start(false)
}

async function otherRegion(load: ShopsUnderLoad, copy: string, lines: readonly ChaosProxy[]): Promise<void> {
  await load.shops.cloud.kill()
  rmSync(load.shops.cloudDirectory, { recursive: true })
  const cloudDirectory = `${copy}-region`
  tillstream('restore', '--data', cloudDirectory, '--from', copy)
  const cloud = await load.newNode('region', (port) => [
    'cloud',
    '--data',
    cloudDirectory,
    '--port',
    String(port),
  ])
  await cloud.start(false)
  load.moveCloud(cloud, cloudDirectory)
  for (const line of lines) line.leadTo(cloud.port)
}

function tillstream(...args: readonly string[]): void {
  execFileSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
}
