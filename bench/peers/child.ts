// Starts one of the servers beside this file as a process of its own, so that load and server each have a core.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { YOUNG_GENERATION } from '../../cloud/young-generation.ts'

/** Runs as `tillstream cloud` does. */
const CLOUD = 'cloud-server.ts'

export interface Child<T> {
  readonly process: ChildProcess
  readonly hello: T & { readonly listening: number }
  /** Processor time used so far by all of its threads, in microseconds; undefined where the system does not tell (only Linux does). */
  cpuMicros(): number | undefined
  /** Resident memory; undefined where the system does not tell. */
  residentBytes(): number | undefined
  stop(): Promise<void>
}

export async function startChild<T = object>(file: string, args: readonly string[] = []): Promise<Child<T>> {
  const flags = file === CLOUD ? YOUNG_GENERATION : []
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const hello = await new Promise<T & { listening: number }>((resolve, reject) => {
    lines.once('line', (line) => resolve(JSON.parse(line) as T & { listening: number }))
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
  return {
    process: child,
    hello,
    cpuMicros: () => cpuMicrosOf(child.pid),
    residentBytes: () => residentBytesOf(child.pid),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

/** From /proc: user and system time in ticks of USER_HZ, which Linux shows as 100 everywhere; the 12th and 13th fields after the command's name. */
function cpuMicrosOf(pid: number | undefined): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * 10_000
  } catch {
    return undefined
  }
}

/** From /proc, in kibibytes there. */
function residentBytesOf(pid: number | undefined): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}
