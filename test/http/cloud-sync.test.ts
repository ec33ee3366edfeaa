// Edges at the cloud's door, over real WebSockets: the handshake, batches to acknowledgements, the fleet list, and a stop that loses nothing.
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { STOP_MS_MAX } from '../../protocol/limits.ts'
import { PROTOCOL_VERSION } from '../../protocol/version.ts'
import { startCloud } from '../../cloud/node.ts'
import { CloudUnderTest, eventually, items, pick } from '../support/cloud-node.ts'
import type { Device } from '../support/cloud-node.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'

const T0 = Date.UTC(2026, 5, 1, 12)

let now: number
let cloud: CloudUnderTest
let device: Device

beforeEach(async () => {
  now = T0 + 1_000_000
  cloud = await CloudUnderTest.start(() => now)
  await cloud.publish(SMALL_PROGRAM)
  device = await cloud.addDevice('Camden')
})
afterEach(() => cloud.stop())

const guestSales = (count: number): void => {
  for (let index = 0; index < count; index++) device.sale({ at: T0 + index }, [{ sku: 'tea', amount: 100 }])
}
const edge = async (): Promise<unknown> => items(await cloud.ask('/v1/edges'))[0]

describe('a connection', () => {
  test('P-ENV-2 P-SYNC-1 a challenge, a hello, a welcome, the program', async () => {
    const line = await device.connect()
    expect(await line.next('welcome')).toMatchObject({ seq: 0, cloud_epoch: 1, time: T0 + 1_000_000 })
    const program = await line.next('program')
    expect(program.version).toBe(1)
    expect(JSON.parse(program.document)).toEqual(SMALL_PROGRAM)
  })

  test('P-SYNC-3 batches are acknowledged once they are durable', async () => {
    guestSales(1200)
    await device.connect()
    await device.sync()
    expect(await edge()).toMatchObject({ connected: true, seq: 1200, said_seq: 1200, lag: 0 })
    const { head } = (await cloud.node.store.read.origin(device.origin)) ?? {}
    expect(head).toEqual(device.hashes.at(-1))
  })

  test('G-3 the fleet list says how far an edge is behind, and when it was last heard', async () => {
    expect(await edge()).toMatchObject({
      connected: false,
      seq: 0,
      lag: 0,
      software: 'test/1',
      program: 0,
      state: 'active',
      copy_of: null,
      lives: [{ epoch: 1, open: true, seq: 0, ended: null, missing: 0 }],
    })
    guestSales(30)
    const line = await device.connect()
    await line.next('welcome')
    expect(await edge()).toMatchObject({
      connected: true,
      seq: 0,
      said_seq: 30,
      lag: 30,
      last_contact: new Date(T0 + 1_000_000).toISOString(),
    })
    await device.sync(1, 10)
    expect(await edge()).toMatchObject({ seq: 10, lag: 20 })
    now += 60_000
    guestSales(5)
    await device.sync(11, 35)
    line.socket.close()
    const heard = new Date(T0 + 1_060_000).toISOString()
    const gone = await eventually(
      edge,
      (seen) => pick(seen, 'connected') === false && pick(seen, 'last_contact') === heard,
    )
    expect(gone).toMatchObject({ seq: 35, said_seq: 35, lag: 0 })
  })

  test('P-VER-1 an edge of a later version is refused, HQ sees what to upgrade, and nothing of it is lost', async () => {
    guestSales(3)
    const line = await device.connect(undefined, { protocol: PROTOCOL_VERSION + 1 })
    expect(await line.closed).toBe(CLOSE_CODES.version_new)
    expect(await edge()).toMatchObject({ connected: false, upgrade: 'cloud', seq: 0 })
    await device.connect()
    await device.sync()
    expect(await edge()).toMatchObject({ connected: true, upgrade: null, seq: 3 })
  })

  test('a newer connection of the same edge takes over', async () => {
    const first = await device.connect()
    await first.next('welcome')
    await device.connect()
    expect(await first.closed).toBe(CLOSE_CODES.replaced)
    await device.line.next('welcome')
    expect(await edge()).toMatchObject({ connected: true })
  })

  test('text is no frame', async () => {
    const line = await device.connect()
    await line.next('welcome')
    line.socket.send('{"type":"batch"}')
    expect(await line.closed).toBe(CLOSE_CODES.malformed)
  })

  test('a message larger than a frame may be ends the connection before it is taken in', async () => {
    const line = await device.connect()
    await line.next('welcome')
    line.socket.send(Buffer.alloc(9 * 1024 * 1024))
    expect(await line.closed).toBe(1009)
  })

  test('S14 nothing compressed is taken: there is nothing to blow up', async () => {
    const line = await device.connect()
    await line.next('welcome')
    expect(line.socket.extensions).not.toContain('permessage-deflate')
  })

  test("another device's key opens nothing", async () => {
    const other = await cloud.addDevice('Soho')
    // The other device's key, at this device's address.
    Object.defineProperty(other, 'edge', { value: device.edge })
    const line = await other.connect()
    expect(await line.closed).toBe(CLOSE_CODES.unauthorised)
  })
})

describe('a stop', () => {
  test('Q-6 edges are closed with 1001, what was acknowledged is there after the next start', async () => {
    guestSales(700)
    const line = await device.connect()
    await device.sync()
    await cloud.node.stop()
    expect(await line.closed).toBe(CLOSE_CODES.stopping)
    const again = await startCloud({
      directory: cloud.directory,
      port: 0,
      host: '127.0.0.1',
      logLevel: 'silent',
    })
    try {
      expect((await again.store.read.origin(device.origin))?.seq).toBe(700)
    } finally {
      await again.stop()
    }
  })

  test('Q-6 batches that are under way when it comes are committed or never acknowledged', async () => {
    guestSales(4000)
    const line = await device.connect()
    await line.next('welcome')
    for (let from = 1; from <= 4000; from += 500) line.send(device.batch(from, from + 499))
    let acked = (await line.next('ack')).seq
    const stopped = cloud.node.stop()
    try {
      for (;;) acked = (await line.next('ack')).seq
    } catch (cause) {
      expect(String(cause)).toContain('closed with')
    }
    await stopped
    const again = await startCloud({
      directory: cloud.directory,
      port: 0,
      host: '127.0.0.1',
      logLevel: 'silent',
    })
    try {
      const taken = (await again.store.read.origin(device.origin))?.seq ?? 0
      expect(taken).toBeGreaterThanOrEqual(acked)
      expect(taken % 500).toBe(0)
    } finally {
      await again.stop()
    }
  })

  test('Q-6 a request under way is answered; after the signal the node is not ready and takes no writes', async () => {
    const own = await CloudUnderTest.start()
    const open = async (): Promise<{ send: (text: string) => void; answer: Promise<string> }> => {
      const socket = connect(own.node.port, '127.0.0.1')
      let text = ''
      socket.on('data', (data: Buffer) => (text += data.toString()))
      await new Promise((resolve) => socket.once('connect', resolve))
      return {
        send: (sent) => void socket.write(sent),
        answer: new Promise((resolve) => socket.once('close', () => resolve(text))),
      }
    }
    const [early, ready, late] = [await open(), await open(), await open()]
    const head = `Host: x\r\nConnection: close\r\nAuthorization: Bearer ${own.node.token}\r\n`
    const body = '{"name":"Camden","zone":"UTC"}'
    early.send(`POST /v1/stores HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`)
    // Its head has been read when another request that came later has been answered.
    await own.ask('/livez')
    const stopped = own.stop()
    ready.send(`GET /readyz HTTP/1.1\r\n${head}\r\n`)
    expect(await ready.answer).toMatch(/^HTTP\/1\.1 503 [^]*"code":"stopping"/)
    late.send(`POST /v1/stores HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`)
    expect(await late.answer).toMatch(/^HTTP\/1\.1 503 [^]*"code":"stopping"/)
    early.send(body.slice(5))
    expect(await early.answer).toMatch(/^HTTP\/1\.1 201 [^]*"name":"Camden"/)
    await stopped
  })

  test('Q-6 a stop does not wait for a connection that never asked anything', async () => {
    const own = await CloudUnderTest.start()
    const idle = connect(own.node.port, '127.0.0.1')
    await new Promise((resolve) => idle.once('connect', resolve))
    const started = performance.now()
    await own.stop()
    expect(performance.now() - started).toBeLessThan(STOP_MS_MAX)
  })
})
