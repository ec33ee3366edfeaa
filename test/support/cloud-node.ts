// A whole cloud node on a real port and a real store in a fresh directory, a client of its HQ API that checks every answer against the route
// table, and devices that enrol and speak the sync protocol over a real WebSocket.
import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { WebSocket } from 'ws'
import { decodeDownFrame } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import { exportPublicKey, importPublicKey } from '../../protocol/envelope.ts'
import type { ProgramVersion } from '../../protocol/ids.ts'
import { EdgeSeals } from '../../protocol/seals.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { validator } from '../../protocol/validation.ts'
import { PROTOCOL_VERSION } from '../../protocol/version.ts'
import type { Principal } from '../../cloud/platform/principal.ts'
import { ROUTES } from '../../cloud/http/routes/routes.ts'
import { startCloud } from '../../cloud/node.ts'
import type { CloudNode } from '../../cloud/node.ts'
import { freshDirectory } from './cloud-core.ts'
import { OriginWriter } from './origin-writer.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body parsed; undefined where it is no JSON. */
  readonly json: unknown
}

/** What stands at a path of names and indexes in parsed JSON. */
export function pick(json: unknown, ...path: (string | number)[]): unknown {
  let at: unknown = json
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !(name in at))
      throw new Error(`no ${path.join('.')} in ${JSON.stringify(json).slice(0, 1000)}`)
    at = (at as Readonly<Record<string | number, unknown>>)[name]
  }
  return at
}

export function items(answer: Answer): readonly unknown[] {
  return pick(answer.json, 'items') as readonly unknown[]
}

export interface Ask {
  readonly method?: string
  readonly body?: unknown
  /** A body as it is. */
  readonly raw?: string | Uint8Array
  readonly token?: string | null
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
}

const patterns = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/:[a-z_]+/g, '[^/]+').replaceAll('.', '\\.')}$`),
  shape: 'shape' in route.answer ? validator(route.answer.shape) : null,
}))

export class CloudUnderTest {
  readonly node: CloudNode
  readonly directory: string
  readonly url: string
  readonly #remove: () => void

  private constructor(node: CloudNode, directory: string, remove: () => void) {
    this.node = node
    this.directory = directory
    this.url = `http://127.0.0.1:${node.port}`
    this.#remove = remove
  }

  /** Without leases, unless told otherwise: they are facts of the cloud's own, which most tests do not ask about. */
  static async start(now?: () => number, leases = false, publicUrl?: string): Promise<CloudUnderTest> {
    const { path, remove } = freshDirectory()
    const clock = now === undefined ? {} : { clock: { now } }
    const options = {
      directory: path,
      port: 0,
      host: '127.0.0.1',
      logLevel: 'silent',
      leases,
      publicUrl,
      ...clock,
    } as const
    return new CloudUnderTest(await startCloud(options), path, remove)
  }

  async stop(): Promise<void> {
    await this.node.stop()
    this.#remove()
  }

  /** Calls the API with the HQ token. A good answer must have the shape and the status its route promises. */
  async ask(path: string, { method, body, raw, token, key, headers }: Ask = {}): Promise<Answer> {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const verb = method ?? (sent === undefined ? 'GET' : 'POST')
    const response = await fetch(this.url + path, {
      method: verb,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token ?? this.node.token}` }),
        ...(key === undefined ? {} : { 'idempotency-key': key }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : Buffer.from(sent) }),
    })
    const text = await response.text()
    const answer = { status: response.status, headers: response.headers, text, json: parsed(text) }
    if (response.ok) checkShape(verb, path, answer)
    return answer
  }

  async post(path: string, body: unknown, more: Ask = {}): Promise<Answer> {
    return this.ask(path, { ...more, method: 'POST', body })
  }

  /** Who the node takes a token for. */
  principalOf(token: string): Promise<Principal | undefined> {
    return this.node.platform.principals.of(token)
  }

  async publish(document: unknown): Promise<void> {
    const answer = await this.post('/v1/programs', { document })
    if (answer.status !== 201) throw new Error(answer.text)
  }

  async addStore(name: string, zone = 'UTC', token?: string): Promise<number> {
    const of = token === undefined ? {} : { token }
    return Number(pick((await this.post('/v1/stores', { name, zone }, of)).json, 'id'))
  }

  async code(store: number, token?: string): Promise<string> {
    const of = token === undefined ? {} : { token }
    const { json } = await this.ask(`/v1/stores/${store}/codes`, { method: 'POST', ...of })
    return String(pick(json, 'code'))
  }

  /** A store with an enrolled device; of another business by its HQ token. */
  async addDevice(name = 'Store', token?: string): Promise<Device> {
    const store = await this.addStore(name, 'UTC', token)
    const keys = generateKeyPairSync('ed25519')
    const body = {
      code: await this.code(store, token),
      public_key: exportPublicKey(keys.publicKey),
      software: 'test/1',
    }
    const { json } = await this.post('/v1/enrol', body, { token: null })
    return new Device(this.url, keys.privateKey, json as Enrolled)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function checkShape(method: string, path: string, answer: Answer): void {
  const bare = path.split('?')[0] ?? ''
  const found =
    patterns.find(({ route }) => route.method === method && route.path === bare) ??
    patterns.find(({ route, pattern }) => route.method === method && pattern.test(bare))
  if (found === undefined) throw new Error(`${method} ${path} is in no row of the table`)
  if (found.shape === null) return
  const { route, shape } = found
  if (!('status' in route.answer) || answer.status !== route.answer.status)
    throw new Error(`${method} ${path} answered ${answer.status}`)
  if (!shape.accepts(answer.json))
    throw new Error(
      `${method} ${path}: ${JSON.stringify(shape.explain(answer.json))} in ${answer.text.slice(0, 2000)}`,
    )
}

export interface Enrolled {
  readonly edge: number
  readonly origin: number
  readonly store: { readonly id: number }
  readonly cloud_public_key: string
}

/** A device with its ledger's writer and, once connected, its line. */
export class Device extends OriginWriter {
  readonly edge: number
  readonly #url: string
  readonly #key: KeyObject
  readonly #cloudKey: KeyObject
  #line: Line | undefined

  constructor(url: string, key: KeyObject, enrolled: Enrolled) {
    super(enrolled.origin, enrolled.store.id)
    const cloudKey = importPublicKey(enrolled.cloud_public_key)
    if (cloudKey === undefined) throw new Error('the cloud told no key')
    this.edge = enrolled.edge
    this.#url = url
    this.#key = key
    this.#cloudKey = cloudKey
  }

  get line(): Line {
    if (this.#line === undefined) throw new Error('not connected')
    return this.#line
  }

  /** Opens the sync connection and says hello as of `seq` (its last fact unless told otherwise), with nothing of the downstream logs unless told. */
  async connect(
    seq = this.seq,
    has: { corrections?: number; program?: number; protocol?: number } = {},
  ): Promise<Line> {
    const line = new Line(
      `${this.#url.replace('http', 'ws')}/v1/sync?edge=${this.edge}`,
      new EdgeSeals(this.edge, { privateKey: this.#key, publicKey: this.#cloudKey }),
    )
    this.#line = line
    const { nonce } = await line.next('challenge')
    line.send({
      ...this.hello(line.seals.challenged(nonce), seq),
      protocol: has.protocol ?? PROTOCOL_VERSION,
      corrections_cursor: has.corrections ?? 0,
      program: (has.program ?? 0) as ProgramVersion,
    })
    return line
  }

  /** Sends facts `from` to `to` in batches and waits for the acknowledgement of the last. */
  async sync(from = 1, to = this.seq): Promise<void> {
    for (let start = from; start <= to; start += 500) {
      const end = Math.min(start + 499, to)
      this.line.send(this.batch(start, end))
      let acked = 0
      while (acked < end) acked = (await this.line.next('ack')).seq
    }
  }
}

/** One sync connection: frames are sealed and checked as an edge does. */
export class Line {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  readonly seals: EdgeSeals
  readonly #frames: DownFrame[] = []
  #wake: () => void = () => undefined
  #closedWith: number | undefined

  constructor(url: string, seals: EdgeSeals) {
    this.seals = seals
    this.socket = new WebSocket(url)
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code) => {
        this.#closedWith = code
        this.#wake()
        resolve(code)
      })
    })
    this.socket.on('error', () => undefined)
    this.socket.on('message', (sealed: Buffer) => {
      const bytes = seals.unseal(sealed)
      const frame = bytes === undefined ? undefined : decodeDownFrame(bytes)
      if (frame === undefined || !frame.ok) throw new Error('the cloud sent no good frame')
      this.#frames.push(frame.value)
      this.#wake()
    })
  }

  send(frame: UpFrame): void {
    this.socket.send(this.seals.seal(frame))
  }

  /** The next frame of a type; others in between are dropped. */
  async next<T extends DownFrame['type']>(type: T): Promise<Extract<DownFrame, { type: T }>> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame?.type === type) return frame as Extract<DownFrame, { type: T }>
      if (frame !== undefined) continue
      if (this.#closedWith !== undefined) throw new Error(`closed with ${this.#closedWith} before a ${type}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

/** Looks until it holds; fails with what was last seen. */
export async function eventually<T>(look: () => Promise<T> | T, holds: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + 50_000
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadline) throw new Error(`never held; last seen ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
