// The node's figures for Prometheus, in a registry of their own, so that several nodes in one process (tests, simulations) do not mix. Labels hold
// route patterns, never paths: a path holds ids, and a label per id would grow without bound.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export interface MetricSources {
  readonly edgesConnected: () => number
  readonly feedReaders: () => number
  readonly batchesWaiting: () => number
  readonly edgesDraining: () => number
  readonly edgesQueued: () => number
  readonly syncBytesWaiting: () => number
  readonly framesRefused: () => number
  readonly diskFreeBytes: () => number
  readonly readOnly: () => boolean
  readonly walkFaults: () => number
  readonly statesMended: () => number
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Histogram<'method' | 'route' | 'status'>
  readonly #facts: Counter<'kind'>
  readonly #corrections: Counter
  readonly #groups: Counter

  constructor(sources: MetricSources) {
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    this.#requests = new Histogram({
      name: 'tillstream_http_request_seconds',
      help: 'HTTP requests by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    })
    this.#facts = new Counter({
      name: 'tillstream_ingest_facts_total',
      help: 'Facts taken, by kind',
      labelNames: ['kind'],
      registers,
    })
    this.#corrections = new Counter({
      name: 'tillstream_ingest_corrections_total',
      help: 'Revisions appended because a fact came late',
      registers,
    })
    this.#groups = new Counter({
      name: 'tillstream_ingest_groups_total',
      help: 'Commits of facts; each holds the batches that waited',
      registers,
    })
    const gauge = (name: string, help: string, value: () => number): void => {
      const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(value()) })
    }
    gauge('tillstream_edges_connected', 'Edges with an open sync connection', sources.edgesConnected)
    gauge('tillstream_feed_readers', 'Readers of the live feed', sources.feedReaders)
    gauge('tillstream_ingest_batches_waiting', 'Batches that wait for a commit', sources.batchesWaiting)
    gauge('tillstream_edges_draining', 'Edges that drain a backlog', sources.edgesDraining)
    gauge('tillstream_edges_queued', 'Edges that wait for a place to drain', sources.edgesQueued)
    gauge('tillstream_sync_bytes_waiting', 'Bytes of frames that wait', sources.syncBytesWaiting)
    const counter = (name: string, help: string, value: () => number): void => {
      const made: Counter = new Counter({
        name,
        help,
        registers,
        collect: () => {
          made.reset()
          made.inc(value())
        },
      })
    }
    counter(
      'tillstream_sync_frames_refused_total',
      'Frames that were not signed by their edge for their connection',
      sources.framesRefused,
    )
    counter(
      'tillstream_states_mended_total',
      'Saved states, and rows that platforms list, that were not what was written and were made again',
      sources.statesMended,
    )
    gauge('tillstream_disk_free_bytes', 'Free on the disk of the data', sources.diskFreeBytes)
    gauge('tillstream_storage_read_only', '1 while the disk is nearly full and nothing is recorded', () =>
      Number(sources.readOnly()),
    )
    gauge('tillstream_walk_faults', 'Faults that the last walk over the data found', sources.walkFaults)
  }

  request(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status: String(status) }, seconds)
  }

  committed(activities: readonly { readonly kind: string; readonly revision: number }[]): void {
    this.#groups.inc()
    // A counter with labels costs as much as an index of the log: it is asked once a kind.
    const facts = new Map<string, number>()
    for (const { kind, revision } of activities) {
      if (revision > 0) this.#corrections.inc()
      else if (kind !== 'notice' && kind !== 'conflict') facts.set(kind, (facts.get(kind) ?? 0) + 1)
    }
    for (const [kind, count] of facts) this.#facts.inc({ kind }, count)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
