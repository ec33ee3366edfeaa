// The HTTP server around the application: every wait and size is bounded, since Node's own defaults allow five minutes for a request and any
// number of sockets. It listens on this machine only unless told otherwise.
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import {
  HTTP_HEADERS_MS_MAX,
  HTTP_HEADER_BYTES_MAX,
  HTTP_KEEP_ALIVE_MS,
  HTTP_REQUEST_MS_MAX,
  HTTP_SOCKETS_MAX,
  STOP_MS_MAX,
} from '../../protocol/limits.ts'
import type { appOf } from './app.ts'
import type { NodeNames } from './node-names.ts'
import { refusePlainly } from './plain-refusal.ts'
import type { SyncPosts } from './sync-posts.ts'
import type { Upgrades } from './upgrades.ts'

const CHECK_MS = 2_000
/** Two years, as browsers advise. */
const HSTS_SECONDS = 2 * 365 * 86_400

/**
 * Node 22.21 and later, not in its type declarations yet. Without it a client that offers HTTP/2 (Java's does by default) would be taken for
 * one that wants a WebSocket.
 */
interface UpgradeChoice {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean
}

export interface ServedParts {
  readonly app: ReturnType<typeof appOf>
  readonly upgrades: Upgrades
  readonly posts: SyncPosts
  readonly names: NodeNames
  /** Browsers reach the node over TLS, and are told to come by nothing else. */
  readonly secure: boolean
}

export class HttpServer {
  readonly #server: Server
  readonly #upgrades: Upgrades
  /** Answers that are not complete yet. */
  readonly #open = new Set<ServerResponse>()
  #settled: () => void = () => undefined

  constructor({ app, upgrades, posts, names, secure }: ServedParts) {
    this.#upgrades = upgrades
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
    const options: ServerOptions & UpgradeChoice = {
      headersTimeout: HTTP_HEADERS_MS_MAX,
      requestTimeout: HTTP_REQUEST_MS_MAX,
      keepAliveTimeout: HTTP_KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: HTTP_HEADER_BYTES_MAX,
      insecureHTTPParser: false,
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    }
    this.#server = createServer(options, (request, response) => {
      this.#open.add(response)
      response.once('close', () => {
        this.#open.delete(response)
        if (this.#open.size === 0) this.#settled()
      })
      if (secure) response.setHeader('Strict-Transport-Security', `max-age=${HSTS_SECONDS}`)
      const strange = names.refusalFor(request)
      if (strange !== null) refusePlainly(request, response, strange)
      else if (posts.serves(request)) void posts.handle(request, response)
      else void listener(request, response)
    })
    this.#server.maxConnections = HTTP_SOCKETS_MAX
    this.#server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head))
  }

  /** The port it listens on. */
  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    // A listening TCP server has an address of this kind.
    return (this.#server.address() as AddressInfo).port
  }

  /**
   * Takes no new connections; answers under way and WebSocket peers that were told to go may end for at most `STOP_MS_MAX`; then cuts what
   * is left: connections that never sent a request count as busy for Node and would hold the stop up.
   */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()))
    const answered = new Promise<void>((resolve) => {
      this.#settled = resolve
      if (this.#open.size === 0) resolve()
    })
    const late = setTimeout(() => this.#cut(), STOP_MS_MAX)
    await Promise.all([answered, this.#upgrades.settled()])
    clearTimeout(late)
    this.#cut()
    await closed
  }

  #cut(): void {
    this.#upgrades.cut()
    this.#server.closeAllConnections()
  }
}
