// Fan-out of the store's feed to 200 readers, every activity stored, resumable by position, and framed with the others of its commit: alone, and with the sales
// they tell of. Peers: the same activities ready-made, a frame each. Counted at the readers: activities delivered per second, by the clock and by
// the processor time of server and readers together. Beside it what the library and the kernel allow, what the readers' own parsing takes, what a
// subscriber costs in memory, and how long a commit takes into a real browser.
import type { FeedMessage } from '../protocol/feed-frames.ts'
import { unpack } from '../protocol/packed-feed.ts'
import { cpuSeconds, inTurns, tell } from './bench.ts'
import { PER_TURN } from './feed/activities.ts'
import { latency } from './feed/latency.ts'
import { memory } from './feed/memory.ts'
import { openReaders } from './feed/readers.ts'
import type { Count, Reader } from './feed/readers.ts'
import type { Child } from './peers/child.ts'
import { startChild } from './peers/child.ts'

const READERS = 200
const EVENTS = 4_000
const ROUNDS = 3
/** What the kit's client asks for (F-12), and what a socket without a subprotocol gets. */
const PACKED = ['tillstream.packed']
const ROWS: string[] = []
const PUBLISH = 'raw uWebSockets.js publish, one frame per event'

interface Side {
  readonly name: string
  readonly child: Child<object>
  readonly readers: readonly Reader[]
  readonly send: () => void
}

/** A round of a side. */
interface Delivered {
  readonly perSecond: number
  /** Of server and readers together. */
  readonly perCpuSecond: number
  /** Of messages, at one reader. */
  readonly bytesEach: number
}

/** Activities in a frame, from its head: {"type":"activities","epoch":1,"from":1,"to":100,... */
const activitiesIn: Count = (message) => {
  const head = message.toString('latin1', 0, 100)
  const match = /^\{"type":"(?:activities|packed)","epoch":\d+,"from":(\d+),"to":(\d+)/.exec(head)
  return match === null ? 0 : Number(match[2]) - Number(match[1]) + 1
}

/** The same, every activity read. */
const activitiesRead: Count = (message) => {
  const frame = JSON.parse(message.toString()) as FeedMessage<object>
  if (frame.type === 'packed') return unpack(frame).length
  return frame.type === 'activities' ? frame.activities.length : 0
}

const one: Count = () => 1
const oneRead: Count = (message) => (JSON.parse(message.toString()) === null ? 0 : 1)
const turnful: Count = () => PER_TURN

/** A packet of socket.io: opened, ping, or an event. */
const eventsIn: Count = (message, answer) => {
  const text = message.toString('latin1', 0, 2)
  if (text.startsWith('0')) answer('40')
  else if (text === '2') answer('3')
  return text === '42' ? 1 : 0
}

/** Has EVENTS sent and waits until every reader has them. */
async function deliver({ readers, send, child }: Side): Promise<Delivered> {
  const all = Promise.all(readers.map((reader) => reader.more(EVENTS)))
  const bytes = readers[0]?.bytes ?? 0
  const [server, own, start] = [child.cpuMicros(), cpuSeconds(), performance.now()]
  send()
  await all
  const deliveries = readers.length * EVENTS
  const used = ((child.cpuMicros() ?? NaN) - (server ?? NaN)) / 1e6 + (cpuSeconds() - own)
  return {
    perSecond: (deliveries * 1000) / (performance.now() - start),
    perCpuSecond: deliveries / used,
    bytesEach: ((readers[0]?.bytes ?? 0) - bytes) / EVENTS,
  }
}

/** Tells both figures, and gives the bytes of one of our activities. */
async function compare(what: string, ours: Side, theirs: Side): Promise<number> {
  const rounds: { ours: Delivered[]; theirs: Delivered[] } = { ours: [], theirs: [] }
  const measured = async (side: Side, kept: Delivered[]): Promise<number> => {
    const delivered = await deliver(side)
    kept.push(delivered)
    return delivered.perSecond
  }
  const rates = await inTurns(
    () => measured(ours, rounds.ours),
    () => measured(theirs, rounds.theirs),
    { measured: true, rounds: ROUNDS },
  )
  const [mine, other] = [rounds.ours.at(-1)?.bytesEach ?? 0, rounds.theirs.at(-1)?.bytesEach ?? 0]
  const notes = { readers: READERS, events: EVENTS, bytes: Math.round(mine), peerBytes: Math.round(other) }
  const figure = `${what}, delivered to ${READERS} readers`
  tell({ bench: 'feed', figure, ...rates, peerName: theirs.name, unit: 'deliveries/s', notes })
  const best = (kept: readonly Delivered[]): number =>
    Math.max(...kept.slice(1).map(({ perCpuSecond }) => perCpuSecond))
  // Only Linux tells.
  if (!Number.isNaN(best(rounds.ours)))
    tell({
      bench: 'feed',
      figure: `${figure}, best round by processor time of server and readers`,
      ours: best(rounds.ours),
      peer: best(rounds.theirs),
      peerName: theirs.name,
      unit: 'deliveries per processor second',
    })
  return mine
}

type Edge = Child<{ admin: string }>

/** Runs with readers of the edge's feed, and closes them. */
async function withReaders<T>(
  edge: Edge,
  { count = activitiesIn, protocols = PACKED }: { count?: Count; protocols?: string[] },
  work: (told: Side, sold: Side) => Promise<T>,
): Promise<T> {
  const url = `ws://127.0.0.1:${edge.hello.listening}/v1/feed?token=${edge.hello.admin}`
  const readers = await openReaders(url, count, READERS, protocols)
  const side = (line: string): Side => ({
    name: 'ours',
    child: edge,
    readers,
    send: () => void edge.process.stdin?.write(`${line}\n`),
  })
  try {
    return await work(side(`tell ${EVENTS}`), side(`${EVENTS}`))
  } finally {
    for (const reader of readers) reader.close()
  }
}

/** Runs with readers of a server beside this file, and closes them. */
async function withPeer(
  child: Child<object>,
  { name, path = '/feed', go, count }: { name: string; path?: string; go: string; count: Count },
  work: (peer: Side) => Promise<unknown>,
): Promise<void> {
  const port = child.hello.listening
  const readers = await openReaders(`ws://127.0.0.1:${port}${path}`, count, READERS)
  const send = (): void => void fetch(`http://127.0.0.1:${port}${go}`)
  try {
    await work({ name, child, readers, send })
  } finally {
    for (const reader of readers) reader.close()
  }
}

const GO = `/go/${EVENTS}`

/** Beside `publish`, in every way that matters. */
async function besidePublish(edge: Edge): Promise<void> {
  const child = await startChild('publish-server.ts')
  const raw = { name: PUBLISH, go: GO, count: one }
  try {
    let bytes = 0
    await withPeer(child, raw, (peer) =>
      withReaders(edge, {}, async (told, sold) => {
        bytes = await compare('stored activities', told, peer)
        await compare('activities of durable sales', sold, peer)
      }),
    )
    await withPeer(child, raw, (peer) =>
      withReaders(edge, { protocols: ROWS }, (told) => compare('stored activities as rows', told, peer)),
    )
    await withPeer(child, { ...raw, count: oneRead }, (peer) =>
      withReaders(edge, { count: activitiesRead }, (told) =>
        compare('stored activities, each parsed', told, peer),
      ),
    )
    const frame = Math.round(bytes * PER_TURN)
    const ready = {
      name: `uWebSockets.js publish of ready-made frames of ${frame} bytes`,
      go: `/frames/${EVENTS / PER_TURN}/${frame}`,
      count: turnful,
    }
    await withPeer(child, ready, (peer) =>
      withReaders(edge, {}, (told) => compare('stored activities beside the ceiling', told, peer)),
    )
  } finally {
    await child.stop()
  }
}

const LIBRARIES = [
  { name: 'ws, one send per event and client', file: 'ws-server.ts', path: '/', count: one },
  {
    name: 'socket.io, one emit per event',
    file: 'socket-io-server.ts',
    path: '/socket.io/?EIO=4&transport=websocket',
    count: eventsIn,
  },
]

export async function bench(): Promise<void> {
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  try {
    await besidePublish(edge)
    for (const { file, ...library } of LIBRARIES) {
      const child = await startChild(file)
      await withPeer(child, { ...library, go: GO }, (peer) =>
        withReaders(edge, {}, (told) => compare('stored activities', told, peer)),
      )
      await child.stop()
    }
  } finally {
    await edge.stop()
  }
  await memory()
  await latency()
}
