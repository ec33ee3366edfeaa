// R28: the event loop of a store stands still while it sells. Its watchdog ends the process, a supervisor starts it again, and nothing acknowledged is lost.
// How long that takes is the watchdog's patience and a start: the rig waits for the real one.
import { join } from 'node:path'
import { STALL_MS_MAX } from '../../edge/watchdog.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

const BLOCKER = join(import.meta.dirname, 'frame/blocker.ts')
const CALLS = 40
/** FAULTS. */
const RESTART_MS_MAX = 40_000
const TIMES = { quick: 1, long: 10 } as const

export const loopStalled: Rig = { name: 'loop-stalled', faults: ['R28'], needs: ['linux'], run }

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  const env = { NODE_OPTIONS: `--import ${BLOCKER}` }
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: 2,
    surroundings: (store) => (store === 0 ? {} : { env }),
  })
  try {
    const node = load.shops.shops[0]?.node
    if (node === undefined) throw new Error('there is a store')
    let recoveryMs = 0
    const times = TIMES[length]
    for (let n = 0; n < times; n++) {
      await load.sell(CALLS)
      const selling = load.sell(CALLS)
      node.expectEnd()
      const began = Date.now()
      process.kill(node.pid ?? 0, 'SIGUSR2')
      await node.ended()
      await node.start(false, { env })
      recoveryMs = Math.max(recoveryMs, Date.now() - began)
      await selling
    }
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const late =
      recoveryMs > RESTART_MS_MAX ? [`it served again after ${recoveryMs} ms, at most ${RESTART_MS_MAX}`] : []
    const early =
      recoveryMs < STALL_MS_MAX ? ['it ended before the watchdog could have ended it: the rig is blind'] : []
    const what = `the event loop of a store stands ${times} times among ${load.log.count} calls: ended by its watchdog after ${STALL_MS_MAX / 1000} s`
    return [{ fault: 'R28', what, figures, recoveryMs, faults: [...faults, ...late, ...early] }]
  } finally {
    await load.kill()
  }
}
