// R16, R17: the clock of a store's machine jumps by years while it sells, both ways and back, and is at 1970 when it starts. Time goes on by the monotonic clock
// meanwhile. Nothing is lost, nothing counts twice, positions stay in order, and the store serves at once.
import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { libfaketime } from './frame/tools.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

/** As libfaketime reads them: offsets from the real time. */
const JUMPS = ['+0', '+10y', '-25y', '+3h', '+0'] as const
const DEAD_RTC = '@1970-01-01 00:00:10'
const SIZES = { quick: { rounds: 1, calls: 15 }, long: { rounds: 20, calls: 40 } } as const
/** FAULTS: the local API is up in so long. */
const UP_MS_MAX = 5_000

export const clockJumps: Rig = {
  name: 'clock-jumps',
  faults: ['R16', 'R17'],
  needs: ['linux', 'libfaketime'],
  run,
}

async function run({ length, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { rounds, calls } = SIZES[length]
  const clock = join(directory, 'clock')
  /** In one piece: the library reads it at every look at the clock. */
  const set = (time: string): void => {
    writeFileSync(`${clock}.next`, `${time}\n`)
    renameSync(`${clock}.next`, clock)
  }
  set('+0')
  const env = {
    LD_PRELOAD: libfaketime() ?? '',
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }
  set('+10y')
  const year = Number(
    execFileSync(process.execPath, ['-p', 'new Date().getFullYear()'], { env: { ...process.env, ...env } }),
  )
  const blind =
    year < new Date().getFullYear() + 9 ? [`a process under libfaketime is in ${year}: the rig is blind`] : []
  set('+0')
  const load = await ShopsUnderLoad.open({
    directory,
    stores: 1,
    terminalsPerStore: 3,
    surroundings: (store) => (store === 0 ? {} : { env }),
  })
  try {
    const store = load.shops.shops[0]?.node
    if (store === undefined) throw new Error('there is a store')
    for (let round = 0; round < rounds; round++)
      for (const jump of JUMPS) {
        set(jump)
        await load.sell(calls)
      }
    await store.stop()
    set(DEAD_RTC)
    const began = Date.now()
    await store.start(false, { env })
    const upMs = Date.now() - began
    await load.sell(calls)
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const late = upMs > UP_MS_MAX ? [`up after ${upMs} ms, at most ${UP_MS_MAX}`] : []
    const jumps = `${rounds * JUMPS.length} jumps (${JUMPS.join(', ')}) among ${load.log.count} calls`
    return [
      { fault: 'R16', what: jumps, figures, faults: [...faults, ...blind] },
      {
        fault: 'R17',
        what: 'a start in 1970, calls, and sync without staff',
        figures,
        recoveryMs: upMs,
        faults: late,
      },
    ]
  } finally {
    await load.kill()
  }
}
