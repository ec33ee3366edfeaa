// The edge as an operator runs it: arguments, a real cloud address to enrol at and to sync with, signals and exit codes. A process of its own
// only where a process is what is asked about; it costs most of a second to start.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pino } from 'pino'
import { WebSocket, WebSocketServer } from 'ws'
import { parseConfig } from '../../edge/config.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode, EdgeOptions } from '../../edge/node.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { importPublicKey } from '../../protocol/envelope.ts'
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts'
import { ONE_SALE, until } from '../support/edge-under-test.ts'
import { HandCloud } from '../support/hand-cloud.ts'
import { Line } from '../support/held-line.ts'

const MAIN = fileURLToPath(new URL('../../edge/main.ts', import.meta.url))
const CODE = 'BATH-1234'

/** What an edge meets at its cloud's address: the enrolment, and a sync socket that takes every batch. */
class SmallCloud {
  readonly #server: Server
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  hand: HandCloud | undefined
  codes = 0
  /** How a connection of an edge ended. */
  readonly closed: number[] = []
  readonly open = new Set<WebSocket>()
  /** What is said instead of an upgrade, as a captive portal does. */
  portal = false
  compressed = false
  /** Said to every enrolment instead of the truth. */
  answer: unknown

  constructor() {
    this.#server = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      request.on('end', () => {
        const { code, public_key: publicKey } = JSON.parse(text) as { code: string; public_key: string }
        const known = request.url === '/v1/enrol' && code === CODE && importPublicKey(publicKey) !== undefined
        if (known) {
          this.codes += 1
          this.hand = new HandCloud(publicKey)
        }
        response
          .writeHead(known || this.answer !== undefined ? 200 : 403, { 'content-type': 'application/json' })
          .end(
            JSON.stringify(
              this.answer ??
                (known
                  ? {
                      edge: 7,
                      origin: 3,
                      epoch: 1,
                      store: { id: 1, name: 'Bath', zone: 'Europe/London' },
                      cloud_public_key: this.hand?.publicKey,
                    }
                  : { code: 'code_unknown', detail: 'The code is not valid, or was used.' }),
            ),
          )
      })
    })
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.portal) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlogin')
        return
      }
      expect(request.url).toBe('/v1/sync?edge=7')
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#serve(ws))
    })
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`)
      })
    })
  }

  #serve(ws: WebSocket): void {
    const cloud = this.hand
    if (cloud === undefined) throw new Error('an edge syncs that never enrolled')
    this.compressed ||= ws.extensions.includes('permessage-deflate')
    this.open.add(ws)
    const line = new Line({
      opened: () => undefined,
      message: (sealed) => ws.send(sealed),
      closed: () => undefined,
      refused: () => undefined,
    })
    line.open()
    cloud.challenge(line)
    ws.on('message', (data: Buffer) => {
      line.up.push(data)
      for (const frame of cloud.hear(line)) {
        if (frame.type === 'hello') cloud.welcome(line)
        if (frame.type !== 'batch') continue
        cloud.take(frame)
        cloud.ack(line)
      }
    })
    ws.on('close', (code) => {
      this.open.delete(ws)
      this.closed.push(code)
    })
  }

  close(): void {
    for (const ws of this.open) ws.terminate()
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

/** The program under test. */
class EdgeProcess {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  exit: number | null | undefined

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout?.setEncoding('utf8').on('data', (piece: string) => (this.stdout += piece))
    this.child.stderr?.setEncoding('utf8').on('data', (piece: string) => (this.stderr += piece))
    this.child.on('close', (code) => (this.exit = code))
  }

  async listening(): Promise<{ listening: number; store: object }> {
    await until('the line on stdout', () => this.stdout.includes('\n') || this.exit !== undefined)
    if (this.exit !== undefined) throw new Error(`exit ${this.exit}: ${this.stderr}`)
    return JSON.parse(this.stdout) as { listening: number; store: object }
  }

  async ended(): Promise<number | null> {
    await until('the end', () => this.exit !== undefined)
    return this.exit ?? null
  }
}

let directory: string
let cloud: SmallCloud
let url: string
const processes: EdgeProcess[] = []
function run(...args: string[]): EdgeProcess {
  const made = new EdgeProcess(...args)
  processes.push(made)
  return made
}
const edge = (...args: string[]): EdgeProcess => run('--data', directory, '--port', '0', ...args)

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tillstream-edge-'))
  cloud = new SmallCloud()
  url = await cloud.listen()
})
afterEach(async () => {
  for (const { child, exit } of processes.splice(0)) if (exit === undefined) child.kill('SIGKILL')
  cloud.close()
  rmSync(directory, { recursive: true, force: true })
})

const adminToken = (): string => readFileSync(join(directory, 'admin.token'), 'utf8').trim()
async function sell(port: number, key: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/sales`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken()}`, 'idempotency-key': key },
    body: JSON.stringify(ONE_SALE),
  })
  await answer.text()
  return answer.status
}

describe('arguments that cannot be followed are answered with a sentence and the usage', () => {
  test.each<[string[], RegExp]>([
    [[], /--data DIR/],
    [['--data', 'D', '--port', '70000'], /--port must be a number from 0 to 65535/],
    [['--data', 'D', '--port', '1e3'], /--port must be a number from 0 to 65535/],
    [['--data', 'D', '--cloud', 'hq'], /--cloud must be an http/],
    [['--data', 'D', '--cloud', 'ftp://hq'], /--cloud must be an http/],
    [['--data', 'D', '--backdate-ms', '-1'], /backdate-ms/],
    [['--data', 'D', '--log-level', 'loud'], /--log-level must be one of/],
    [['--data', 'D', '--enrol', ''], /--enrol needs the code/],
    [['--data', 'D', '--verbose'], /--verbose/],
  ])('%j', (args, sentence) => {
    const parsed = parseConfig(args)
    expect(parsed).toMatchObject({ ok: false })
    if (!parsed.ok) expect(parsed.sentence).toMatch(sentence)
    if (!parsed.ok) expect(parsed.sentence).toContain('usage: tillstream edge')
  })
  test('all of them', () => {
    const args =
      '--data D --port 0 --plain-http-on ::1 --tls-port 8443 --tls-on ::1 --cloud https://hq --enrol C --backdate-ms 5 --host-name Till.example --log-level warn'
    expect(parseConfig(args.split(' '))).toEqual({
      ok: true,
      config: {
        directory: 'D',
        port: 0,
        host: '::1',
        tls: { host: '::1', port: 8443 },
        cloud: 'https://hq',
        enrol: 'C',
        backdateMs: 5,
        hostNames: ['till.example'],
        logLevel: 'warn',
      },
    })
  })
})

const nodes: EdgeNode[] = []
/** An edge in this process, over the real socket. */
async function start(options: Partial<EdgeOptions> = {}): Promise<EdgeNode> {
  const log = pino({ level: 'silent' })
  const node = await startEdge({ directory, port: 0, host: '127.0.0.1', cloud: url, log, ...options })
  nodes.push(node)
  return node
}
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
})

describe('H-8, G-1: enrolment', () => {
  test('a code that the cloud does not know', async () => {
    await expect(start({ enrol: 'WRONG' })).rejects.toThrow(
      /does not enrol this edge: The code is not valid, or was used/,
    )
  })
  test('a cloud that is not there', async () => {
    cloud.close()
    await expect(start({ enrol: CODE })).rejects.toThrow(/cannot be reached/)
  })
  test('something else that answers', async () => {
    cloud.answer = { hello: 'world' }
    await expect(start({ enrol: CODE })).rejects.toThrow(/is not a Tillstream cloud/)
  })
  test('a failed enrolment leaves a directory that can be enrolled', async () => {
    await expect(start({ enrol: 'WRONG' })).rejects.toThrow(/not valid/)
    expect((await start({ enrol: CODE })).identity).toMatchObject({ edge: 7, origin: 3, cloudUrl: url })
  })
})

describe('sync over a real socket', () => {
  test('N-2 what is sold arrives at the cloud, and nothing on the line is compressed (S14)', async () => {
    const { port, ledger } = await start({ enrol: CODE })
    for (let number = 0; number < 20; number++) expect(await sell(port, `s-${number}`)).toBe(201)
    await until('everything is acknowledged', () => ledger.meta.cursors().synced === 20)
    expect(cloud.hand?.hashes.at(-1)).toEqual(ledger.head().hash)
    expect(cloud.compressed).toBe(false)
  })
  test('N-3: a captive portal on the way: the store is served, the link comes when the way is free', async () => {
    cloud.portal = true
    const { port, link } = await start({ enrol: CODE })
    await until('an attempt has failed', () => link.state === 'waiting')
    expect(await sell(port, 's-1')).toBe(201)
    cloud.portal = false
    await until('the sale is at the cloud', () => cloud.hand?.seq === 1)
  })
  test.each<[string, () => Buffer | string, number]>([
    ['a frame above FRAME_BYTES_MAX', () => Buffer.alloc(FRAME_BYTES_MAX + 1), 1009],
    ['a text frame', () => 'hello', CLOSE_CODES.malformed],
  ])('%s ends the connection, not the node', async (_, frame, code) => {
    const { port } = await start({ enrol: CODE })
    await until('the link is up', () => cloud.open.size > 0)
    for (const ws of cloud.open) ws.send(frame())
    await until('it is closed', () => cloud.closed.length > 0)
    expect(cloud.closed[0]).toBe(code)
    expect(await sell(port, 'after')).toBe(201)
  })
})

describe('the program', () => {
  test('without an identity and without a code: how to enrol, exit 2', async () => {
    const started = edge('--cloud', url)
    expect(await started.ended()).toBe(2)
    expect(started.stderr).toMatch(/belongs to no store yet.*--enrol CODE/)
    expect(started.stderr).not.toContain('    at ')
  })
  test('enrols once, keeps its secrets, logs JSON without tokens or members, stops with exit 0', async () => {
    const first = edge('--cloud', url, '--enrol', CODE, '--log-level', 'debug')
    const { listening, store } = await first.listening()
    expect(store).toEqual({ id: 1, name: 'Bath', zone: 'Europe/London' })
    expect(statSync(join(directory, 'admin.token')).mode & 0o777).toBe(0o600)
    const token = adminToken()
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': 'm-1' }
    const body = JSON.stringify({
      name: 'Ada Lovelace',
      identities: [{ kind: 'phone', value: '+442079460042' }],
    })
    const members = `http://127.0.0.1:${listening}/v1/members`
    expect((await fetch(members, { method: 'POST', headers, body })).status).toBe(201)
    expect((await fetch(`${members}?phone=%2B442079460042&x=1`, { headers })).status).toBe(400)
    first.child.kill('SIGTERM')
    expect(await first.ended()).toBe(0)
    const lines = first.stderr.trim().split('\n')
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow()
    expect(first.stderr).not.toMatch(/Lovelace|79460042|PRIVATE/)
    for (const secret of [token, CODE]) expect(first.stderr).not.toContain(secret)
    expect(readFileSync(join(directory, 'ledger.db')).includes(token)).toBe(false)

    await edge().listening()
    expect(cloud.codes).toBe(1)
    expect(adminToken()).toBe(token)
    await until('the link is up', () => cloud.open.size > 0)
  })
})

describe('H-4: SIGTERM drains', () => {
  test('what was accepted is committed and answered, readers and link are closed with 1001, exit 0', async () => {
    const started = edge('--cloud', url, '--enrol', CODE)
    const { listening } = await started.listening()
    await until('the link is up', () => cloud.open.size > 0)
    let readerClosed: number | undefined
    const reader = new WebSocket(`ws://127.0.0.1:${listening}/v1/feed?token=${adminToken()}`)
    reader.on('close', (code) => (readerClosed = code))
    await new Promise<void>((resolve) => void reader.once('open', () => resolve()))
    const acknowledged: string[] = []
    const refused: string[] = []
    let serial = 0
    const seller = async (): Promise<void> => {
      for (;;) {
        const key = `load-${++serial}`
        try {
          const status = await sell(listening, key)
          if (status === 201) acknowledged.push(key)
          else if (status === 503) refused.push(key)
          else throw new Error(`status ${status}`)
        } catch (cause) {
          // The port is closed: the node has gone.
          if (cause instanceof TypeError) return
          throw cause
        }
      }
    }
    const sellers = Array.from({ length: 20 }, seller)
    await until('a good load', () => acknowledged.length > 200)
    started.child.kill('SIGTERM')
    expect(await started.ended()).toBe(0)
    await Promise.all(sellers)
    await until('the reader is closed', () => readerClosed !== undefined)
    expect(readerClosed).toBe(CLOSE_CODES.stopping)
    await until('the link is closed', () => cloud.closed.length > 0)
    expect(cloud.closed).toEqual([CLOSE_CODES.stopping])
    const ledger = openLedger({ directory })
    expect(acknowledged.filter((key) => ledger.ofKey(key) === undefined)).toEqual([])
    expect(ledger.verify()).toMatchObject({ chain_ok: true, faults: [] })
    // Nothing that was refused as stopping was recorded: what goes beyond the answers heard was on its way when the line was cut.
    expect(ledger.head().seq - acknowledged.length).toBeLessThanOrEqual(sellers.length)
    for (const key of refused) expect(ledger.ofKey(key)).toBeUndefined()
    ledger.close()
  })
})
