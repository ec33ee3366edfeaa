// The till's HTTP connection on real sockets: whole answers in pieces, faults that say so, and a line that can be cut.
import { createServer as createHttpServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { Line } from '../../cloud/demo/network.ts'
import { WireConnection, WireFault } from '../../cloud/demo/wire.ts'
import { CallFault, Terminal } from '../../cloud/demo/replay/terminal.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  closers.push(() => void server.close())
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port
}

function httpServer(answer: RequestListener): Promise<number> {
  const server = createHttpServer(answer)
  closers.push(() => server.closeAllConnections())
  return listening(server)
}

/** A server that answers every request's end with these texts, one write each. */
function rawServer(answer: (count: number, socket: Socket) => void): Promise<number> {
  let count = 0
  return listening(
    createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        if (data.toString('latin1').includes('\r\n\r\n')) answer((count += 1), socket)
      })
      closers.push(() => socket.destroy())
    }),
  )
}

function connectionTo(port: number): WireConnection {
  const connection = new WireConnection(port, 'secret')
  closers.push(() => connection.close())
  return connection
}

describe('a till on the wire', () => {
  test('sends token, key and body, and reuses its connection', async () => {
    const ports = new Set<number | undefined>()
    const port = await httpServer((request, response) => {
      ports.add(request.socket.remotePort)
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString()))
      request.on('end', () => {
        const { authorization, 'idempotency-key': key } = request.headers
        const text = JSON.stringify({ method: request.method, url: request.url, authorization, key, body })
        response
          .writeHead(201, { 'content-length': Buffer.byteLength(text), 'idempotent-replayed': 'true' })
          .end(text)
      })
    })
    const connection = connectionTo(port)
    for (const key of ['k1', 'k2']) {
      const answer = await connection.post('/v1/sales', key, '{"name":"Zoë"}')
      expect(answer).toMatchObject({ status: 201, replayed: true })
      expect(JSON.parse(answer.body.toString())).toEqual({
        method: 'POST',
        url: '/v1/sales',
        authorization: 'Bearer secret',
        key,
        body: '{"name":"Zoë"}',
      })
    }
    expect(ports.size).toBe(1)
  })

  test('an answer that comes byte by byte is one answer', async () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'
    const port = await rawServer((_, socket) => {
      const write = (at: number): void => {
        if (at < text.length) socket.write(text.charAt(at), () => setImmediate(write, at + 1))
      }
      write(0)
    })
    const answer = await connectionTo(port).post('/', 'k', '')
    expect([answer.status, answer.replayed, answer.body.toString()]).toEqual([200, false, 'hello'])
  })

  test.each([
    ['closed before the answer', (socket: Socket): void => void socket.end(), /closed|broke/],
    ['reset', (socket: Socket): void => void socket.resetAndDestroy(), /closed|broke/],
    [
      'half an answer',
      (socket: Socket): void => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe'),
      /closed/,
    ],
    ['no HTTP', (socket: Socket): void => void socket.write('SSH-2.0\r\n\r\n'), /not an answer/],
    ['no length', (socket: Socket): void => void socket.write('HTTP/1.1 200 OK\r\n\r\n'), /not an answer/],
    [
      'more than announced',
      (socket: Socket): void => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab'),
      /more bytes/,
    ],
    [
      'headers without end',
      (socket: Socket): void => void socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`),
      /never end/,
    ],
  ])('%s is a fault, and the next call works', async (_, spoil, message) => {
    const port = await rawServer((count, socket) => {
      if (count === 1) spoil(socket)
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    const connection = connectionTo(port)
    await expect(connection.post('/', 'k', '')).rejects.toThrow(message)
    await expect(connection.post('/', 'k', '')).resolves.toMatchObject({ status: 200 })
  })

  test('nobody there is a fault', async () => {
    const server = createServer()
    const port = await listening(server)
    await new Promise((resolve) => server.close(resolve))
    await expect(connectionTo(port).post('/', 'k', '')).rejects.toBeInstanceOf(WireFault)
  })

  test('a connection the server closes after its answer is opened again', async () => {
    const port = await rawServer((_, socket) => {
      socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
    })
    const connection = connectionTo(port)
    for (const key of ['1', '2', '3']) expect((await connection.post('/', key, '')).status).toBe(200)
  })
})

const RECEIPT = JSON.stringify({ receipt: { id: '8589934593', hash: 'ab' }, status: 'confirmed', points: 3 })

describe('R-8 a call that may be made again', () => {
  const answering = (answers: readonly [number, string][]): Promise<number> => {
    const left = [...answers]
    return httpServer((request, response) => {
      const [status, text] = left.shift() ?? [201, RECEIPT]
      request.resume().on('end', () => {
        if (status === 0) request.socket.destroy()
        else response.writeHead(status, { 'content-length': text.length }).end(text)
      })
    })
  }
  const terminalTo = (port: number): { terminal: Terminal; retries: () => number } => {
    let retries = 0
    const terminal = new Terminal(port, 'secret', () => void (retries += 1))
    closers.push(() => terminal.close())
    return { terminal, retries: () => retries }
  }

  test('R-8 no answer, 5xx, 429 and a key in flight are tried again with the same key', async () => {
    const inFlight = JSON.stringify({ code: 'key_in_flight' })
    const { terminal, retries } = terminalTo(
      await answering([
        [0, ''],
        [503, '{}'],
        [429, '{}'],
        [409, inFlight],
      ]),
    )
    expect(await terminal.call('/v1/sales', 'k', '{}')).toMatchObject({
      key: 'k',
      id: '8589934593',
      hash: 'ab',
      confirmed: true,
      points: 3,
      replayed: false,
    })
    expect(retries()).toBe(4)
  })

  test.each([
    [400, '{"code":"input_invalid","detail":"no lines"}', /400 input_invalid no lines/],
    [409, '{"code":"identity_taken","detail":"taken"}', /409 identity_taken taken/],
    [404, 'nothing', /404/],
  ])('R-8 %s is an error of the replay', async (status, text, message) => {
    const { terminal, retries } = terminalTo(await answering([[status, text]]))
    const call = terminal.call('/v1/sales', 'k', '{}')
    await expect(call).rejects.toThrow(message)
    await expect(call).rejects.toBeInstanceOf(CallFault)
    expect(retries()).toBe(0)
  })
})

describe('a line that can be cut', () => {
  test('passes bytes, breaks when cut, takes no one until healed', async () => {
    const port = await httpServer((request, response) => {
      request.resume().on('end', () => response.writeHead(200, { 'content-length': 2 }).end('ok'))
    })
    const line = new Line(port)
    const linePort = await line.listen()
    closers.push(() => line.close())
    const connection = connectionTo(linePort)
    expect((await connection.post('/', '1', '')).status).toBe(200)
    line.cut()
    expect(line.isCut).toBe(true)
    await expect(connection.post('/', '2', '')).rejects.toBeInstanceOf(WireFault)
    await expect(connection.post('/', '3', '')).rejects.toBeInstanceOf(WireFault)
    line.heal()
    expect((await connection.post('/', '4', '')).status).toBe(200)
  })

  test('what a peer sent before an orderly end still arrives', async () => {
    const port = await rawServer((_, socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`)
    })
    const line = new Line(port)
    const linePort = await line.listen()
    closers.push(() => line.close())
    expect((await connectionTo(linePort).post('/', '1', '')).body.length).toBe(200_000)
  })
})
