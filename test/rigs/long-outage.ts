// R14: a store without its cloud for thirty days. Day after day its machine starts in the morning and sells; HQ is closed. Then the line is there again, on
// the thirtieth day of both, and everything drains while the terminals work on. The days pass by the machines' clocks (libfaketime), as nights in which a
// till is switched off do.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, fieldOf } from '../../cloud/demo/ask.ts'
import type { Shop } from '../../cloud/demo/shops.ts'
import { libfaketime } from './frame/tools.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

const DAYS = 30
const TERMINALS = 4
/** `everyDays`: the machine is switched on once in so many; `calls`: of each terminal on such a day. */
const SIZES = { quick: { everyDays: 10, calls: 60 }, long: { everyDays: 1, calls: 830 } } as const

export const longOutage: Rig = {
  name: 'long-outage',
  faults: ['R14'],
  needs: ['linux', 'libfaketime'],
  run,
}

async function run({ length, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { everyDays, calls } = SIZES[length]
  const clock = join(directory, 'clock')
  /** In one piece: the library reads it at every look at the clock. */
  const set = (day: number): void => {
    writeFileSync(`${clock}.next`, `+${day}d\n`)
    renameSync(`${clock}.next`, clock)
  }
  set(0)
  const env = {
    LD_PRELOAD: libfaketime() ?? '',
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: TERMINALS,
    surroundings: () => ({ env }),
  })
  try {
    const [shop] = load.shops.shops
    if (shop === undefined) throw new Error('there is a store')
    await load.sell(calls)
    await load.synced()
    await load.shops.cloud.stop()
    for (let day = everyDays; day <= DAYS; day += everyDays) {
      await shop.node.stop()
      set(day)
      await shop.node.start(false, { env })
      await load.sell(calls)
      say(`day ${day}: ${load.log.count} calls`)
    }
    const { unsynced, trusted } = await standing(shop)
    await load.shops.cloud.start(false, { env })
    const opened = Date.now()
    // The terminals do not wait for the drain.
    await Promise.all([load.sell(calls), load.synced()])
    const recoveryMs = Date.now() - opened
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const blind =
      unsynced < calls ? [`only ${unsynced} records waited after ${DAYS} days: the rig is blind`] : []
    const doubted = trusted ? [] : ['nights in which the machine was off made the clock suspect']
    const what = `${DAYS} days without the cloud, ${DAYS / everyDays} of them open: ${unsynced} records drained while ${TERMINALS} terminals worked on`
    return [{ fault: 'R14', what, figures, recoveryMs, faults: [...faults, ...blind, ...doubted] }]
  } finally {
    await load.kill()
  }
}

async function standing({ node, managerToken }: Shop): Promise<{ unsynced: number; trusted: boolean }> {
  const { body } = await ask(`${node.url}/v1/status`, { token: managerToken })
  return {
    unsynced: Number(fieldOf(body, 'unsynced')),
    trusted: fieldOf(fieldOf(body, 'clock'), 'state') === 'trusted',
  }
}
