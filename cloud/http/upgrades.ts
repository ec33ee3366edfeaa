// WebSocket upgrades: edges to the sync hub, feed readers to the live feed; nothing else is upgraded. What a peer may send is bounded here, since the
// library's own default lets 100 MiB in; nothing compressed is taken, so nothing can blow up. A refused upgrade gets a proper
// HTTP answer with a problem document, because a client that only sees a closed socket cannot know whether to try again.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { ATTESTATION_HEADER } from '../../protocol/attestation.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import {
  BUSY_RETRY_S,
  FEED_SUBSCRIBERS_MAX,
  FRAME_BYTES_MAX,
  HEARTBEAT_MS,
  SILENCE_MS_MAX,
  SOCKET_MESSAGE_BYTES_MAX,
} from '../../protocol/limits.ts'
import { PROBLEM_TYPE, problemOf } from '../../protocol/problem.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { validator } from '../../protocol/validation.ts'
import type { EdgeId, Reads, TenantId } from '../store/port.ts'
import type { SyncHub } from '../sync/hub.ts'
import type { System } from '../system.ts'
import { admitNative } from '../platform/native-scopes.ts'
import type { Principal } from '../platform/principal.ts'
import type { Principals } from '../platform/principals.ts'
import { TENANT_HEADER, principalOfRequest, wantedTenant } from './caller.ts'
import type { LiveFeed } from './feed/live-feed.ts'
import { socketPeer } from './feed/socket-peer.ts'
import { FeedQueryShape } from './inputs.ts'
import type { NodeNames } from './node-names.ts'
import { TLS_REQUIRED, cameWithoutTls } from './plain-calls.ts'
import { readQuery } from './query.ts'
import { requestIdOf } from './request-id.ts'
import { syncSocket } from './sync-socket.ts'
import { faultFor } from './faults.ts'

const MISSED_MAX = Math.ceil(SILENCE_MS_MAX / HEARTBEAT_MS)

/** The live feed under another API's address. */
export interface DialectFeed {
  readonly path: string
  /** Whose feed the caller may watch. */
  readonly admit: (principal: Principal) => Promise<Result<TenantId>>
}

interface FeedAsk {
  readonly dialectFeed: DialectFeed | undefined
  readonly authorization: string | undefined
  readonly inQuery: string | undefined
  readonly named: string | undefined
}

export interface UpgradeParts {
  readonly read: Reads
  readonly hub: Pick<SyncHub, 'accept' | 'busy' | 'edgeOf'>
  readonly feed: LiveFeed
  readonly principals: Pick<Principals, 'of'>
  readonly system: System
  readonly log: Logger
  readonly stopping: () => boolean
  readonly names: NodeNames
  /** Over TLS, or from the machine itself, only. */
  readonly dialectFeeds: readonly DialectFeed[]
  /** Whether the node is reached over TLS. */
  readonly secure: boolean
}

const feedQuery = validator(FeedQueryShape)
const PLAIN_FRAMES = 'tillstream.json'
const SYNC_PATH = '/v1/sync'
const FEED_PATH = '/v1/feed'

export class Upgrades {
  readonly #parts: UpgradeParts
  readonly #syncServer = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: true,
  })
  readonly #feedServer = new WebSocketServer({
    noServer: true,
    maxPayload: SOCKET_MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: true,
    // A client of stores' feeds offers more than this one speaks.
    handleProtocols: (offered) => (offered.has(PLAIN_FRAMES) ? PLAIN_FRAMES : false),
  })
  readonly #missed = new WeakMap<WebSocket, number>()
  #cancelHeartbeat: () => void = () => undefined

  constructor(parts: UpgradeParts) {
    this.#parts = parts
    this.#heartbeat()
  }

  get paths(): string[] {
    return [SYNC_PATH, FEED_PATH, ...this.#parts.dialectFeeds.map(({ path }) => path)]
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A peer may vanish while its upgrade is looked at; that ends the upgrade and nothing else.
    const dropped = (): void => void socket.destroy()
    socket.on('error', dropped)
    void this.#answered(request, socket, head, dropped)
  }

  async #answered(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    dropped: () => void,
  ): Promise<void> {
    const requestId = requestIdOf(request)
    try {
      const refusal = await this.#upgrade(request, socket, head, dropped)
      if (refusal !== null) answer(socket, refusal, requestId)
    } catch (cause) {
      this.#parts.log.error({ request_id: requestId, err: cause }, 'an upgrade broke')
      answer(socket, faultFor(cause).refusal, requestId)
    }
  }

  async #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    dropped: () => void,
  ): Promise<Refusal | null> {
    if (this.#parts.stopping()) return refuse('stopping', 'This node is draining').refusal
    const strange = this.#parts.names.refusalFor(request)
    if (strange !== null) return strange
    const url = urlOf(request)
    if (url === undefined) return refuse('input_invalid', 'The address cannot be read').refusal
    const serve = (server: WebSocketServer, opened: (ws: WebSocket) => void): null => {
      if (socket.destroyed) return null
      socket.off('error', dropped)
      server.handleUpgrade(request, socket, head, opened)
      return null
    }
    if (url.pathname === SYNC_PATH) {
      if (this.#parts.hub.busy) return refuse('busy', 'Many stores return at once; come again later').refusal
      const edge = await this.#edgeOf(url, request)
      if (!edge.ok) return edge.refusal
      const shown = request.headers[ATTESTATION_HEADER]?.toString()
      return serve(this.#syncServer, (ws) => this.#acceptEdge(edge.value, shown, ws))
    }
    const asks = this.#asksFor(request, url)
    if (!asks.ok) return asks.refusal
    const tenant = await this.#watched(asks.value)
    if (!tenant.ok) return tenant.refusal
    const query = readQuery(url.searchParams, feedQuery, ['token', 'key', 'tenant'])
    if (!query.ok) return query.refusal
    // The validator of this very shape accepted it.
    const place = query.value as { epoch?: number; after?: number }
    if (this.#parts.feed.readerCount >= FEED_SUBSCRIBERS_MAX)
      return refuse('too_many_requests', 'As many readers as there may be watch the feed already').refusal
    const admitted = async (): Promise<boolean> => {
      const again = await this.#watched(asks.value)
      return again.ok && again.value === tenant.value
    }
    return serve(this.#feedServer, (ws) =>
      this.#acceptReader(tenant.value, { epoch: place.epoch, after: place.after }, ws, admitted),
    )
  }

  /** Who asks for a feed, and for which. */
  #asksFor(request: IncomingMessage, { pathname, searchParams }: URL): Result<FeedAsk> {
    const { dialectFeeds, secure } = this.#parts
    const dialectFeed = dialectFeeds.find(({ path }) => path === pathname)
    if (dialectFeed === undefined && pathname !== FEED_PATH)
      return refuse('route_unknown', 'No WebSocket is served here')
    if (dialectFeed !== undefined && cameWithoutTls(request, secure))
      return { ok: false, refusal: TLS_REQUIRED }
    // A browser can set no header here, so what proves the caller, and which of several businesses is meant, may stand in the query.
    const names = dialectFeed === undefined ? ['token'] : ['token', 'key']
    return accept({
      dialectFeed,
      authorization: request.headers.authorization,
      inQuery: names.map((name) => searchParams.get(name)).find((given) => given !== null) ?? undefined,
      named: (request.headers[TENANT_HEADER] ?? searchParams.get('tenant') ?? undefined)?.toString(),
    })
  }

  /** Whose feed that is, if the caller may watch it now. */
  async #watched({ dialectFeed, authorization, inQuery, named }: FeedAsk): Promise<Result<TenantId>> {
    const caller = await principalOfRequest(authorization, inQuery, this.#parts.principals)
    if (!caller.ok) return caller
    return dialectFeed === undefined
      ? admitNative(caller.value, 'feed:read', wantedTenant(named))
      : dialectFeed.admit(caller.value)
  }

  async #edgeOf(url: URL, { headers }: IncomingMessage): Promise<Result<EdgeId>> {
    const text = url.searchParams.get('edge') ?? ''
    if (!/^[1-9][0-9]{0,9}$/.test(text))
      return refuse('input_invalid', 'Say which edge connects: ?edge=ID, as the enrolment told it', 'edge')
    const edge = await this.#parts.hub.edgeOf(Number(text), headers[ATTESTATION_HEADER]?.toString())
    return edge === undefined
      ? refuse('edge_unknown', `No edge ${text} is enrolled here`, 'edge')
      : { ok: true, value: edge.id }
  }

  #acceptEdge(edge: EdgeId, shown: string | undefined, ws: WebSocket): void {
    this.#watch(ws)
    this.#parts.hub.accept(edge, syncSocket(ws), shown).catch((cause: unknown) => {
      this.#parts.log.error({ edge, err: cause }, 'a connection could not be taken')
      ws.close(CLOSE_CODES.stopping, 'something broke on our side; reconnect')
    })
  }

  #acceptReader(
    tenant: number,
    place: { epoch: number | undefined; after: number | undefined },
    ws: WebSocket,
    admitted: () => Promise<boolean>,
  ): void {
    ws.on('error', () => undefined)
    const reader = this.#parts.feed.join(tenant, place, socketPeer(ws), admitted)
    if (reader === undefined) ws.close(CLOSE_CODES.too_many, 'as many readers as there may be')
    else ws.on('close', () => reader.gone())
  }

  /** A sync peer that answers no ping may have vanished without a word; the fleet list must not call it connected. */
  #watch(ws: WebSocket): void {
    ws.on('error', () => undefined)
    this.#missed.set(ws, 0)
    ws.on('pong', () => this.#missed.set(ws, 0))
    // A fork or rewind is logged by the connection it ends, outside of any commit of facts.
    ws.on('close', () => void this.#parts.feed.lookBehind())
  }

  #heartbeat(): void {
    this.#cancelHeartbeat = this.#parts.system.after(HEARTBEAT_MS, () => {
      for (const ws of this.#syncServer.clients) {
        const missed = this.#missed.get(ws) ?? 0
        this.#missed.set(ws, missed + 1)
        if (missed >= MISSED_MAX) ws.terminate()
        else ws.ping()
      }
      this.#heartbeat()
    })
  }

  /** Resolves when every peer has left. */
  async settled(): Promise<void> {
    const clients = [...this.#syncServer.clients, ...this.#feedServer.clients]
    await Promise.all(clients.map((ws) => new Promise((resolve) => ws.once('close', resolve))))
  }

  /** What still lingers after everybody was told to go. */
  cut(): void {
    this.#cancelHeartbeat()
    for (const server of [this.#syncServer, this.#feedServer]) for (const ws of server.clients) ws.terminate()
  }
}

function urlOf(request: IncomingMessage): URL | undefined {
  return URL.canParse(request.url ?? '', 'http://cloud')
    ? new URL(request.url ?? '', 'http://cloud')
    : undefined
}

function answer(socket: Duplex, refusal: Refusal, requestId: string): void {
  const problem = problemOf(refusal, requestId)
  const body = JSON.stringify(problem)
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${REFUSALS[refusal.code].title}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      ...(problem.status === 401 ? ['WWW-Authenticate: Bearer'] : []),
      ...(problem.status === 503 ? [`Retry-After: ${BUSY_RETRY_S}`] : []),
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
