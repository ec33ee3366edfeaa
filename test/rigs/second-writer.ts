// R29: somebody starts a second store or a second cloud over data that is in use. It refuses with a sentence and exit code 2; the first goes on.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { freePorts } from '../support/free-ports.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

const CLI = join(import.meta.dirname, '../../cloud/cli.ts')
const EXIT_REFUSED = 2
const CALLS = 20
const SECOND_MS_MAX = 20_000

export const secondWriter: Rig = { name: 'second-writer', faults: ['R29'], needs: [], run }

async function run({ directory }: RigOptions): Promise<readonly RigRow[]> {
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 2 })
  try {
    await load.sell(CALLS)
    const { cloud, cloudDirectory, shops } = load.shops
    const port = String(await freePorts(1))
    const faults: string[] = []
    for (const args of [
      ['cloud', '--data', cloudDirectory, '--port', port],
      ['edge', '--data', shops[0]?.directory ?? '', '--port', port, '--cloud', cloud.url],
    ]) {
      const second = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', timeout: SECOND_MS_MAX })
      if (second.status !== EXIT_REFUSED)
        faults.push(`a second ${args[0]} ended with ${String(second.status)}: ${second.stderr.slice(0, 200)}`)
      else if (!/in use|works in/.test(second.stderr))
        faults.push(`a second ${args[0]} did not say why: ${second.stderr.slice(0, 200)}`)
    }
    await load.sell(CALLS)
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults: judged } = await judge(load, wrong)
    return [
      {
        fault: 'R29',
        what: 'a second store and a second cloud started',
        figures,
        faults: [...faults, ...judged],
      },
    ]
  } finally {
    await load.kill()
  }
}
