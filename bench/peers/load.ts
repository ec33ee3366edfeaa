// A lean load generator: prepared requests over raw sockets, one outstanding per connection, the key counted up in place. General tools (autocannon with
// a new key per request) spend more on a request than the server does, and then measure themselves.
import { connect } from 'node:net'
import type { Socket } from 'node:net'

const KEY = '000000000000'

export interface Target {
  readonly port: number
  readonly path: string
  readonly token: string
  /** JSON of the bodies, which connections send in turns; a new key is put where it says KEY_PLACE. */
  readonly bodies: readonly string[]
}

export const KEY_PLACE = KEY

let keyLast = 0

interface Request {
  readonly bytes: Buffer
  /** Where the key stands; negative: it has none. */
  readonly keyAt: number
}

function requestOf({ path, token }: Target, body: string): Request {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
  const bytes = Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  return { bytes, keyAt: bytes.indexOf(KEY) }
}

/** Each connection has bodies of its own, as far as they reach. */
function connectionsTo(target: Target, count: number, done: (connection: Connection) => void): Connection[] {
  const { bodies } = target
  return Array.from({ length: count }, (_, index) => {
    const own = bodies.filter((__, at) => at % count === index % bodies.length)
    return new Connection(
      target,
      own.map((body) => requestOf(target, body)),
      done,
    )
  })
}

class Connection {
  readonly #socket: Socket
  readonly #requests: readonly Request[]
  #next = 0
  readonly #done: (connection: Connection) => void
  #received = ''
  scheduledAt = 0

  constructor({ port }: Target, requests: readonly Request[], done: (connection: Connection) => void) {
    this.#requests = requests
    this.#done = done
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#take(text))
    this.#socket.on('error', (cause) => {
      throw cause
    })
  }

  opened(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('connect', resolve))
  }

  send(scheduledAt: number): void {
    this.scheduledAt = scheduledAt
    const request = this.#requests[this.#next]
    if (request === undefined) throw new Error('a connection has something to send')
    this.#next = (this.#next + 1) % this.#requests.length
    // The socket may still hold the buffer of the request before, but its answer came: it was sent.
    if (request.keyAt >= 0)
      request.bytes.write(String(++keyLast).padStart(KEY.length, '0'), request.keyAt, 'latin1')
    this.#socket.write(request.bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(text: string): void {
    this.#received += text
    const headEnd = this.#received.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = /content-length: (\d+)/i.exec(this.#received)
    if (this.#received.length < headEnd + 4 + Number(length?.[1] ?? 0)) return
    if (!this.#received.startsWith('HTTP/1.1 20')) throw new Error(`refused: ${this.#received.slice(0, 400)}`)
    this.#received = ''
    this.#done(this)
  }
}

/** As fast as the server answers; requests per second. */
export async function fullLoad(target: Target, connections: number, seconds: number): Promise<number> {
  let count = 0
  let open = true
  const again = (connection: Connection): void => {
    count += 1
    if (open) connection.send(0)
  }
  const all = connectionsTo(target, connections, again)
  await Promise.all(all.map((one) => one.opened()))
  for (const one of all) one.send(0)
  const start = performance.now()
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  const rate = (count * 1000) / (performance.now() - start)
  open = false
  for (const one of all) one.close()
  return rate
}

/**
 * A steady rate; latencies in ms, counted from the time a request was due, so that a server that stalls is charged for all it held up (G. Tene's
 * "coordinated omission").
 */
export async function steadyLoad(
  target: Target,
  connections: number,
  seconds: number,
  rate: number,
): Promise<number[]> {
  const latencies: number[] = []
  const due: number[] = []
  const idle: Connection[] = []
  const next = (): void => {
    while (due.length > 0 && idle.length > 0) idle.pop()?.send(due.shift() ?? 0)
  }
  const all = connectionsTo(target, connections, (connection) => {
    latencies.push(performance.now() - connection.scheduledAt)
    idle.push(connection)
    next()
  })
  await Promise.all(all.map((one) => one.opened()))
  idle.push(...all)
  const start = performance.now()
  let scheduled = 0
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      const now = performance.now() - start
      for (; scheduled < Math.min(now / 1000, seconds) * rate; scheduled++)
        due.push(start + (scheduled * 1000) / rate)
      next()
      if (now < seconds * 1000 || due.length > 0) setImmediate(tick)
      else resolve()
    }
    tick()
  })
  for (const one of all) one.close()
  return latencies
}
