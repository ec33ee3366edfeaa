// The what-ifs of a node: one runs at a time, a few wait, the last few results are kept. They live in memory only: a what-if that a restart
// interrupts is asked again.
import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { WHAT_IFS_KEPT_MAX, WHAT_IFS_WAITING_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { TenantId } from '../store/port.ts'
import type { WhatIfRequest } from './replay.ts'
import type { WhatIf } from './result.ts'
import type { WhatIfOrder, WhatIfReport } from './worker.ts'

type Job = { -readonly [K in keyof WhatIf]: WhatIf[K] } & {
  readonly request: WhatIfRequest
  worker: Worker | null
  readonly finished: Promise<void>
  readonly finish: () => void
}

export class WhatIfs {
  readonly #directory: string
  /** Oldest first. */
  readonly #jobs: Job[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Puts a what-if in the queue; refused when too many wait. */
  start(request: WhatIfRequest): Result<WhatIf> {
    const waiting = this.#jobs.filter(({ status }) => status === 'waiting').length
    if (waiting >= WHAT_IFS_WAITING_MAX)
      return refuse('too_many_requests', `${waiting} what-ifs wait already; ask again when one is done`)
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
    const job: Job = {
      id: randomUUID(),
      status: 'waiting',
      done: 0,
      total: 0,
      error: null,
      result: null,
      request,
      worker: null,
      finished,
      finish,
    }
    this.#jobs.push(job)
    this.#next()
    return accept(viewOf(job))
  }

  find(tenant: TenantId, id: string): WhatIf | undefined {
    const job = this.#job(tenant, id)
    return job === undefined ? undefined : viewOf(job)
  }

  /** Newest first. */
  list(tenant: TenantId): WhatIf[] {
    return this.#jobs
      .filter(({ request }) => request.tenant === tenant)
      .map(viewOf)
      .toReversed()
  }

  /** Stops it where it is; one that is over stays as it is. */
  async cancel(tenant: TenantId, id: string): Promise<WhatIf | undefined> {
    const job = this.#job(tenant, id)
    if (job === undefined) return undefined
    if (job.status === 'waiting') this.#end(job, 'cancelled')
    if (job.status === 'running') {
      job.worker?.postMessage('cancel')
      await job.finished
    }
    return viewOf(job)
  }

  /** Resolves when it is over. */
  async over(id: string): Promise<void> {
    await this.#jobs.find((job) => job.id === id)?.finished
  }

  async stop(): Promise<void> {
    for (const job of this.#jobs) if (job.status === 'waiting') this.#end(job, 'cancelled')
    await Promise.all(this.#jobs.flatMap(({ worker }) => (worker === null ? [] : [worker.terminate()])))
  }

  #job(tenant: TenantId, id: string): Job | undefined {
    return this.#jobs.find((job) => job.id === id && job.request.tenant === tenant)
  }

  #next(): void {
    if (this.#jobs.some(({ status }) => status === 'running')) return
    const job = this.#jobs.find(({ status }) => status === 'waiting')
    if (job === undefined) return
    job.status = 'running'
    const order: WhatIfOrder = { directory: this.#directory, request: job.request }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: order })
    job.worker = worker
    worker.on('message', (report: WhatIfReport) => {
      if (report.type === 'progress') Object.assign(job, { done: report.done, total: report.total })
      else {
        if (report.type === 'done')
          Object.assign(job, { result: report.result, done: report.result.facts, total: report.result.facts })
        this.#end(job, report.type)
      }
    })
    worker.on('error', (cause) => {
      job.error = cause instanceof Error ? cause.message : String(cause)
      this.#end(job, 'failed')
    })
    worker.on('exit', () => {
      job.worker = null
      this.#end(job, 'cancelled')
      this.#next()
    })
  }

  #end(job: Job, status: 'done' | 'cancelled' | 'failed'): void {
    if (job.status !== 'waiting' && job.status !== 'running') return
    job.status = status
    job.finish()
    const over = this.#jobs.filter((one) => one.status !== 'waiting' && one.status !== 'running')
    for (const old of over.slice(0, Math.max(0, over.length - WHAT_IFS_KEPT_MAX)))
      this.#jobs.splice(this.#jobs.indexOf(old), 1)
  }
}

function viewOf({ id, status, done, total, error, result }: Job): WhatIf {
  return { id, status, done, total, error, result }
}
