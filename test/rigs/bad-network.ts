// R08, R09, R19, R20, R21: real stores and a real cloud over lines that cut, stall, lose replies and lie, and terminals whose own line to their store does the
// same. Batches twice, lost and out of order come from the replay's shuffler, which knows frames; frames of any kind, both ways, from a meddler.
import type { Shop } from '../../cloud/demo/shops.ts'
import { Shuffler } from '../../cloud/demo/replay/shuffler.ts'
import { HEARTBEAT_MS } from '../../protocol/limits.ts'
import { seededRandom } from '../support/random.ts'
import { ChaosProxy } from './frame/chaos-proxy.ts'
import type { Weather } from './frame/chaos-proxy.ts'
import { DEEDS, FrameMeddler } from './frame/frame-meddler.ts'
import { judge } from './frame/judge.ts'
import { nodeFigure } from './frame/node-figure.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad, until } from './frame/shops-under-load.ts'

const STORES = 2
const TERMINALS = 2
const SIZES = { quick: { rounds: 1, calls: 30 }, long: { rounds: 12, calls: 80 } } as const
const CLOUD_WEATHERS: readonly Weather[] = ['cutting', 'slow', 'deaf', 'refused', 'hole', 'portal']
const TERMINAL_WEATHERS: readonly Weather[] = ['cutting', 'deaf', 'refused']
/** FAULTS: no busy loop. The first tries after a loss come sooner, the later ones further apart. */
const TRIES_PER_SECOND_MAX = 2
const MORE_MAX = 40
const MEDDLED_MS_MAX = 60_000
const WATCHED_MS = 4_000
/** Something in between that cuts what is silent: one sooner than the cloud's signs of life come, one later. Real ones take 30 s and more. */
const IDLE_MS = { impatient: 1_500, patient: HEARTBEAT_MS + 2_000 } as const
const IDLE_WATCHED_MS = IDLE_MS.patient + 1_000

export const badNetwork: Rig = {
  name: 'bad-network',
  faults: ['R08', 'R09', 'R10', 'R19', 'R20', 'R21'],
  needs: [],
  run: async (options) => [...(await shuffled(options)), await meddled(options), ...(await stormy(options))],
}

/** Batches twice, lost, out of order between connections. */
async function shuffled({ length, seed, directory }: RigOptions): Promise<RigRow[]> {
  let shuffler: Shuffler | undefined
  let port: Promise<number> | undefined
  const load = await ShopsUnderLoad.open({
    directory: `${directory}/shuffled`,
    stores: STORES,
    terminalsPerStore: TERMINALS,
    cloudPortFor: async (_, cloudPort) => {
      shuffler ??= new Shuffler(cloudPort, seed, { duplicate: 0.3, drop: 0.15, break: 0.1 })
      port ??= shuffler.listen()
      return port
    },
  })
  try {
    // How many batches the calls make depends on how fast the machine is.
    for (let more = 0; more < MORE_MAX && (more < 4 || !touched(shuffler)); more++)
      await load.sell(SIZES[length].calls)
    await load.synced()
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    const counts = shuffler?.counts ?? { batches: 0, duplicated: 0, dropped: 0, overtook: 0, refused: 0 }
    const { batches, duplicated, dropped, overtook, refused } = counts
    const idle = (count: number, what: string): string[] => (count === 0 ? [`no batch was ${what}`] : [])
    return [
      {
        fault: 'R08',
        what: `${duplicated} of ${batches} batches sent twice, ${refused} connections closed over frames out of their place`,
        figures,
        faults: [...faults, ...idle(duplicated, 'sent twice'), ...idle(refused, 'refused')],
      },
      {
        fault: 'R09',
        what: `${dropped} of ${batches} batches lost, ${overtook} overtook another`,
        figures,
        faults: idle(dropped, 'lost'),
      },
    ]
  } finally {
    await load.kill()
    await shuffler?.close()
  }
}

function touched(shuffler: Shuffler | undefined): boolean {
  return shuffler !== undefined && shuffler.counts.duplicated > 0 && shuffler.counts.dropped > 0
}

/** What passes on a running connection is played again, lost or overtaken, both ways (P-ENV-2): no end hears it, both count it, and the link comes back. */
async function meddled({ length, seed, directory }: RigOptions): Promise<RigRow> {
  let meddler: FrameMeddler | undefined
  let port: Promise<number> | undefined
  const load = await ShopsUnderLoad.open({
    directory: `${directory}/meddled`,
    stores: STORES,
    terminalsPerStore: TERMINALS,
    cloudPortFor: async (_, cloudPort) => {
      meddler ??= new FrameMeddler(cloudPort, seededRandom(seed))
      port ??= meddler.listen()
      return port
    },
  })
  try {
    const last = Date.now() + MEDDLED_MS_MAX
    while (meddler?.finished !== true && Date.now() < last) await load.sell(SIZES[length].calls)
    const left = Date.now()
    await load.synced()
    const recoveryMs = Date.now() - left
    const refused = meddler?.refused ?? { up: 0, down: 0 }
    const { cloud, shops } = load.shops
    const counted = {
      up: await nodeFigure(
        { url: cloud.url, token: load.shops.hqToken },
        'tillstream_sync_frames_refused_total',
      ),
      down: await sum(shops, 'tillstream_edge_cloud_frames_refused_total'),
    }
    const faults = [...(meddler?.wrong ?? [])]
    for (const way of ['up', 'down'] as const)
      if (refused[way] * 2 !== DEEDS.length || counted[way] !== refused[way])
        faults.push(
          `of ${DEEDS.length / 2} frames ${way} ${refused[way]} were refused, ${counted[way]} counted`,
        )
    const wrong = await load.wrongRepeats()
    await load.stop()
    const judged = await judge(load, wrong)
    return {
      fault: 'R10',
      what: `frames of running connections repeated, lost and swapped: ${refused.up} refused by the cloud, ${refused.down} by stores`,
      figures: judged.figures,
      recoveryMs,
      faults: [...faults, ...judged.faults],
    }
  } finally {
    await load.kill()
    await meddler?.close()
  }
}

async function sum(shops: readonly Shop[], name: string): Promise<number> {
  const figures = await Promise.all(
    shops.map(({ node, managerToken }) => nodeFigure({ url: node.url, token: managerToken }, name)),
  )
  return figures.reduce((all, one) => all + one, 0)
}

/** Lines that break, stall and lie. */
async function stormy({ length, seed, directory, say }: RigOptions): Promise<RigRow[]> {
  const { rounds, calls } = SIZES[length]
  const random = seededRandom(seed)
  const upstream: ChaosProxy[] = []
  const local: ChaosProxy[] = []
  const line = (lines: ChaosProxy[], port: number): Promise<number> => {
    const proxy = new ChaosProxy(port, random)
    lines.push(proxy)
    return proxy.listen()
  }
  const load = await ShopsUnderLoad.open({
    directory: `${directory}/stormy`,
    stores: STORES,
    terminalsPerStore: TERMINALS,
    cloudPortFor: (_, cloudPort) => line(upstream, cloudPort),
    terminalPortFor: (shop) => line(local, shop.node.port),
  })
  try {
    const set = (lines: readonly ChaosProxy[], weather: Weather): void => {
      for (const proxy of lines) proxy.set(weather)
    }
    const dozed = await silent(load, upstream, calls)
    let busy = dozed.perSecond
    for (let round = 0; round < rounds; round++)
      for (const weather of CLOUD_WEATHERS) {
        set(upstream, weather)
        const began = Date.now()
        await load.sell(calls)
        if (weather === 'portal' || weather === 'hole')
          await until('a while', async () => Date.now() - began > WATCHED_MS)
        const perSecond = Math.max(...upstream.map(({ tries }) => tries)) / ((Date.now() - began) / 1000 + 1)
        if (weather !== 'cutting' && weather !== 'deaf') busy = Math.max(busy, perSecond)
      }
    set(upstream, 'clear')
    for (const weather of TERMINAL_WEATHERS) {
      set(local, weather)
      const selling = load.sell(calls)
      if (weather === 'refused') set(local, 'clear')
      await selling
    }
    set(local, 'clear')
    const healed = Date.now()
    await load.synced()
    const recoveryMs = Date.now() - healed
    const wrong = await load.wrongRepeats()
    await load.stop()
    const { figures, faults } = await judge(load, wrong)
    say(`at most ${busy.toFixed(1)} tries a second`)
    const loops =
      busy > TRIES_PER_SECOND_MAX ? [`${busy.toFixed(1)} tries a second at a line that is dead`] : []
    return [
      {
        fault: 'R19',
        what: `${load.log.count} calls through ${CLOUD_WEATHERS.join(', ')}, cut when silent`,
        figures,
        recoveryMs,
        faults: [...faults, ...dozed.faults, ...loops],
      },
      { fault: 'R20', what: `terminals behind lines that are ${TERMINAL_WEATHERS.join(', ')}`, figures },
      { fault: 'R21', what: 'replies of the cloud, and of the stores, lost after the commit', figures },
    ]
  } finally {
    await load.kill()
    await Promise.all([...upstream, ...local].map((proxy) => proxy.close()))
  }
}

/** Lines that end when nothing passes: signs of life keep one that is cut later than they come, and the other resumes as often as it is cut. */
async function silent(
  load: ShopsUnderLoad,
  [impatient, patient]: readonly ChaosProxy[],
  calls: number,
): Promise<{ perSecond: number; faults: string[] }> {
  if (impatient === undefined || patient === undefined) throw new Error('there are two stores')
  impatient.cutIdle(IDLE_MS.impatient)
  patient.cutIdle(IDLE_MS.patient)
  const began = Date.now()
  await load.sell(calls)
  await load.synced()
  const quiet = Date.now()
  await until('a while of silence', async () => Date.now() - quiet > IDLE_WATCHED_MS)
  const cuts = impatient.idleCuts
  const faults = [
    ...(cuts === 0 ? ['no silent line was cut'] : []),
    ...(patient.idleCuts === 0
      ? []
      : [`cut after ${IDLE_MS.patient} ms of silence, in spite of the signs of life`]),
  ]
  await load.sell(calls)
  await load.synced()
  return { perSecond: impatient.tries / ((Date.now() - began) / 1000 + 1), faults }
}
