// Starts one of the servers beside this file as a process of its own, so that load and server each have a core.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

export interface Child<T> {
  readonly process: ChildProcess
  readonly hello: T & { readonly listening: number }
  stop(): Promise<void>
}

export async function startChild<T = object>(file: string, args: readonly string[] = []): Promise<Child<T>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), ...args], {
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
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}
