// One replay from start to summary: the nodes start while the file is read, the plan goes through the tills, the line is cut and nodes are
// killed as ordered, and at the end everything is counted against the outside log. Whatever happens, the nodes are stopped.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NodeFault } from '../node-process.ts'
import type { NodeProcess } from '../node-process.ts'
import type { Kill, ReplayOptions } from '../options.ts'
import { openShops, terminalName } from '../shops.ts'
import type { Shops } from '../shops.ts'
import { AckLog } from '../ack-log.ts'
import { Driver } from './driver.ts'
import type { Plan } from './plan.ts'
import { Progress } from './progress.ts'
import { ReplayNetwork } from './replay-network.ts'
import { prepareDirectory } from './directory.ts'
import { cloudTotals, settled, storeProof, verifyAll } from './proof.ts'
import { quarantineLines } from './quarantine.ts'
import { FILE_ZONE, SalesFileFault } from './rows.ts'
import { planOfFile } from './sales-file.ts'
import { failuresOf, summaryOf } from './summary.ts'
import { Terminal } from './terminal.ts'
import { Kills, checkMoments, segmentsOf } from './timeline.ts'

/** Enough that calls of different tills share a commit, few enough that each store still looks like a store. */
export const TERMINALS_PER_STORE = 64
/** History is sent under its own time. */
const BACKDATE_MS = 100 * 366 * 86_400_000
export async function replay(options: ReplayOptions, launchedAt: number): Promise<number> {
  // Before anything is wiped or started.
  if (!existsSync(options.file)) throw new SalesFileFault(`There is no file ${options.file}.`)
  prepareDirectory(options.directory, options.keep)
  const run = new Replay(options, launchedAt)
  try {
    return await run.go()
  } finally {
    await run.close()
  }
}

class Replay {
  readonly #options: ReplayOptions
  readonly #launchedAt: number
  readonly #started: NodeProcess[] = []
  readonly #deaths: string[] = []
  readonly #network: ReplayNetwork
  readonly #progress = new Progress(process.stderr)
  readonly #acks = new AckLog()
  readonly #restarts: Promise<void>[] = []
  readonly #killed: { target: string; at: string }[] = []
  #retries = 0
  #interrupts = 0

  constructor(options: ReplayOptions, launchedAt: number) {
    this.#options = options
    this.#launchedAt = launchedAt
    this.#network = new ReplayNetwork(options)
    process.on('SIGINT', () => this.#interrupted(130))
    process.on('SIGTERM', () => this.#interrupted(143))
    process.on('SIGHUP', () => this.#interrupted(129))
  }

  async go(): Promise<number> {
    const options = this.#options
    let mark = performance.now()
    const lap = (): number => {
      const from = mark
      mark = performance.now()
      return (mark - from) / 1000
    }
    let prepareS = 0
    const [shops, plan] = await bothOrFirstFault(
      this.#open(),
      planOfFile(options.file).then((made) => {
        prepareS = (performance.now() - mark) / 1000
        return made
      }),
    )
    checkMoments(plan, options.offline, options.kills)
    writeFileSync(join(options.directory, 'quarantine.jsonl'), quarantineLines(plan.setAside))
    const start_s = lap()
    const { driver, repeated } = await this.#send(plan, shops)
    const send_s = lap()
    const positions = await settled(shops, (behind) => void (this.#progress.state.note = `${behind} to sync`))
    const sync_s = lap()
    const totals = await cloudTotals(shops)
    const { user, system } = process.cpuUsage()
    const usage = {
      driverCpuS: (user + system) / 1e6,
      cloud: shops.cloud.usage(),
      stores: shops.shops.map(({ node }) => node.usage()),
    }
    if (options.exitWhenDone) await this.#stopNodes()
    const verified = await verifyAll(shops)
    const verify_s = lap()
    const shuffled = await this.#network.counts()
    const found = {
      file: options.file,
      plan,
      counts: driver.counts,
      retries: this.#retries,
      ackFaults: this.#acks.faults,
      acknowledged: this.#acks.count,
      proofs: positions.map((position) => storeProof(position, this.#acks)),
      totals,
      verified,
      seconds: (performance.now() - this.#launchedAt) / 1000,
      phases: { start_s, prepare_s: prepareS, send_s, sync_s, verify_s },
      usage,
      withDigest: options.digest,
      repeated,
      shuffled: shuffled === undefined ? null : { seed: options.shuffleSeed ?? 0, ...shuffled },
      kills: this.#killed,
      offline: options.offline.map(({ store, from, to }) => ({ store, from: from.text, to: to.text })),
      deaths: this.#deaths,
    }
    const failures = failuresOf(found)
    for (const failure of failures) this.#progress.say(`FAILED: ${failure}`)
    process.stdout.write(`${JSON.stringify(summaryOf(found))}\n`)
    if (!options.exitWhenDone) await this.#stay(shops)
    return failures.length === 0 ? 0 : 1
  }

  async close(): Promise<void> {
    this.#progress.stop()
    await this.#stopNodes()
    await this.#network.close()
  }

  #open(): Promise<Shops> {
    const { directory, portBase, stores } = this.#options
    this.#progress.say(
      `Starting a cloud and ${stores} ${stores === 1 ? 'store' : 'stores'} in ${directory} …`,
    )
    return openShops(
      {
        directory,
        portBase,
        stores: Array.from({ length: stores }, (_, index) => ({
          name: `Store ${index + 1}`,
          zone: FILE_ZONE,
        })),
        terminals: Array.from({ length: TERMINALS_PER_STORE }, (_, index) => terminalName(index)),
        cloudArgs: ['--moments', 'off'],
        edgeArgs: ['--backdate-ms', String(BACKDATE_MS)],
        cloudPortFor: (store) => this.#network.portFor(store),
        onDeath: (fault) => {
          this.#deaths.push(fault.message)
          this.#progress.say(fault.message)
        },
      },
      this.#started,
    )
  }

  async #send(
    plan: Plan,
    shops: Shops,
  ): Promise<{ driver: Driver; repeated: { calls: number; replayed: number } | null }> {
    const { options, progress } = { options: this.#options, progress: this.#progress }
    const terminals = shops.shops.map(({ node, terminalTokens }) =>
      terminalTokens.map((token) => new Terminal(node.port, token, () => void (this.#retries += 1))),
    )
    const kills = new Kills(options.kills, (kill) => this.#strike(kill, shops))
    const driver = new Driver({
      terminals,
      acks: this.#acks,
      reached: (at) => kills.reached(at),
      line: (store, does) => {
        this.#network.line(store + 1, does)
        progress.state.note = does === 'cut' ? `store ${store + 1} is offline` : ''
      },
      progress: progress.state,
    })
    const firstAt = plan.calls[0]?.at ?? 0
    progress.start(plan.calls.length)
    await driver.run(segmentsOf(plan.calls, options.offline, options.stores), firstAt, options.speed)
    await Promise.all(this.#restarts)
    let repeated = null
    if (options.repeat) {
      const before = driver.counts.replayed
      progress.stop()
      progress.state.note = 'again'
      progress.start(plan.calls.length)
      await driver.run(segmentsOf(plan.calls, [], options.stores), firstAt, 'max')
      repeated = { calls: plan.calls.length, replayed: driver.counts.replayed - before }
    }
    progress.stop()
    for (const terminal of terminals.flat()) terminal.close()
    return { driver, repeated }
  }

  /** One after another: a node is not killed again while it is being started. */
  #strike(kill: Kill, shops: Shops): void {
    const before = this.#restarts.at(-1) ?? Promise.resolve()
    this.#restarts.push(before.then(() => this.#kill(kill, shops)))
  }

  async #kill({ target, when }: Kill, { cloud, shops }: Shops): Promise<void> {
    const node = target === 'cloud' ? cloud : shops[target - 1]?.node
    if (node === undefined) return
    this.#killed.push({ target: String(target), at: when.text })
    this.#progress.say(`kill -9: the ${node.name}, at ${when.text}`)
    try {
      await node.kill()
      await node.start(false)
    } catch (cause) {
      if (!(cause instanceof NodeFault)) throw cause
      this.#deaths.push(cause.message)
    }
  }

  async #stopNodes(): Promise<void> {
    // Stores first: they hand over what they still have to say to a cloud that listens.
    const [cloud, ...stores] = this.#started
    await Promise.all(stores.map((node) => node.stop()))
    await cloud?.stop()
  }

  /** Without --exit-when-done the nodes go on, to be looked at, until Ctrl-C. */
  async #stay({ cloud, hqToken, shops }: Shops): Promise<void> {
    this.#progress.say(`The cloud:  ${cloud.url}/#token=${hqToken}`)
    for (const { name, node, managerToken } of shops)
      this.#progress.say(`${name}:    ${node.url}/#token=${managerToken}`)
    this.#progress.say('Ctrl-C stops them.')
    await new Promise<void>((resolve) => {
      this.#onInterrupt = () => resolve()
      // A pending promise does not keep a process alive.
      this.#alive = setInterval(() => undefined, 60_000)
    })
    clearInterval(this.#alive)
  }

  #onInterrupt: (() => void) | undefined
  #alive: ReturnType<typeof setInterval> | undefined

  #interrupted(code: number): void {
    // Asked twice: at once. The nodes' exit hooks still take them along.
    if (this.#interrupts++ > 0) process.exit(code)
    if (this.#onInterrupt !== undefined) {
      this.#onInterrupt()
      return
    }
    this.#progress.say('Stopping …')
    void this.close().finally(() => process.exit(code))
  }
}

/** Like Promise.all, but a fault of one waits for the other to end, so that nothing is still starting while things are stopped. */
async function bothOrFirstFault<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  const [first, second] = await Promise.allSettled([a, b])
  if (first.status === 'rejected') throw first.reason
  if (second.status === 'rejected') throw second.reason
  return [first.value, second.value]
}
