// An edge node over real sockets for tests: its own data directory, an identity written into its ledger, a program, one token of each role,
// and a line to the cloud that the test holds. Everything else is the real thing.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { ADMIN_TOKEN_FILE } from '../../edge/http/tokens.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Role } from '../../edge/ledger/terminals.ts'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode, EdgeOptions } from '../../edge/node.ts'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Origin, ProgramVersion, StoreId } from '../../protocol/ids.ts'
import { hybridTime } from '../../protocol/time.ts'
import { HandCloud } from './hand-cloud.ts'
import { HeldNetwork } from './held-line.ts'
import { SMALL_PROGRAM } from './programs.ts'
import { ownDirectory } from './own-directory.ts'

/** What came back; a test reads out of the JSON what must be there. */
export class Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown

  constructor(status: number, headers: Headers, text: string) {
    this.status = status
    this.headers = headers
    this.text = text
    this.json = parsed(text)
  }

  value(...names: string[]): unknown {
    let found = this.json
    for (const name of names)
      found = typeof found === 'object' && found !== null ? Reflect.get(found, name) : undefined
    return found
  }

  string(...names: string[]): string {
    const found = this.value(...names)
    if (typeof found !== 'string') throw new Error(`no text at ${names.join('.')} of ${this.text}`)
    return found
  }

  list(...names: string[]): readonly unknown[] {
    const found = this.value(...names)
    if (!Array.isArray(found)) throw new Error(`no list at ${names.join('.')} of ${this.text}`)
    return found
  }

  get code(): unknown {
    return this.value('code')
  }
}

export interface Request {
  readonly role?: Role | 'nobody'
  readonly token?: string
  readonly key?: string
  readonly body?: unknown
  readonly raw?: BodyInit
  readonly headers?: Record<string, string>
}

/** Waits for something that will happen, with a deadline instead of a sleep; it ends before the test's own, to say what was waited for. */
export async function until(
  what: string,
  happened: () => boolean | Promise<boolean>,
  msMax = 50_000,
): Promise<void> {
  const deadline = Date.now() + msMax
  while (!(await happened())) {
    if (Date.now() > deadline) throw new Error(`waited ${msMax} ms in vain: ${what}`)
    await new Promise<void>((resolve) => void setImmediate(resolve))
  }
}

/** A directory whose ledger belongs to a store and whose cloud is the one given back. */
export function enrolledDirectory(): { directory: string; cloud: HandCloud } {
  const directory = ownDirectory('edge')
  const keys = newKeyPair()
  const cloud = new HandCloud(exportPublicKey(keys.publicKey))
  const ledger = openLedger({ directory })
  ledger.enrol({
    edge: 7,
    origin: 3 as Origin,
    epoch: 1,
    store: { id: 1 as StoreId, name: 'Bath', zone: 'Europe/London' },
    privateKey: exportPrivateKey(keys.privateKey),
    cloudPublicKey: cloud.publicKey,
    cloudUrl: 'http://127.0.0.1:1',
  })
  ledger.close()
  return { directory, cloud }
}

export class EdgeUnderTest {
  readonly directory: string
  readonly cloud: HandCloud
  readonly network = new HeldNetwork()
  readonly tokens: Record<Role, string> = { terminal: '', manager: '', admin: '' }
  #node: EdgeNode | undefined
  #keys = 0

  private constructor(directory: string, cloud: HandCloud) {
    this.directory = directory
    this.cloud = cloud
  }

  static async start(
    options: Partial<EdgeOptions> & { program?: ProgramDocument | null } = {},
  ): Promise<EdgeUnderTest> {
    const { directory, cloud } = enrolledDirectory()
    const edge = new EdgeUnderTest(directory, cloud)
    await edge.restart(options)
    for (const role of ['terminal', 'manager'] as const) {
      const made = await edge.ask('POST', '/v1/terminals', { role: 'admin', body: { name: role, role } })
      edge.tokens[role] = made.string('token')
    }
    const { program = SMALL_PROGRAM } = options
    if (program !== null)
      edge.node.till.takeProgram({
        type: 'program',
        version: 1 as ProgramVersion,
        effective_from: hybridTime(Date.UTC(2020, 0, 1)),
        document: JSON.stringify(program),
      })
    return edge
  }

  async restart(options: Partial<EdgeOptions> = {}): Promise<void> {
    await this.#node?.stop()
    this.#node = await startEdge({
      directory: this.directory,
      port: 0,
      host: '127.0.0.1',
      log: pino({ level: 'silent' }),
      open: this.network.factory,
      ...options,
    })
    this.tokens.admin = readFileSync(join(this.directory, ADMIN_TOKEN_FILE), 'utf8').trim()
  }

  get node(): EdgeNode {
    if (this.#node === undefined) throw new Error('the edge is not started')
    return this.#node
  }

  get url(): string {
    return `http://127.0.0.1:${this.node.port}`
  }

  /** A key that was not used before. */
  key(): string {
    return `key-${++this.#keys}`
  }

  /** As role terminal unless told otherwise; a write gets a new key unless `key` is given ('' for none). */
  async ask(method: string, path: string, request: Request = {}): Promise<Answer> {
    const { role = 'terminal', body, raw } = request
    const token = request.token ?? (role === 'nobody' ? undefined : this.tokens[role])
    const key = request.key ?? (method === 'POST' ? this.key() : '')
    const headers: Record<string, string> = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === '' ? {} : { 'idempotency-key': key }),
      ...request.headers,
    }
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await fetch(this.url + path, {
      method,
      headers,
      ...(sent === undefined ? {} : { body: sent }),
    })
    return new Answer(response.status, response.headers, await response.text())
  }

  post(path: string, body: unknown, request: Request = {}): Promise<Answer> {
    return this.ask('POST', path, { body, ...request })
  }

  get(path: string, request: Request = {}): Promise<Answer> {
    return this.ask('GET', path, request)
  }

  async stop(): Promise<void> {
    await this.#node?.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const ONE_SALE = { lines: [{ sku: 'TEA', quantity: 2, amount: 500 }] }
