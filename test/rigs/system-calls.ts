// R01, R04, R05 at named system calls: a tracer kills the store at the n-th write or sync, or makes the call fail with EIO or ENOSPC. A store that ends by
// itself for it is started again, as a supervisor would.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeProcess } from '../../cloud/demo/node-process.ts'
import type { AckLog } from '../../cloud/demo/ack-log.ts'
import { seededRandom } from '../support/random.ts'
import type { Fault } from './frame/faults.ts'
import { judge } from './frame/judge.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'

interface Injection {
  readonly fault: Fault
  readonly what: string
  readonly calls: string
  /** As strace writes it, after `:`. */
  readonly does: (nth: number) => string
  /** The process surely ends. */
  readonly fatal: boolean
  /** Of the store when left out. */
  readonly of?: 'cloud'
}

const INJECTIONS: readonly Injection[] = [
  {
    fault: 'R01',
    what: 'killed at the n-th write',
    calls: 'pwrite64',
    does: (n) => `signal=KILL:when=${n}`,
    fatal: true,
  },
  {
    fault: 'R01',
    what: 'killed at the n-th sync',
    calls: 'fsync,fdatasync',
    does: (n) => `signal=KILL:when=${n}`,
    fatal: true,
  },
  {
    fault: 'R04',
    what: 'EIO at three syncs in a row',
    calls: 'fsync,fdatasync',
    does: (n) => `error=EIO:when=${n}..${n + 2}`,
    fatal: false,
  },
  {
    fault: 'R04',
    what: 'EIO at three writes in a row',
    calls: 'pwrite64',
    does: (n) => `error=EIO:when=${n}..${n + 2}`,
    fatal: false,
  },
  {
    fault: 'R04',
    of: 'cloud',
    what: 'EIO at three syncs in a row of the cloud',
    calls: 'fsync,fdatasync',
    does: (n) => `error=EIO:when=${n}..${n + 2}`,
    fatal: true,
  },
  {
    fault: 'R05',
    what: 'ENOSPC at six writes in a row',
    calls: 'pwrite64',
    // A store that is full looks for room every few seconds, and each look may meet one of them.
    does: (n) => `error=ENOSPC:when=${n}..${n + 5}`,
    fatal: false,
  },
]
interface Tally {
  /** Lives that ended by themselves, and in which the tracer did something. */
  ended: number
  injected: number
  recoveryMs: number
  /** Answers heard after the first error and before the process had ended (R04). */
  late: number
}

const SIZES = { quick: { times: 2, calls: 25 }, long: { times: 40, calls: 40 } } as const
/** Late enough that the store serves, early enough that the calls of a life reach it. */
const NTH_MIN = 25
const NTH_SPAN = 40
/** A commit of the cloud takes many facts. */
const NTH_CLOUD = 12
const MORE_MAX = 30
/** A commit of the cloud is waited for this often: stores find it again after their backoff. */
const MORE_CLOUD_MAX = 12
/** An answer that was sent before the error may be heard this much later; a process that fails is gone sooner. */
const HEARD_MS_MAX = 100

export const systemCalls: Rig = {
  name: 'system-calls',
  faults: ['R01', 'R04', 'R05'],
  needs: ['linux', 'strace'],
  run,
}

async function run({ length, seed, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { times, calls } = SIZES[length]
  const random = seededRandom(seed)
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 2 })
  try {
    const store = load.shops.shops[0]?.node
    if (store === undefined) throw new Error('there is a store')
    const tallies = new Map<Injection, Tally>()
    for (const injection of INJECTIONS) {
      const tally: Tally = { ended: 0, injected: 0, recoveryMs: 0, late: 0 }
      tallies.set(injection, tally)
      for (let time = 0; time < times; time++) {
        const node: NodeProcess = injection.of === 'cloud' ? load.shops.cloud : store
        const nth = injection.of === 'cloud' ? NTH_CLOUD : NTH_MIN + random.below(NTH_SPAN)
        await node.stop()
        const trace = join(directory, `${INJECTIONS.indexOf(injection)}-${time}.strace`)
        await startTraced(node, injection, nth, trace)
        const ended = await workedThrough(node, injection, load, calls, tally)
        const traced = readFileSync(trace, 'utf8')
        if (ended !== null) tally.ended += 1
        if (/\(INJECTED\)|killed by SIGKILL/.test(traced)) tally.injected += 1
        // What a store acknowledges does not rest on the cloud.
        if (node === store)
          tally.late += acknowledgedAfter(load.log, firstErrorAt(traced), ended ?? Date.now())
      }
      say(`${injection.what}: ended ${tally.ended} of ${times} times`)
    }
    for (const node of [load.shops.cloud, store]) if (!node.running) await node.start(false)
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    return INJECTIONS.map((injection, index) => {
      const none: Tally = { ended: 0, injected: 0, recoveryMs: 0, late: 0 }
      const { ended, injected, recoveryMs, late } = tallies.get(injection) ?? none
      const goesOn =
        injection.fault === 'R04' && late > 0 ? [`${late} calls acknowledged after the first error`] : []
      const unhurt = injection.fatal && ended < times ? [`${times - ended} lives were not ended by it`] : []
      const what = `${injection.what}, in ${injected} of ${times} lives; it ended ${ended} times${injection.fault === 'R04' && injection.of === undefined ? ', nothing acknowledged after the first' : ''}`
      return {
        fault: injection.fault,
        what,
        figures,
        ...(ended > 0 ? { recoveryMs } : {}),
        faults: [...(index === 0 ? faults : []), ...unhurt, ...goesOn],
      }
    })
  } finally {
    await load.kill()
  }
}

async function startTraced(
  store: NodeProcess,
  { calls, does }: Injection,
  nth: number,
  trace: string,
): Promise<void> {
  const through = [
    'strace',
    '-D',
    '-f',
    '-qq',
    '-ttt',
    '-o',
    trace,
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:${does(nth)}`,
  ]
  const starting = store.start(false, { through })
  store.expectEnd()
  // It may end before it serves, too.
  await starting.catch(() => undefined)
}

/** When the life ended by itself (null: it did not) while the terminals worked; the next life is without a tracer. How many writes a call makes depends on how many share a commit. */
async function workedThrough(
  store: NodeProcess,
  { fatal, of }: Injection,
  load: ShopsUnderLoad,
  calls: number,
  tally: Tally,
): Promise<number | null> {
  let ended = false
  let endedAt: number | null = null
  const restarted = store.ended().then(async () => {
    if (ended) return
    ended = true
    const began = Date.now()
    endedAt = began
    await store.start(false)
    tally.recoveryMs = Math.max(tally.recoveryMs, Date.now() - began)
  })
  const most = of === 'cloud' ? MORE_CLOUD_MAX : MORE_MAX
  for (let more = 0; more === 0 || (fatal && !ended && more < most); more++) {
    await load.sell(calls)
    // What is sold reaches the cloud's disk when the line is there.
    if (of === 'cloud') await load.synced()
  }
  if (ended) await restarted
  const died = endedAt
  // From here on an end is ours.
  ended = true
  return died
}

/** In milliseconds since 1970; undefined where no call was made to fail. */
function firstErrorAt(trace: string): number | undefined {
  const [, seconds] = /^(?:[0-9]+ +)?([0-9]+\.[0-9]+) .*EIO.*\(INJECTED\)/m.exec(trace) ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

function acknowledgedAfter(log: AckLog, error: number | undefined, end: number): number {
  if (error === undefined) return 0
  const [now, instant] = [Date.now(), process.hrtime.bigint()]
  const heard = [...log.acknowledged()].map(({ at }) => now - Number(instant - at) / 1e6)
  return heard.filter((at) => at > error + HEARD_MS_MAX && at < end).length
}
