// One rig in a process of its own, begun by alone.ts, which hears lines and rows over the channel. Should that one be gone, nothing here goes on: the
// nodes of the rig end with this process.
import { RIGS } from '../table.ts'
import type { Length, Part, RigRow } from './rig.ts'

/** What the rig is to do, as JSON in the first argument. */
export interface Task {
  readonly rig: string
  readonly length: Length
  readonly seed: number
  readonly part: Part
  readonly directory: string
}

export type Word =
  { readonly said: string } | { readonly rows: readonly RigRow[] } | { readonly broke: string }

function tell(word: Word): Promise<void> {
  return new Promise((resolve, reject) => {
    if (process.send === undefined) reject(new Error('this process is begun by alone.ts'))
    else process.send(word, () => resolve())
  })
}

process.once('disconnect', () => process.exit(1))
// Our own parent wrote it.
const { rig: name, ...options } = JSON.parse(process.argv[2] ?? '{}') as Task
const rig = RIGS.find((one) => one.name === name)
try {
  if (rig === undefined) throw new Error(`there is no rig ${name}`)
  const rows = await rig.run({ ...options, say: (said) => void tell({ said }) })
  await tell({ rows })
} catch (cause) {
  await tell({ broke: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) })
}
process.exit(0)
