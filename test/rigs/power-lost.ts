// R02 and R03: every write and sync of a real store and a real cloud under load is recorded, and the files are rebuilt as they may stand after the power
// went at any instant. Opened with the nodes' own code they hold everything acknowledged until then. The same with a database library that
// says FULL and does NORMAL must lose, or the rig proves nothing.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '../support/random.ts'
import { roundsOf } from './frame/rig.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'
import { crashAt } from './power/crash-points.ts'
import type { CrashTally } from './power/crash-points.ts'
import type { Loss } from './power/crashed-disk.ts'
import { CloudDevices } from './power/devices.ts'
import { readDiskLog } from './power/disk-log.ts'
import { cloudOpener } from './power/opened-cloud.ts'
import { ledgerOpener } from './power/opened-ledger.ts'
import { compileRecorder, recorded } from './power/recorder.ts'
import { ownDirectory } from '../support/own-directory.ts'

const MEMORY = '/dev/shm'
const TERMINALS = 6
const HONEST: readonly Loss[] = ['dropped', 'kept', 'mixed', 'torn']
/** Points are divided between the store and the cloud. */
const SIZES = {
  quick: { rounds: 1, calls: 250, points: 400, planted: 60 },
  long: { rounds: 10, calls: 400, points: 1_000, planted: 100 },
} as const

export const powerLost: Rig = {
  name: 'power-lost',
  faults: ['R02'],
  needs: ['linux', 'cc'],
  divides: true,
  run,
}

interface Round {
  readonly seed: number
  readonly directory: string
  readonly library: string
  readonly calls: number
  readonly points: number
  readonly normal: boolean
}

/** Everything lies in memory where the system has such a place: the recorder says what would be lost, and the waits of a real disk show nothing more. */
async function run(options: RigOptions): Promise<readonly RigRow[]> {
  if (!existsSync(MEMORY)) return recordAll(options)
  const directory = ownDirectory('power', MEMORY)
  try {
    return await recordAll({ ...options, directory })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function recordAll({ length, seed, part, directory, say }: RigOptions): Promise<readonly RigRow[]> {
  const { rounds, calls, points, planted } = SIZES[length]
  const library = compileRecorder(directory)
  const sums = { edge: emptyTally(), cloud: emptyTally() }
  for (const n of roundsOf(part, rounds)) {
    const round = {
      seed: seed + n,
      directory: join(directory, `round-${n}`),
      library,
      calls,
      points,
      normal: false,
    }
    const { edge, cloud } = await record(round)
    add(sums.edge, edge)
    add(sums.cloud, cloud)
    say(`round ${n + 1} of ${rounds}: ${sums.edge.points + sums.cloud.points} crash points`)
  }
  const normal = await record({
    seed,
    directory: join(directory, 'normal'),
    library,
    calls,
    points: planted,
    normal: true,
  })
  return [rowOf('a store', sums.edge), rowOf('the cloud', sums.cloud), canaryOf(normal)]
}

async function record(round: Round): Promise<{ edge: CrashTally; cloud: CrashTally }> {
  const { seed, directory, library, calls, points, normal } = round
  mkdirSync(directory, { recursive: true })
  const disks = ['cloud', 'store-1'].map((name) => ({
    directory: join(directory, name),
    log: join(directory, `${name}.disk`),
  }))
  const surroundings = (store: number) => {
    const disk = disks[store] ?? { directory, log: '' }
    return recorded({ library, ...disk, normal })
  }
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: TERMINALS, surroundings })
  try {
    const devices = await CloudDevices.enrol(load.shops.cloud.url, load.shops.hqToken)
    const working = (): Promise<unknown> => Promise.all([load.sell(calls / 2), devices.send(calls / 2)])
    await working()
    // A second life writes its recovery into the same log.
    const { cloud, shops } = load.shops
    for (const [index, node] of [cloud, ...shops.map((shop) => shop.node)].entries()) {
      await node.kill()
      await node.start(false, surroundings(index))
    }
    await devices.connect()
    await working()
    await load.stop()
    devices.close()
    const [cloudDisk, edgeDisk] = disks
    const crash = (disk: (typeof disks)[number] | undefined, open: ReturnType<typeof ledgerOpener>) =>
      crashAt({
        records: readDiskLog(disk?.log ?? ''),
        directory: disk?.directory ?? '',
        scratch: join(directory, 'rebuilt'),
        points: points / 2,
        losses: normal ? ['dropped'] : HONEST,
        random: seededRandom(seed),
        open,
      })
    return {
      edge: await crash(edgeDisk, ledgerOpener(load.log, 1)),
      cloud: await crash(cloudDisk, cloudOpener(devices.acks)),
    }
  } finally {
    await load.kill()
  }
}

function emptyTally(): CrashTally {
  return { points: 0, losing: 0, lost: 0, wrong: 0, broken: 0, refused: 0, told: [] }
}

function add(sum: CrashTally, tally: CrashTally): void {
  for (const name of ['points', 'losing', 'lost', 'wrong', 'broken', 'refused'] as const)
    sum[name] += tally[name]
  sum.told.push(...tally.told)
}

function rowOf(who: string, { points, lost, wrong, broken, told }: CrashTally): RigRow {
  const what = `${points} instants at which ${who} under load lost power, with unsynced sectors lost, kept, mixed or torn`
  return { fault: 'R02', what, figures: { L: lost, X: wrong, V: broken }, faults: told }
}

/** The planted bug must be seen on both sides. */
function canaryOf({ edge, cloud }: { edge: CrashTally; cloud: CrashTally }): RigRow {
  const faults = Object.entries({ store: edge, cloud }).flatMap(([who, { losing }]) =>
    losing === 0 ? [`NORMAL instead of FULL lost nothing at the ${who}: the rig is blind`] : [],
  )
  const what =
    `canary, synchronous=NORMAL instead of FULL: losses seen at ${edge.losing} of ${edge.points} points of a store ` +
    `and ${cloud.losing} of ${cloud.points} of the cloud`
  return { fault: 'R02', what, figures: {}, faults }
}
