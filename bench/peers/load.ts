// A lean load generator: prepared requests over raw sockets, one outstanding per connection, the key counted up in place. General tools (autocannon with
// a new key per request) spend more on a request than the server does, and then measure themselves.
import { connect } from 'node:net'
import type { Socket } from 'node:net'

const KEY = '000000000000'

export interface Target {
  readonly port: number
  readonly path: string
  readonly token: string
  /** JSON of the body; a new key is put where it says KEY_PLACE. */
  readonly body: string
}

export const KEY_PLACE = KEY

let keyLast = 0

class Connection {
  readonly #socket: Socket
  readonly #request: Buffer
  readonly #keyAt: number
  readonly #done: (connection: Connection) => void
  #received = ''
  scheduledAt = 0

  constructor({ port, path, token, body }: Target, done: (connection: Connection) => void) {
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`
    this.#request = Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    this.#keyAt = this.#request.indexOf(KEY)
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
    // The socket may still hold the buffer of the request before, but its answer came: it was sent.
    this.#request.write(String(++keyLast).padStart(KEY.length, '0'), this.#keyAt, 'latin1')
    this.#socket.write(this.#request)
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
  const all = Array.from({ length: connections }, () => new Connection(target, again))
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
  const all = Array.from(
    { length: connections },
    () =>
      new Connection(target, (connection) => {
        latencies.push(performance.now() - connection.scheduledAt)
        idle.push(connection)
        next()
      }),
  )
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
