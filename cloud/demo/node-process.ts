// One node of the demo as a child process: started through the same command an operator uses, ready when /livez answers, its output in a
// log file. Children run in a process group of their own, so that Ctrl-C reaches only us and they are stopped in order; should we die
// first, the exit hook takes them along.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ask } from './ask.ts'
import { PlainFault } from './plain-fault.ts'

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url))
const READY_WAIT_MS_MAX = 30_000
const READY_POLL_MS = 20
/** A node that drains takes well under a second; after this it is killed. */
const STOP_WAIT_MS_MAX = 15_000
const LOG_TAIL_LINES = 12

export interface NodeCommand {
  /** For sentences: "cloud", "store 1". */
  readonly name: string
  /** Arguments of `tillstream`. */
  readonly args: readonly string[]
  /** The one-time code of a first start. The node starts while the cloud still makes it, and waits for it on its standard input. */
  readonly enrolCode?: Promise<string>
  readonly port: number
  readonly log: string
}

/** What one life of a node stands in: for those who break things around it. */
export interface Surroundings {
  /** A command that runs the node, whose arguments follow: a tracer that stays the node's child, so that signals still reach the node. */
  readonly through?: readonly string[]
  /** Over our own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** The command of another release of the software, over the same data. */
  readonly cli?: string
}

export interface Usage {
  /** Peak resident memory. */
  readonly peakBytes: number
  /** CPU seconds. */
  readonly cpuS: number
}

/** A node could not be started or died by itself: said in words, with the end of its log. */
export class NodeFault extends PlainFault {}

export class NodeProcess {
  readonly #command: NodeCommand
  readonly #onDeath: (fault: NodeFault) => void
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #expected = false
  #exitCode: number | undefined
  /** Of the lives that are over. */
  #usedBefore: Usage | null = null

  /** `onDeath`: the node ended and nobody had asked for it. */
  constructor(command: NodeCommand, onDeath: (fault: NodeFault) => void) {
    this.#command = command
    this.#onDeath = onDeath
  }

  get name(): string {
    return this.#command.name
  }

  get port(): number {
    return this.#command.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#command.port}`
  }

  /** What stands behind an option of its command. */
  argument(option: string): string {
    return this.#command.args[this.#command.args.indexOf(option) + 1] ?? ''
  }

  get running(): boolean {
    return this.#child !== undefined
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves when the life under way has ended, by whatever cause, to how: undefined when it ended by a signal, or runs no more. */
  async ended(): Promise<number | undefined> {
    await this.#exited
    return this.#exitCode
  }

  /** From here on its end is expected: `onDeath` is not called for this life. */
  expectEnd(): void {
    this.#expected = true
  }

  /** Resolves when the node answers. */
  async start(first = true, { through = [], env = {}, cli = CLI }: Surroundings = {}): Promise<void> {
    const { args, enrolCode, log } = this.#command
    const code = first ? enrolCode : undefined
    const output = openSync(log, 'a')
    const enrol = code === undefined ? [] : ['--enrol', '-']
    const [command = process.execPath, ...rest] = [...through, process.execPath, cli, ...args, ...enrol]
    const child = spawn(command, rest, {
      stdio: [code === undefined ? 'ignore' : 'pipe', output, output],
      detached: true,
      env: { ...process.env, ...env },
    })
    closeSync(output)
    this.#child = child
    this.#expected = false
    const killWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', killWithUs)
    this.#exited = new Promise((resolve) => {
      child.once('error', () => resolve())
      child.once('exit', (status) => {
        this.#exitCode = status ?? undefined
        process.off('exit', killWithUs)
        if (this.#child === child) this.#child = undefined
        if (!this.#expected) this.#onDeath(this.#death())
        resolve()
      })
    })
    if (code !== undefined) await handOver(child, code)
    await this.#ready()
  }

  /** `kill -9`: nothing is drained, nothing is said. */
  async kill(): Promise<void> {
    this.#rememberUsage()
    this.#expected = true
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    this.#rememberUsage()
    this.#expected = true
    const child = this.#child
    if (child === undefined) return
    child.kill('SIGTERM')
    const patience = new AbortController()
    const late = wait(STOP_WAIT_MS_MAX, true, { signal: patience.signal }).catch(() => false)
    const stopped = await Promise.race([this.#exited.then(() => false), late])
    patience.abort()
    if (stopped) child.kill('SIGKILL')
    await this.#exited
  }

  /** Over all lives of the node so far; null where the system does not tell (only Linux does). */
  usage(): Usage | null {
    const pid = this.#child?.pid
    return together(this.#usedBefore, pid === undefined ? null : usageOf(pid))
  }

  /** Just before a life ends. */
  #rememberUsage(): void {
    this.#usedBefore = this.usage()
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + READY_WAIT_MS_MAX
    while (Date.now() < deadline) {
      if (this.#child === undefined) throw this.#death()
      try {
        const { status } = await ask(`${this.url}/livez`)
        if (status === 200) return
      } catch {
        // Not listening yet.
      }
      await wait(READY_POLL_MS)
    }
    throw new NodeFault(
      `The ${this.name} did not answer within ${READY_WAIT_MS_MAX / 1000} s; see ${this.#command.log}.`,
    )
  }

  #death(): NodeFault {
    // Whoever watched it may have cleared everything away already.
    const { log } = this.#command
    const tail = (existsSync(log) ? readFileSync(log, 'utf8') : '')
      .trimEnd()
      .split('\n')
      .slice(-LOG_TAIL_LINES)
      .join('\n')
    this.#expected = true
    return new NodeFault(`The ${this.name} stopped by itself. The end of ${this.#command.log}:\n${tail}`)
  }
}

async function handOver(child: ChildProcess, code: Promise<string>): Promise<void> {
  // A node that has ended does not read; that it ended is noticed and told where it is waited for.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(`${await code}\n`)
}

function together(before: Usage | null, now: Usage | null): Usage | null {
  if (before === null || now === null) return now ?? before
  return { peakBytes: Math.max(before.peakBytes, now.peakBytes), cpuS: before.cpuS + now.cpuS }
}

/** From /proc: VmHWM, and user and system time in ticks of USER_HZ, which Linux shows as 100 everywhere. */
function usageOf(pid: number): Usage | null {
  try {
    const kib = /^VmHWM:\s+([0-9]+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    // The command's name, in brackets, may hold blanks; utime and stime are the 12th and 13th fields after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')
    if (kib === undefined || fields === undefined) return null
    return { peakBytes: Number(kib) * 1024, cpuS: (Number(fields[11]) + Number(fields[12])) / 100 }
  } catch {
    return null
  }
}
