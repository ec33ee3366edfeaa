// The bad network on real sockets: what it may do to frames, and what it must never do.
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { seededRandom } from '../../cloud/demo/random.ts'
import { CHANCES, SPOILT_MAX, Shuffler } from '../../cloud/demo/replay/shuffler.ts'
import type { Chances } from '../../cloud/demo/replay/shuffler.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { encodeFrame } from '../../protocol/codec.ts'
import { SIGNATURE_BYTES } from '../../protocol/envelope.ts'
import type { Origin, Seq } from '../../protocol/ids.ts'
import { NO_MEMBER } from '../../protocol/ids.ts'

const CALM: Chances = { duplicate: 0, drop: 0, break: 0 }
const FRAMES = 40

/** A cloud that only listens: what came on which connection, in the order it came over all of them. It closes at a number that it has heard. */
class ListeningCloud {
  readonly received: { edge: number; seq: number }[] = []
  readonly http: Server
  readonly sockets = new Map<number, WebSocket>()
  readonly #server: WebSocketServer

  constructor() {
    this.http = createServer((request, response) => {
      response.writeHead(201, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ method: request.method, url: request.url }))
    })
    this.#server = new WebSocketServer({ server: this.http })
    this.#server.on('connection', (socket, request) => {
      const edge = Number(new URL(request.url ?? '', 'ws://x').searchParams.get('edge'))
      const heard = new Set<number>()
      this.sockets.set(edge, socket)
      socket.on('message', (data: Buffer) => {
        const seq = data.readUInt32BE(0)
        this.received.push({ edge, seq })
        if (heard.has(seq)) socket.close(CLOSE_CODES.misplaced)
        heard.add(seq)
      })
    })
  }

  of(edge: number): number[] {
    return this.received.filter((frame) => frame.edge === edge).map(({ seq }) => seq)
  }
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** Listens on a port the system chooses. */
async function start(
  chances: Chances,
  seed = 1,
): Promise<{ cloud: ListeningCloud; shuffler: Shuffler; port: number }> {
  const cloud = new ListeningCloud()
  await new Promise<void>((resolve) => void cloud.http.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    cloud.http.closeAllConnections()
    cloud.http.close()
  })
  // A listening TCP server has an address with a port.
  const shuffler = new Shuffler((cloud.http.address() as AddressInfo).port, seed, chances)
  closers.push(() => shuffler.close())
  return { cloud, shuffler, port: await shuffler.listen() }
}

async function edgeAt(port: number, edge: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/sync?edge=${edge}`)
  closers.push(() => socket.terminate())
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return socket
}

/** A sealed frame whose signature's first bytes carry a number: the shuffler must not look at it. */
function sealed(seq: number, frame: Uint8Array): Buffer {
  const signature = Buffer.alloc(SIGNATURE_BYTES)
  signature.writeUInt32BE(seq, 0)
  return Buffer.concat([signature, frame])
}

const batch = (seq: number): Buffer =>
  sealed(
    seq,
    encodeFrame({
      type: 'batch',
      origin: 1 as Origin,
      from: seq as Seq,
      previous: new Uint8Array(32),
      waiting: 0 as Seq,
      facts: [new Uint8Array([1, 2, 3])],
    }),
  )
const question = (seq: number): Buffer =>
  sealed(seq, encodeFrame({ type: 'find_member', question: 1, identity: null, member: NO_MEMBER }))

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 50_000, interval: 5 })

test('R-11 batches of different connections overtake each other, those of one never do, and all arrive', async () => {
  const { cloud, shuffler, port } = await start(CALM)
  const edges = await Promise.all([1, 2, 3].map((edge) => edgeAt(port, edge)))
  for (const seq of numbers(FRAMES)) for (const edge of edges) edge.send(batch(seq))
  await until(() => expect(cloud.received.length).toBe(3 * FRAMES))
  for (const edge of [1, 2, 3]) expect(cloud.of(edge)).toEqual(numbers(FRAMES))
  expect(cloud.received.map(({ edge }) => edge)).not.toEqual(numbers(FRAMES).flatMap(() => [1, 2, 3]))
  expect(shuffler.counts).toMatchObject({
    batches: 3 * FRAMES,
    dropped: 0,
    duplicated: 0,
    broken: 0,
    refused: 0,
  })
  expect(shuffler.counts.overtook).toBeGreaterThan(0)
})

test('R-11 a frame that is no batch waits only for what its own connection sent before it', async () => {
  const { cloud, port } = await start(CALM)
  const edge = await edgeAt(port, 1)
  edge.send(question(1))
  edge.send(batch(2))
  edge.send(question(3))
  await until(() => expect(cloud.of(1)).toEqual([1, 2, 3]))
})

test('R-11 a duplicated batch comes twice, its copy later, and the cloud refuses it; after SPOILT_MAX no more', async () => {
  const { cloud, shuffler, port } = await start({ duplicate: 1, drop: 0, break: 0 })
  for (let n = 1; n <= SPOILT_MAX; n++) {
    const edge = await edgeAt(port, n)
    const closed = new Promise<number>((resolve) => edge.once('close', resolve))
    for (const seq of numbers(3)) edge.send(batch(seq))
    expect(await closed).toBe(CLOSE_CODES.misplaced)
    expect(cloud.of(n)[0]).toBe(1)
    expect(cloud.of(n).slice(1)).toContain(1)
    expect(shuffler.counts).toMatchObject({ duplicated: n, refused: n, broken: 0 })
  }
  const edge = await edgeAt(port, SPOILT_MAX + 1)
  for (const seq of numbers(FRAMES)) edge.send(batch(seq))
  await until(() => expect(cloud.of(SPOILT_MAX + 1)).toEqual(numbers(FRAMES)))
})

test('R-11 a lost batch that breaks the connection: nothing of it arrives, both ends see it close', async () => {
  const { cloud, shuffler, port } = await start({ duplicate: 0, drop: 1, break: 1 })
  const edge = await edgeAt(port, 1)
  const closed = new Promise<number>((resolve) => edge.once('close', resolve))
  edge.send(question(1))
  edge.send(batch(2))
  expect(await closed).toBe(1006)
  await until(() => expect(cloud.sockets.get(1)?.readyState).toBe(WebSocket.CLOSED))
  expect(cloud.of(1)).toEqual([1])
  expect(shuffler.counts).toMatchObject({ dropped: 1, broken: 1 })
})

test('R-11 a lost batch that nothing follows breaks the connection before long', async () => {
  const { cloud, shuffler, port } = await start({ duplicate: 0, drop: 1, break: 0 })
  const edge = await edgeAt(port, 1)
  const closed = new Promise<number>((resolve) => edge.once('close', resolve))
  edge.send(batch(1))
  expect(await closed).toBe(1006)
  expect(cloud.received).toEqual([])
  expect(shuffler.counts).toMatchObject({ dropped: 1, broken: 1 })
})

test('R-11 one is lost: what comes behind it passes in order, for the cloud to refuse', async () => {
  const { cloud, shuffler, port } = await start({ duplicate: 0, drop: 0.3, break: 0 }, 4)
  const edge = await edgeAt(port, 1)
  for (const seq of numbers(FRAMES)) edge.send(batch(seq))
  await until(() => expect(shuffler.counts).toMatchObject({ dropped: 1, duplicated: 0 }))
  await until(() => expect(cloud.sockets.get(1)?.readyState).toBe(WebSocket.CLOSED))
  expect(shuffler.counts.broken).toBe(1)
  expect(cloud.of(1).length).toBeGreaterThan(1)
  const passed = cloud.of(1).at(-1) ?? 0
  const lost = numbers(passed).filter((seq) => !cloud.of(1).includes(seq))
  expect(lost).toHaveLength(1)
  expect(cloud.of(1)).toEqual(numbers(passed).filter((seq) => !lost.includes(seq)))
})

test('R-11 what the cloud says passes at once, with its close code; what an edge says in closing too', async () => {
  const { cloud, port } = await start(CHANCES)
  const [first, second] = await Promise.all([edgeAt(port, 1), edgeAt(port, 2)])
  await until(() => expect(cloud.sockets.size).toBe(2))
  const heard = new Promise<Buffer>((resolve) => first.once('message', (data: Buffer) => resolve(data)))
  cloud.sockets.get(1)?.send(Buffer.from('down'))
  expect((await heard).toString()).toBe('down')
  const closed = new Promise<number>((resolve) => first.once('close', resolve))
  cloud.sockets.get(1)?.close(4409, 'fenced')
  expect(await closed).toBe(4409)
  const farClosed = new Promise<number>((resolve) => cloud.sockets.get(2)?.once('close', resolve))
  second.close(1001)
  expect(await farClosed).toBe(1001)
})

test('R-11 plain HTTP, like an edge that enrols, is passed on', async () => {
  const { port } = await start(CHANCES)
  const response = await fetch(`http://127.0.0.1:${port}/v1/enrol`, { method: 'POST', body: '{}' })
  expect(response.status).toBe(201)
  expect(await response.json()).toEqual({ method: 'POST', url: '/v1/enrol' })
})

test('chance comes from the seed: the same again, another otherwise, evenly spread', () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed)
    return Array.from({ length: 1000 }, () => random.below(10))
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(8)).not.toEqual(draw(7))
  for (const digit of Array.from({ length: 10 }, (_, index) => index))
    expect(draw(7).filter((value) => value === digit).length).toBeGreaterThan(60)
})
