// R01: `kill -9` of the cloud and of the stores at random instants while terminals sell. Measures how long a killed node needs to serve again.
import { seededRandom } from '../support/random.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const STORES = 2
const TERMINALS = 3
export interface Size {
  /** Of nodes, one after the other. */
  readonly kills: number
  /** Of every terminal. */
  readonly calls: number
}
const SIZES = { quick: { kills: 12, calls: 120 }, long: { kills: 300, calls: 3_000 } } as const
/** FAULTS: a process restarts in so long, from the start of the command to its first answer; usually, because the machine is shared. */
const RESTART_MS_MAX = 3_000

export const processKilled: Rig = {
  name: 'process-killed',
  faults: ['R01'],
  needs: [],
  run: async (options) => [await killed(options, SIZES[options.length])],
}

export async function killed(
  { seed, directory }: Pick<RigOptions, 'seed' | 'directory'>,
  { kills, calls }: Size,
): Promise<RigRow> {
  const load = await ShopsUnderLoad.open({ directory, stores: STORES, terminalsPerStore: TERMINALS })
  try {
    const random = seededRandom(seed)
    const total = STORES * TERMINALS * calls
    const restarts: number[] = []
    const killing = async (): Promise<void> => {
      for (let n = 1; n <= kills; n++) {
        await until('more sales', async () => load.log.count >= (total * n) / (kills + 2))
        // Each at least once, then whoever chance picks.
        const victim = load.nodes[n - 1] ?? random.pick(load.nodes)
        await victim.kill()
        const start = Date.now()
        await victim.start(false)
        restarts.push(Date.now() - start)
      }
    }
    await Promise.all([killing(), load.sell(calls)])
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const usual = restarts.toSorted((a, b) => a - b)[restarts.length >> 1] ?? 0
    const late = usual > RESTART_MS_MAX ? [`a restart takes ${usual} ms, at most ${RESTART_MS_MAX}`] : []
    const recoveryMs = Math.max(...restarts)
    const what = `${kills} kills of ${STORES} stores and the cloud among ${load.log.count} calls`
    return { fault: 'R01', what, figures, recoveryMs, faults: [...faults, ...late] }
  } finally {
    await load.kill()
  }
}
