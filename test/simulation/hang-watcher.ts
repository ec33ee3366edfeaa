// The thread that looks after a world: see hang-watch.ts. What it tells is written to the descriptor itself, because the streams of a thread are the main
// thread's, which hangs; and the process is killed, because it would not hear anything softer.
import { writeSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import type { Debugger } from 'node:inspector/promises'
import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import type { Watched } from './hang-watch.ts'

const STDERR = 2
const LOOK_MS = 250
/** JavaScript that runs stops within microseconds; native code does not. */
const STOP_MS_MAX = 2_000
const FRAMES_TOLD_MAX = 25

const pulse = workerData as Int32Array
let watched: Watched | null = null
let seen = -1
let since = performance.now()

parentPort?.on('message', (message: Watched | null) => {
  watched = message
  since = performance.now()
})

setInterval(() => {
  const events = pulse[0] ?? 0
  if (events !== seen || watched === null) {
    seen = events
    since = performance.now()
  } else if (performance.now() - since > watched.quietMsMax) {
    void tell(watched, events)
    watched = null
  }
}, LOOK_MS)

async function tell({ seed, quietMsMax }: Watched, events: number): Promise<void> {
  const where = await placeOfMainThread().catch((cause: unknown) => `not known (${String(cause)})`)
  writeSync(
    STDERR,
    `SEED=${seed}: hangs: no event for ${quietMsMax / 1000} s after ${events}; the main thread is at ${where}\n`,
  )
  process.kill(process.pid, 'SIGKILL')
}

async function placeOfMainThread(): Promise<string> {
  const session = new Session()
  session.connectToMainThread()
  const scripts = new Map<string, string>()
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => scripts.set(scriptId, url))
  const paused = once(session, 'Debugger.paused', { signal: AbortSignal.timeout(STOP_MS_MAX) })
  await session.post('Debugger.enable')
  await session.post('Debugger.pause')
  // As the protocol has it.
  const [{ params }] = (await paused) as [{ params: Debugger.PausedEventDataType }]
  return params.callFrames
    .slice(0, FRAMES_TOLD_MAX)
    .map(({ functionName, location: { scriptId, lineNumber } }) => {
      const name = functionName === '' ? 'a function without a name' : functionName
      return `\n    ${name} (${scripts.get(scriptId) ?? 'unknown'}:${lineNumber + 1})`
    })
    .join('')
}
