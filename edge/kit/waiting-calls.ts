// Calls that wait on the terminal's own disk (KT-3 to KT-7). One file of lines, appended and flushed, read whole at the start; a line says that a call
// waits or that it is settled. The file is emptied when nothing waits. What a newcomer would get wrong: a call must be on disk before anybody is
// told that it waits, and is taken off only after the store has answered it.
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { CALLS_WAITING_MAX } from './limits.ts'

export interface WaitingCall {
  readonly key: string
  readonly path: string
  /** The bytes of every attempt. */
  readonly body: string
}

type Line = { readonly waits: WaitingCall } | { readonly settled: string }

const CALLS_FILE = 'calls.jsonl'
const REFUSED_FILE = 'refused.jsonl'

export class WaitingCalls {
  readonly #file: number
  readonly #refusedPath: string
  readonly #calls = new Map<string, WaitingCall>()

  /** Makes the directory where there is none. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const path = join(directory, CALLS_FILE)
    this.#refusedPath = join(directory, REFUSED_FILE)
    this.#file = openSync(path, 'a+', 0o600)
    const whole = wholeLines(readFileSync(path, 'utf8'))
    for (const line of whole.split('\n')) if (line !== '') this.#apply(JSON.parse(line) as Line)
    // The next line must not be written onto the rest of a torn one.
    ftruncateSync(this.#file, this.#calls.size === 0 ? 0 : Buffer.byteLength(whole))
  }

  get count(): number {
    return this.#calls.size
  }

  has(key: string): boolean {
    return this.#calls.has(key)
  }

  /** The one that waits longest. */
  first(): WaitingCall | undefined {
    return this.#calls.values().next().value
  }

  /** Flushed to the disk when it returns; false where no more may wait (KT-5). */
  add(call: WaitingCall): boolean {
    if (this.#calls.has(call.key)) return true
    if (this.#calls.size >= CALLS_WAITING_MAX) return false
    this.#write({ waits: call })
    return true
  }

  /** The store has answered it. Not flushed: the worst is that it is handed in again, under its key. */
  settle(key: string): void {
    this.#calls.delete(key)
    if (this.#calls.size === 0) ftruncateSync(this.#file)
    else writeSync(this.#file, `${JSON.stringify({ settled: key } satisfies Line)}\n`)
  }

  /** KT-6: kept for people to look at. */
  refuse(call: WaitingCall, refusal: object): void {
    appendFileSync(this.#refusedPath, `${JSON.stringify({ ...call, refusal })}\n`, {
      mode: 0o600,
      flush: true,
    })
    this.settle(call.key)
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(line: Line): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
    fsyncSync(this.#file)
    this.#apply(line)
  }

  #apply(line: Line): void {
    if ('waits' in line) this.#calls.set(line.waits.key, line.waits)
    else this.#calls.delete(line.settled)
  }
}

/** KT-7: what does not end in a newline was never told to anybody. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1)
}
