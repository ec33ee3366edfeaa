// /metrics: what an operator graphs and is woken by. Values are read from where they already live when Prometheus asks; the request path only
// adds one to a counter of its own, because a labelled prom-client counter costs as much there as the checks. A store that nobody scrapes does not
// even load the library, which is a tenth of a node's start.
import type * as prom from 'prom-client'
import { STATE_NAMES } from '../sync/machine.ts'
import type { StateName } from '../sync/states.ts'

const PREFIX = 'tillstream_edge_'

/** Answers by route and status. */
export class Requests {
  readonly #counts = new Map<string, Map<number, number>>()

  count(method: string, path: string, status: number): void {
    const name = `${method} ${path}`
    let byStatus = this.#counts.get(name)
    if (byStatus === undefined) this.#counts.set(name, (byStatus = new Map<number, number>()))
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1)
  }

  *[Symbol.iterator](): Iterator<{ route: string; status: number; count: number }> {
    for (const [route, byStatus] of this.#counts)
      for (const [status, count] of byStatus) yield { route, status, count }
  }
}

export interface Measured {
  facts(): number
  unsynced(): number
  commits(): number
  readers(): number
  readersCut(): number
  link(): StateName
  lastWordAt(): number | null
  refusedFrames(): number
  /** When the certificate ends; null without one. */
  certifiedUntil(): number | null
}

export interface MetricsText {
  readonly type: string
  readonly text: string
}

export class Metrics {
  readonly #measured: Measured
  readonly #requests: Requests
  #registry: Promise<prom.Registry> | undefined

  constructor(measured: Measured, requests: Requests) {
    this.#measured = measured
    this.#requests = requests
  }

  async text(): Promise<MetricsText> {
    this.#registry ??= import('prom-client').then((library) =>
      registryOf(library, this.#measured, this.#requests),
    )
    const registry = await this.#registry
    return { type: registry.contentType, text: await registry.metrics() }
  }
}

function registryOf(library: typeof prom, measured: Measured, requests: Requests): prom.Registry {
  const { Counter, Gauge, collectDefaultMetrics } = library
  const registry = new library.Registry()
  /** A counter that lives elsewhere and is read when asked. */
  const counter = (name: string, help: string, read: () => number): void =>
    registry.registerMetric(
      new Counter({
        name: PREFIX + name,
        help,
        registers: [],
        collect() {
          this.reset()
          this.inc(read())
        },
      }),
    )
  const gauge = (name: string, help: string, read: () => number): void =>
    registry.registerMetric(
      new Gauge({
        name: PREFIX + name,
        help,
        registers: [],
        collect() {
          this.set(read())
        },
      }),
    )
  collectDefaultMetrics({ register: registry })
  counter('facts_total', 'Facts in the ledger', () => measured.facts())
  counter('commits_total', 'Group commits since the start', () => measured.commits())
  gauge('unsynced_facts', 'Facts the cloud has not acknowledged', () => measured.unsynced())
  gauge('feed_readers', 'Open feed connections', () => measured.readers())
  counter('feed_readers_cut_total', 'Feed readers cut for holding back', () => measured.readersCut())
  counter(
    'cloud_frames_refused_total',
    'Frames that the cloud did not sign for their connection, or that are none',
    () => measured.refusedFrames(),
  )
  gauge(
    'certificate_ends_seconds',
    'When the certificate of TLS ends, since 1970; 0 without one',
    () => (measured.certifiedUntil() ?? 0) / 1000,
  )
  gauge(
    'cloud_last_word_seconds',
    'Time of the last frame from the cloud since 1970; 0 before any',
    () => (measured.lastWordAt() ?? 0) / 1000,
  )
  registry.registerMetric(
    new Gauge({
      name: `${PREFIX}link_state`,
      help: 'State of the link to the cloud: 1 for the one it is in',
      labelNames: ['state'],
      registers: [],
      collect() {
        const now = measured.link()
        for (const state of STATE_NAMES) this.set({ state }, state === now ? 1 : 0)
      },
    }),
  )
  registry.registerMetric(
    new Counter({
      name: `${PREFIX}http_requests_total`,
      help: 'Answers of the local API by route and status',
      labelNames: ['route', 'status'],
      registers: [],
      collect() {
        this.reset()
        for (const { route, status, count } of requests) this.inc({ route, status }, count)
      },
    }),
  )
  return registry
}
