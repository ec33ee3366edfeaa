// The thread a what-if runs on, so that the node goes on serving: it opens the data for itself, read-only, and speaks in messages.
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../protocol/result.ts'
import { openSnapshot } from '../store/sqlite/sqlite-store.ts'
import { WhatIfCancelled, replayWhatIf } from './replay.ts'
import type { WhatIfRequest } from './replay.ts'
import type { WhatIfResult } from './result.ts'

export interface WhatIfOrder {
  readonly directory: string
  readonly request: WhatIfRequest
}

export type WhatIfReport =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'done'; readonly result: WhatIfResult }
  | { readonly type: 'cancelled' }

const port = parentPort
assert(port !== null, 'runs as a thread')
const report = (message: WhatIfReport): void => port.postMessage(message)

let cancelled = false
port.on('message', () => (cancelled = true))

// Started only by what-ifs.ts, with this.
const { directory, request } = workerData as WhatIfOrder
const snapshot = openSnapshot(directory)
try {
  const result = await replayWhatIf(snapshot.read, request, {
    progress: (done, total) => report({ type: 'progress', done, total }),
    cancelled: () => cancelled,
  })
  report({ type: 'done', result })
} catch (cause) {
  if (!(cause instanceof WhatIfCancelled)) throw cause
  report({ type: 'cancelled' })
} finally {
  snapshot.close()
  port.close()
}
