// R10 and R27: a device that holds an enrolled key and does not keep to the rules, beside a store that does, against a real cloud. It plays its old batches
// again in any order, a stranger plays recorded frames of either way on connections of his own, up and down, and it signs facts that are none. A replay changes nothing; a fact
// that cannot be taken is set aside and told to HQ, and those behind it count.
import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { ask, askOk, pick } from '../../cloud/demo/ask.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { encodeFact } from '../../protocol/codec.ts'
import type { ZoneOffset } from '../../protocol/time.ts'
import type { Device } from '../support/cloud-node.ts'
import { seededRandom } from '../support/random.ts'
import type { Random } from '../support/random.ts'
import { judge } from './frame/judge.ts'
import { nodeFigure } from './frame/node-figure.ts'
import type { Rig, RigOptions, RigRow } from './frame/rig.ts'
import { ShopsUnderLoad } from './frame/shops-under-load.ts'
import { enrolDevice } from './power/devices.ts'

const SIZES = {
  quick: { calls: 20, replays: 200, strangers: 20, poison: 8 },
  long: { calls: 100, replays: 5_000, strangers: 200, poison: 200 },
} as const
const FACTS = 60
const START = Date.UTC(2026, 2, 2, 9)
const REFUSED_MS_MAX = 5_000

export const hostileDevice: Rig = { name: 'hostile-device', faults: ['R10', 'R27'], needs: [], run }

async function run({ length, seed, directory }: RigOptions): Promise<readonly RigRow[]> {
  const { calls, replays, strangers, poison } = SIZES[length]
  const random = seededRandom(seed)
  const load = await ShopsUnderLoad.open({ directory, stores: 1, terminalsPerStore: 2 })
  try {
    const { cloud, hqToken: token } = load.shops
    const device = await enrolDevice(cloud.url, token, 'A device')
    const recorded = await workedAndRecorded(device)
    const selling = load.sell(calls)
    const before = await factsOf(device, cloud.url, token)
    const faults = await playedAgain(device, replays, random)
    for (let n = 0; n < strangers; n++)
      faults.push(...(await stranger(device, cloud.url, random.pick(recorded))))
    faults.push(...(await counted(cloud.url, token, strangers)))
    const changed = (await factsOf(device, cloud.url, token)) === before ? 0 : 1
    const { good, lost } = await poisoned(device, cloud.url, token, poison)
    await selling
    await load.synced()
    const conflicts = pick(await askOk(`${cloud.url}/v1/conflicts?limit=500`, { token }), 'list', 'items')
    const wrong = await load.wrongRepeats()
    device.line.socket.terminate()
    await load.stop()
    const { figures, faults: judged } = await judge(load, wrong, new Set(device.facts.map(({ key }) => key)))
    const queue = conflicts.length === poison ? [] : [`${conflicts.length} in the queue, not ${poison}`]
    return [
      {
        fault: 'R10',
        what: `${replays} old batches played again in any order, ${strangers} recorded frames played by a stranger: nothing changed`,
        figures: { ...figures, D: (figures.D ?? 0) + changed },
        faults: [...faults, ...judged],
      },
      {
        fault: 'R27',
        what: `${poison} facts that are none among ${good} good ones: set aside, ${conflicts.length} in HQ's queue, all behind them count`,
        figures: { ...figures, L: (figures.L ?? 0) + lost },
        faults: queue,
      },
    ]
  } finally {
    await load.kill()
  }
}

/** Gives the sealed frames that were sent and those that were heard. */
async function workedAndRecorded(device: Device): Promise<Uint8Array[]> {
  const line = await device.connect()
  const recorded: Uint8Array[] = []
  const raw = line.socket.send.bind(line.socket)
  line.socket.send = (data: Buffer) => {
    recorded.push(data)
    raw(data)
  }
  line.socket.on('message', (data: Buffer) => void recorded.push(data))
  const member = device.enrol({ at: START }, [{ kind: 'card', value: 'hostile' }])
  while (device.seq < FACTS)
    device.sale({ at: START + device.seq * 1_000, member }, [{ sku: 'A', amount: 100 + device.seq }])
  for (let from = 1; from <= FACTS; from += 5) await device.sync(from, Math.min(FACTS, from + 4))
  return recorded
}

/** Everything HQ sees of the device's store. */
async function factsOf({ store }: Device, url: string, token: string): Promise<string> {
  const { body } = await ask(`${url}/v1/facts?store=${store}&limit=500`, { token })
  return JSON.stringify(body)
}

/** Known places are answered with what the cloud has; on old connections and on new ones. */
async function playedAgain(device: Device, times: number, random: Random): Promise<string[]> {
  const faults: string[] = []
  for (let n = 0; n < times; n++) {
    if (n % 50 === 0) {
      device.line.socket.terminate()
      await device.connect()
      await device.line.next('welcome')
    }
    const from = 1 + random.below(FACTS)
    device.line.send(device.batch(from, from + random.below(FACTS - from + 1)))
    const { seq } = await device.line.next('ack')
    if (seq !== FACTS) faults.push(`a batch from ${from} was answered with ${seq}, not ${FACTS}`)
  }
  return faults
}

/** What either end said on the device's connection fits no other (P-ENV-2). */
async function stranger({ edge }: Device, url: string, frame: Uint8Array): Promise<string[]> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/sync?edge=${edge}`)
  socket.on('error', () => undefined)
  const closed = new Promise<number>((resolve) => void socket.on('close', resolve))
  await new Promise((resolve) => void socket.on('open', resolve))
  socket.send(frame)
  const code = await Promise.race([closed, wait(REFUSED_MS_MAX, 0)])
  socket.terminate()
  return code === CLOSE_CODES.unauthorised
    ? []
    : [`a recorded frame on another connection ended with ${code}`]
}

/** The cloud's own figure of them. */
async function counted(url: string, token: string, strangers: number): Promise<string[]> {
  const refused = await nodeFigure({ url, token }, 'tillstream_sync_frames_refused_total')
  return refused === strangers ? [] : [`${refused} refused frames are counted, not ${strangers}`]
}

/** Facts that are no fact, another store's or another zone's, each with a good one behind it. */
async function poisoned(
  device: Device,
  url: string,
  token: string,
  count: number,
): Promise<{ good: number; lost: number }> {
  const good: string[] = []
  for (let n = 0; n < count; n++) {
    const from = device.seq + 1
    const at = START + device.seq * 1_000
    device.sale({ at }, [{ sku: 'A', amount: 100 }])
    const template = device.facts.pop()
    device.bytes.pop()
    device.hashes.pop()
    if (template === undefined) throw new Error('a template')
    const wrong = [
      { ...template, offset: 60 as ZoneOffset },
      { ...template, store: (template.store + 1) as typeof template.store },
      { ...template, id: (template.id + 7) as typeof template.id },
    ][n % 4]
    device.writeBytes(wrong === undefined ? Buffer.from(`poison ${n}`) : encodeFact(wrong), template)
    good.push(String(device.sale({ at: at + 1 }, [{ sku: 'B', amount: 200 }])))
    await device.sync(from)
  }
  const told = pick(
    await askOk(`${url}/v1/facts?store=${device.store}&limit=500`, { token }),
    'list',
    'items',
  )
  const ids = new Set(told.map((fact) => pick(fact, 'string', 'id')))
  return { good: good.length, lost: good.filter((id) => !ids.has(id)).length }
}
