// Fan-out of the store's feed to 200 readers. Ours: real sales through the till, every activity stored and framed with the others of its commit.
// Peer: uWebSockets.js `publish` of ready-made events of the same size, one frame each. Counted at the readers: activities delivered per second.
import { WebSocket } from 'ws'
import { inTurns, tell } from './bench.ts'
import { startChild } from './peers/child.ts'

const READERS = 200
const EVENTS = 4_000
const ACTIVITY_BYTES = 300

interface Reader {
  readonly socket: WebSocket
  received: number
}

async function connect(url: string, count: (data: Buffer) => number): Promise<Reader[]> {
  return Promise.all(
    Array.from({ length: READERS }, () => {
      const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 64 * 1024 * 1024 })
      const reader: Reader = { socket, received: 0 }
      socket.on('message', (data: Buffer) => (reader.received += count(data)))
      return new Promise<Reader>((resolve, reject) => {
        socket.once('open', () => resolve(reader))
        socket.once('error', reject)
      })
    }),
  )
}

/** Activities in a frame, from its head: {"type":"activities","epoch":1,"from":1,"to":100,... */
function activitiesIn(data: Buffer): number {
  const head = data.subarray(0, 100).toString('latin1')
  const match = /^\{"type":"activities","epoch":\d+,"from":(\d+),"to":(\d+)/.exec(head)
  return match === null ? 0 : Number(match[2]) - Number(match[1]) + 1
}

/** Has EVENTS sent and waits until every reader has them; gives the events delivered per second. */
async function deliver(readers: readonly Reader[], send: () => void): Promise<number> {
  const goals = readers.map((reader) => reader.received + EVENTS)
  const start = performance.now()
  send()
  while (readers.some((reader, index) => reader.received < (goals[index] ?? 0)))
    await new Promise((resolve) => setImmediate(resolve))
  return (READERS * EVENTS * 1000) / (performance.now() - start)
}

export async function bench(): Promise<void> {
  const edge = await startChild<{ admin: string }>('edge-server.ts')
  const peer = await startChild('publish-server.ts', [String(ACTIVITY_BYTES)])
  const ours = await connect(
    `ws://127.0.0.1:${edge.hello.listening}/v1/feed?token=${edge.hello.admin}`,
    activitiesIn,
  )
  const theirs = await connect(`ws://127.0.0.1:${peer.hello.listening}/feed`, () => 1)
  try {
    const rates = await inTurns(
      () => deliver(ours, () => edge.process.stdin?.write(`${EVENTS}\n`)),
      () => deliver(theirs, () => void fetch(`http://127.0.0.1:${peer.hello.listening}/go/${EVENTS}`)),
      { measured: true },
    )
    tell({
      bench: 'feed',
      figure: `activities delivered per second to ${READERS} readers, each a durable sale`,
      ...rates,
      peerName: `raw uWebSockets.js publish, one frame of ${ACTIVITY_BYTES} bytes per event`,
      unit: 'deliveries/s',
      notes: { readers: READERS, events: EVENTS },
    })
  } finally {
    for (const { socket } of [...ours, ...theirs]) socket.terminate()
    await Promise.all([edge.stop(), peer.stop()])
  }
}
