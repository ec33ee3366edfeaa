// Real processes with real files, and terminals that sell against them: what most rigs break. Every attempt and every answer is in the outside log
// before anything follows from it. The terminals repeat a call under its key until it is answered, so that whatever breaks meanwhile is
// seen by no customer.
import { crc32 } from 'node:zlib'
import { join } from 'node:path'
import { AckLog } from '../../../cloud/demo/ack-log.ts'
import type { LivesExpected } from '../../../cloud/demo/ack-log.ts'
import { ask, codeOf, fieldOf, pick } from '../../../cloud/demo/ask.ts'
import { NodeProcess } from '../../../cloud/demo/node-process.ts'
import { openShops } from '../../../cloud/demo/shops.ts'
import type { Shop, Shops, ShopsPlan } from '../../../cloud/demo/shops.ts'
import { WireConnection } from '../../../cloud/demo/wire.ts'
import { freePorts } from '../../support/free-ports.ts'

export interface UnderLoadPlan extends Partial<
  Pick<ShopsPlan, 'program' | 'cloudArgs' | 'edgeArgs' | 'surroundings'>
> {
  readonly directory: string
  readonly stores: number
  readonly terminalsPerStore: number
  /** Left out: no ledger's life ends. */
  readonly lives?: LivesExpected
  /** Where store n (from 1) reaches the cloud, and where a store's terminals reach it: directly when left out. */
  readonly cloudPortFor?: (store: number, cloudPort: number) => Promise<number>
  readonly terminalPortFor?: (shop: Shop) => Promise<number>
}

/** How long anything may take that is bound to come. Two cores, shared with others. */
const PATIENCE_MS = 90_000

export class ShopsUnderLoad {
  readonly log: AckLog
  shops: Shops
  readonly started: NodeProcess[]
  /** Nodes that ended without being asked to, in words. */
  readonly deaths: string[]
  readonly #directory: string
  readonly #terminals: Terminal[]

  private constructor(
    directory: string,
    shops: Shops,
    started: NodeProcess[],
    deaths: string[],
    log: AckLog,
    terminals: Terminal[],
  ) {
    this.#directory = directory
    this.shops = shops
    this.started = started
    this.deaths = deaths
    this.log = log
    this.#terminals = terminals
  }

  static async open(plan: UnderLoadPlan): Promise<ShopsUnderLoad> {
    const portBase = await freePorts(plan.stores + 1)
    const started: NodeProcess[] = []
    const deaths: string[] = []
    const names = Array.from({ length: plan.stores }, (_, n) => `Store ${n + 1}`)
    try {
      const shops = await openShops(
        {
          directory: plan.directory,
          portBase,
          stores: names.map((name) => ({ name, zone: 'Europe/London' })),
          terminals: Array.from({ length: plan.terminalsPerStore }, (_, n) => `t${n + 1}`),
          cloudArgs: plan.cloudArgs ?? [],
          edgeArgs: plan.edgeArgs ?? [],
          cloudPortFor: async (store) => plan.cloudPortFor?.(store, portBase) ?? portBase,
          onDeath: (fault) => deaths.push(fault.message),
          ...(plan.program === undefined ? {} : { program: plan.program }),
          ...(plan.surroundings === undefined ? {} : { surroundings: plan.surroundings }),
        },
        started,
      )
      const log = new AckLog(join(plan.directory, 'acknowledged.jsonl'), plan.lives)
      const terminals: Terminal[] = []
      for (const shop of shops.shops) {
        const port = (await plan.terminalPortFor?.(shop)) ?? shop.node.port
        for (const [index, token] of shop.terminalTokens.entries())
          terminals.push(new Terminal(shop.number, index, new WireConnection(port, token), log))
      }
      return new ShopsUnderLoad(plan.directory, shops, started, deaths, log, terminals)
    } catch (cause) {
      await Promise.all(started.map((node) => node.kill()))
      throw cause
    }
  }

  get nodes(): readonly NodeProcess[] {
    return [this.shops.cloud, ...this.shops.shops.map(({ node }) => node)]
  }

  /** A store's node that was not there at the start, and runs. */
  adopt(shop: Shop): void {
    this.started.push(shop.node)
    this.shops = { ...this.shops, shops: [...this.shops.shops, shop] }
    for (const [index, token] of shop.terminalTokens.entries())
      this.#terminals.push(
        new Terminal(shop.number, index, new WireConnection(shop.node.port, token), this.log),
      )
  }

  /** Another node, over other data, is the cloud now. */
  moveCloud(cloud: NodeProcess, cloudDirectory: string): void {
    this.started.push(cloud)
    this.shops = { ...this.shops, cloud, cloudDirectory }
  }

  /** A store's node that took the place of another. */
  replace(old: Shop, shop: Shop): void {
    this.shops = { ...this.shops, shops: this.shops.shops.map((one) => (one === old ? shop : one)) }
  }

  /** A node with a port of its own, not started. */
  async newNode(name: string, args: (port: number) => readonly string[], enrolCode?: Promise<string>) {
    const port = await freePorts(1)
    return new NodeProcess(
      {
        name,
        args: args(port),
        port,
        log: join(this.#directory, `${name.replace(' ', '-')}.log`),
        ...(enrolCode === undefined ? {} : { enrolCode }),
      },
      (fault) => this.deaths.push(fault.message),
    )
  }

  /** How often terminals were told so, and tried again. */
  refused(code: string): number {
    return this.#terminals.reduce((sum, terminal) => sum + (terminal.refusals.get(code) ?? 0), 0)
  }

  /** All terminals make so many calls each, beside whatever the caller does; resolves when every one is answered. */
  async sell(callsPerTerminal: number): Promise<void> {
    await Promise.all(this.#terminals.map((terminal) => terminal.work(callsPerTerminal)))
  }

  /** Every call is made again under its key: how many did not get the very bytes they got before, or, where a ledger lost them, the same receipt. */
  async wrongRepeats(same: Same = 'bytes'): Promise<number> {
    const counts = await Promise.all(this.#terminals.map((terminal) => terminal.repeatAll(same)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  terminalsOf(store: number): readonly Terminal[] {
    return this.#terminals.filter((terminal) => terminal.store === store)
  }

  /** Until the cloud has what the stores have. */
  async synced(): Promise<void> {
    for (const shop of this.shops.shops)
      await until(`${shop.name} synced`, async () => (await unsynced(shop)) === 0)
  }

  async stop(): Promise<void> {
    for (const terminal of this.#terminals) terminal.close()
    for (const { node } of this.shops.shops) await node.stop()
    await this.shops.cloud.stop()
  }

  /** Whatever still runs; a rig calls it at its end, good or bad. */
  async kill(): Promise<void> {
    for (const terminal of this.#terminals) terminal.close()
    await Promise.all(this.started.map((node) => node.kill()))
    this.log.close()
  }
}

async function unsynced({ node, managerToken }: Shop): Promise<number> {
  const { body } = await ask(`${node.url}/v1/status`, { token: managerToken })
  return pick(body, 'number', 'unsynced')
}

/** Resolves once `holds` does; polls, because the nodes are other processes. A throw is a no. */
export async function until(what: string, holds: () => Promise<boolean>, msMax = PATIENCE_MS): Promise<void> {
  const deadline = Date.now() + msMax
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`)
    await soon()
  }
}

const POLL_MS = 10
const soon = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, POLL_MS))

interface Call {
  readonly path: string
  readonly key: string
  readonly body: string
}

interface Made extends Call {
  readonly checksum: number
  readonly id: string
  readonly hash: string
  readonly epoch: number
}

/** What two answers to one key have to share. */
export type Same = 'bytes' | 'receipt'

/** One terminal: an enrolment, then sales, check-ins and grants for its member and guests. */
export class Terminal {
  readonly store: number
  readonly refusals = new Map<string, number>()
  readonly #log: AckLog
  #wire: WireConnection
  readonly #name: string
  readonly #made: Made[] = []
  #dead = false

  constructor(store: number, index: number, wire: WireConnection, log: AckLog) {
    this.store = store
    this.#log = log
    this.#wire = wire
    this.#name = `s${store}-t${index}`
  }

  close(): void {
    this.#wire.close()
  }

  /** From now on it speaks to another node of its store. */
  moveTo(port: number, token: string): void {
    this.#wire.close()
    this.#wire = new WireConnection(port, token)
  }

  /** The last receipt it holds, as a caller presents it (H-12). */
  get kept(): string {
    const last = this.#made.toSorted((a, b) => Number(a.id) - Number(b.id)).at(-1)
    if (last === undefined) throw new Error(`${this.#name} has no receipt`)
    return `${last.id}.${last.epoch}.${last.hash}`
  }

  get count(): number {
    return this.#made.length
  }

  async work(calls: number): Promise<void> {
    for (let n = 0; n < calls && !this.#dead; n++) {
      const call = this.#call(this.#made.length)
      this.#log.attempt(this.store, call.key)
      await until(`${call.key} answered`, () => this.#answered(call))
    }
  }

  /** The store's disk is gone: the calls from the n-th on, whose receipts it holds, are handed in again. */
  async handInFrom(n: number): Promise<void> {
    const again = this.#made.splice(n)
    for (const call of again) {
      this.#log.askAgain(this.store, call.key)
      await until(`${call.key} answered again`, () => this.#answered(call))
    }
  }

  /** This terminal is gone, and with it what it knew of its calls from the n-th on: their keys. It works no more. */
  dieFrom(n: number): string[] {
    const keys = this.#made.splice(n).map(({ key }) => key)
    for (const key of keys) this.#log.lose(this.store, key)
    this.#dead = true
    return keys
  }

  async repeatAll(same: Same): Promise<number> {
    let wrong = 0
    for (const made of this.#made)
      await until(`${made.key} repeated`, async () => {
        const answer = await this.#wire.post(made.path, made.key, made.body)
        if (answer.status >= 500 || answer.status === 429) return false
        if (!isSame(answer.body, made, same)) wrong += 1
        return true
      })
    return wrong
  }

  async #answered(call: Call): Promise<boolean> {
    const { status, body } = await this.#wire.post(call.path, call.key, call.body)
    const told: unknown = JSON.parse(body.toString('utf8'))
    const code = codeOf(told) ?? ''
    if (status !== 201) this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
    if (status >= 500 || status === 429 || code === 'key_in_flight') return false
    // A refusal of good input is a defect, of the node or of the rig; the call stays unanswered and shows as U.
    if (status !== 201) throw new Error(`${call.key}: ${status} ${JSON.stringify(told)}`)
    const receipt = receiptOf(told)
    const ack = { key: call.key, id: receipt.id, hash: receipt.hash, checksum: crc32(body) }
    this.#log.record(this.store, ack)
    this.#made.push({ ...call, ...ack, epoch: receipt.epoch })
    return true
  }

  #call(n: number): Call {
    const key = `${this.#name}-${n}`
    const member = { kind: 'card', value: this.#name }
    const call = (path: string, body: object): Call => ({ path, key, body: JSON.stringify(body) })
    if (n === 0) return call('/v1/members', { identities: [member] })
    if (n % 9 === 5) return call('/v1/checkins', { member })
    const line = { sku: `S${n % 20}`, quantity: 1 + (n % 3), amount: 100 + n }
    return call('/v1/sales', n % 4 === 0 ? { lines: [line] } : { member, lines: [line] })
  }
}

function receiptOf(told: unknown): Pick<Made, 'id' | 'hash' | 'epoch'> {
  return {
    id: pick(told, 'string', 'receipt', 'id'),
    hash: pick(told, 'string', 'receipt', 'hash'),
    epoch: pick(told, 'number', 'receipt', 'epoch'),
  }
}

function isSame(body: Buffer, { checksum, id, hash }: Made, same: Same): boolean {
  if (same === 'bytes' || crc32(body) === checksum) return crc32(body) === checksum
  const receipt = fieldOf(JSON.parse(body.toString('utf8')), 'receipt')
  return fieldOf(receipt, 'id') === id && fieldOf(receipt, 'hash') === hash
}
