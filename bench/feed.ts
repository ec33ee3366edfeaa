// Fan-out of the store's feed to 200 readers, every activity stored, resumable by position, and framed with the others of its commit: with the sales they tell of,
// and alone. Peers: ready-made events of the same size, a frame each. Counted at the readers: activities delivered per second, by the clock and by the
// processor time of server and readers together. Then what a subscriber costs in memory, and how long a commit takes into a real browser.
import { cpuSeconds, inTurns, tell } from './bench.ts'
import { latency } from './feed/latency.ts'
import { memory } from './feed/memory.ts'
import { openReaders } from './feed/readers.ts'
import type { Count, Reader } from './feed/readers.ts'
import type { Child } from './peers/child.ts'
import { startChild } from './peers/child.ts'

const READERS = 200
const EVENTS = 4_000
/** As large as an activity of a sale. */
const EVENT_BYTES = 240
const ROUNDS = 3

interface Side {
  readonly name: string
  readonly child: Child<object>
  readonly readers: readonly Reader[]
  readonly send: () => void
  /** Deliveries per second of processor time, server and readers together, of each round. */
  readonly byCpu: number[]
}

/** Activities in a frame, from its head: {"type":"activities","epoch":1,"from":1,"to":100,... */
const activitiesIn: Count = (message) => {
  const head = message.toString('latin1', 0, 100)
  const match = /^\{"type":"activities","epoch":\d+,"from":(\d+),"to":(\d+)/.exec(head)
  return match === null ? 0 : Number(match[2]) - Number(match[1]) + 1
}

/** A packet of socket.io: opened, ping, or an event. */
const eventsIn: Count = (message, answer) => {
  const text = message.toString('latin1', 0, 2)
  if (text.startsWith('0')) answer('40')
  else if (text === '2') answer('3')
  return text === '42' ? 1 : 0
}

const PEERS: readonly { name: string; file: string; path: string; count: Count }[] = [
  {
    name: `raw uWebSockets.js publish, one frame of ${EVENT_BYTES} bytes per event`,
    file: 'publish-server.ts',
    path: '/feed',
    count: () => 1,
  },
  {
    name: `ws, one send of ${EVENT_BYTES} bytes per event and client`,
    file: 'ws-server.ts',
    path: '/',
    count: () => 1,
  },
  {
    name: `socket.io, one emit of ${EVENT_BYTES} bytes per event`,
    file: 'socket-io-server.ts',
    path: '/socket.io/?EIO=4&transport=websocket',
    count: eventsIn,
  },
]

/** Has EVENTS sent and waits until every reader has them; gives the events delivered per second. */
async function deliver({ readers, send, child, byCpu }: Side): Promise<number> {
  const goals = readers.map((reader) => reader.received + EVENTS)
  const [server, own, start] = [child.cpuMicros(), cpuSeconds(), performance.now()]
  send()
  while (readers.some((reader, index) => reader.received < (goals[index] ?? 0)))
    await new Promise((resolve) => setImmediate(resolve))
  const rate = (READERS * EVENTS * 1000) / (performance.now() - start)
  const used = ((child.cpuMicros() ?? NaN) - (server ?? NaN)) / 1e6 + (cpuSeconds() - own)
  byCpu.push((READERS * EVENTS) / used)
  return rate
}

async function compare(what: string, ours: Side, theirs: Side): Promise<void> {
  for (const side of [ours, theirs]) side.byCpu.length = 0
  const rates = await inTurns(
    () => deliver(ours),
    () => deliver(theirs),
    { measured: true, rounds: ROUNDS },
  )
  const notes = { readers: READERS, events: EVENTS }
  const figure = `${what} delivered to ${READERS} readers`
  tell({ bench: 'feed', figure, ...rates, peerName: theirs.name, unit: 'deliveries/s', notes })
  const [best, peerBest] = [Math.max(...ours.byCpu), Math.max(...theirs.byCpu)]
  // Only Linux tells.
  if (Number.isNaN(best)) return
  tell({
    bench: 'feed',
    figure: `${figure}, best round by processor time of server and readers`,
    ours: best,
    peer: peerBest,
    peerName: theirs.name,
    unit: 'deliveries per processor second',
  })
}

export async function bench(): Promise<void> {
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  const url = `ws://127.0.0.1:${edge.hello.listening}/v1/feed?token=${edge.hello.admin}`
  const ours = { child: edge, readers: await openReaders(url, activitiesIn, READERS), byCpu: [] }
  const sales = { ...ours, name: 'sales', send: () => void edge.process.stdin?.write(`${EVENTS}\n`) }
  const alone = { ...ours, name: 'alone', send: () => void edge.process.stdin?.write(`tell ${EVENTS}\n`) }
  try {
    for (const { name, file, path, count } of PEERS) {
      const child = await startChild(file, [String(EVENT_BYTES)])
      const port = child.hello.listening
      const readers = await openReaders(`ws://127.0.0.1:${port}${path}`, count, READERS)
      const send = (): void => void fetch(`http://127.0.0.1:${port}/go/${EVENTS}`)
      const theirs = { name, child, readers, send, byCpu: [] }
      await compare('stored activities', alone, theirs)
      if (file === 'publish-server.ts') await compare('activities of durable sales', sales, theirs)
      for (const reader of readers) reader.close()
      await child.stop()
    }
  } finally {
    for (const reader of ours.readers) reader.close()
    await edge.stop()
  }
  await memory()
  await latency()
}
