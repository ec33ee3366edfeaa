// Runs a rig in a process of its own, so that one that computes does not hold up another that waits for answers, and several run side by side.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RigRow } from './rig.ts'
import type { Task, Word } from './rig-process.ts'

const PROCESS = fileURLToPath(new URL('./rig-process.ts', import.meta.url))

/** Its rows; throws what broke it, or that its process ended without a word. */
export function runAlone(task: Task, say: (line: string) => void): Promise<readonly RigRow[]> {
  return new Promise((resolve, reject) => {
    const child = fork(PROCESS, [JSON.stringify(task)])
    child.on('message', (told) => {
      // rig-process.ts sends nothing else.
      const word = told as Word
      if ('said' in word) say(word.said)
      else if ('rows' in word) resolve(word.rows)
      else reject(new Error(word.broke))
    })
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`its process ended (${signal ?? code}) without a word`)),
    )
  })
}
