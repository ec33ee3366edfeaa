// Hot: the local API on uWebSockets.js; only this file and ports.ts know it. It mounts the table's rows, does the checks of H-2 in their order,
// answers, and hands the feed's connections to the readers. Rules of the library that bite: a request is only valid inside its callback, a
// body chunk too; an answer given later must be corked and never be written after an abort. Budget: bench/sales.ts.
import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js'
import type { Logger } from 'pino'
import { BODY_BYTES_MAX, FEED_BEAT_MS, SOCKET_MESSAGE_BYTES_MAX } from '../../protocol/limits.ts'
import { PROBLEM_TYPE, problemOf } from '../../protocol/problem.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Refusal, Result } from '../../protocol/result.ts'
import { feedFilter } from '../feed/feed-filter.ts'
import type { Reader, ReaderOptions, Readers } from '../feed/readers.ts'
import type { Cancel, System } from '../system.ts'
import { Body } from './body.ts'
import { admit, checkShape, readJson, readKey, readQuery, requestHash } from './checks.ts'
import { RECEIPT_HEADER } from './kept-receipts.ts'
import type { KeptReceipts } from './kept-receipts.ts'
import { hostAllowed, originAllowed } from './origins.ts'
import { SUBPROTOCOLS, lastEvent, subprotocolOf } from './feed-request.ts'
import { SocketSink, SseSink } from './feed-sinks.ts'
import type { Requests } from './metrics.ts'
import { Ports } from './ports.ts'
import type { Address } from './ports.ts'
import type { Call, Outcome, Route } from './route.ts'
import type { FeedQuery } from './feed-stream.ts'
import type { Tokens } from './tokens.ts'

export interface ServerOptions {
  readonly routes: readonly Route[]
  readonly tokens: Tokens
  readonly readers: Readers
  readonly requests: Requests
  readonly system: System
  readonly log: Logger
  /** Names this node goes by besides addresses and local names (H-11). */
  readonly hostNames: readonly string[]
  /** Receipts that terminals present (P-LIFE-7). */
  readonly receipts: KeptReceipts
  /** Told of every fault that a caller was answered with. */
  readonly onFault?: (cause: unknown) => void
}

/** Seconds a feed socket may be silent in both directions; the server pings within it. */
const FEED_IDLE_S = 32
/** Stands for a method that no row has: what a caller sends must not become the name of a figure. */
const ANY = 'any'
const NO_QUERY = {}
const NO_BODY = new Uint8Array(0)
const STATUS_LINES = new Map(
  Object.entries(STATUS_CODES).map(([code, text]) => [Number(code), `${code} ${text}`]),
)

interface FeedSocketData {
  readonly options: ReaderOptions
  readonly transport: 'socket' | 'cbor'
  reader: Reader | undefined
}

/** One request on its way to one answer. */
class Exchange {
  readonly res: HttpResponse
  readonly method: string
  readonly path: string
  readonly id: string
  /** Answered or aborted: `res` may not be touched. */
  done = false

  constructor(res: HttpResponse, method: string, path: string, id: string) {
    this.res = res
    this.method = method
    this.path = path
    this.id = id
  }
}

export class Server {
  readonly #routes: readonly Route[]
  readonly #ports = new Ports((app) => this.#mountAll(app))
  readonly #tokens: Tokens
  readonly #readers: Readers
  readonly #requests: Requests
  readonly #system: System
  readonly #log: Logger
  readonly #onFault: (cause: unknown) => void
  readonly #hostNames: readonly string[]
  readonly #receipts: KeptReceipts
  readonly #idStart = `${randomBytes(6).toString('base64url')}-`
  #idLast = 0
  #open = 0
  #idle: (() => void) | undefined
  #stopBeat: Cancel = () => undefined

  constructor(options: ServerOptions) {
    const { routes, tokens, readers, requests, system, log, hostNames, receipts, onFault } = options
    this.#routes = routes
    this.#hostNames = hostNames
    this.#receipts = receipts
    this.#tokens = tokens
    this.#readers = readers
    this.#requests = requests
    this.#system = system
    this.#log = log
    this.#onFault = onFault ?? (() => undefined)
    this.#beat()
  }

  /** Resolves with the port. Rejects when the port is taken. */
  listen(at: Address): Promise<number> {
    return this.#ports.plain(at)
  }

  /** The same over TLS; again, to go on with another certificate. */
  listenTls(at: Address, file: string): Promise<number> {
    return this.#ports.tls(at, file)
  }

  /** Resolves when every request that was taken has its answer. */
  async settled(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  close(): void {
    this.#stopBeat()
    this.#ports.close()
  }

  #mountAll(app: TemplatedApp): void {
    for (const row of this.#routes) this.#mount(app, row)
    for (const path of new Set(this.#routes.map((row) => row.path))) {
      const allow = this.#routes.filter((row) => row.path === path).map(({ method }) => method)
      app.any(path, (res, req) => this.#refuseMethod(res, req, path, allow.join(', ')))
    }
    app.any('/*', (res) => {
      const exchange = this.#begin(res, ANY, '*')
      this.#end(exchange, refuse('route_unknown', 'There is nothing at this address; see /openapi.json.'))
    })
  }

  #mount(app: TemplatedApp, row: Route): void {
    const serve = (res: HttpResponse, req: HttpRequest): void => this.#serve(row, res, req)
    switch (row.method) {
      case 'GET':
        if (row.handle === 'feed') this.#mountFeed(app, row)
        else app.get(row.path, serve)
        return
      case 'POST':
        app.post(row.path, serve)
        return
      case 'DELETE':
        app.del(row.path, serve)
    }
  }

  #begin(res: HttpResponse, method: string, path: string): Exchange {
    this.#open += 1
    return new Exchange(res, method, path, this.#idStart + (++this.#idLast).toString(36))
  }

  #finish(exchange: Exchange): void {
    exchange.done = true
    this.#open -= 1
    if (this.#open === 0) this.#idle?.()
  }

  #serve(row: Route, res: HttpResponse, req: HttpRequest): void {
    const exchange = this.#begin(res, row.method, row.path)
    const length = row.body === null ? 0 : Number(req.getHeader('content-length'))
    if (length > BODY_BYTES_MAX) return this.#refuseSize(exchange)
    if (row.roles === 'public') {
      const asked = this.#admitPage(req)
      if (!asked.ok) return this.#end(exchange, asked)
    }
    const authorization = row.roles === 'public' ? '' : req.getHeader('authorization')
    const admitted = admit(row, this.#tokens, authorization)
    if (!admitted.ok) return this.#end(exchange, admitted)
    const presented = row.roles === 'public' ? '' : req.getHeader(RECEIPT_HEADER)
    if (presented !== '' && !this.#takeReceipt(exchange, admitted.value.name, presented)) return
    const query = row.query === null ? accept(NO_QUERY) : readQuery(row.query, req.getQuery())
    if (!query.ok) return this.#end(exchange, query)
    const parameters: string[] = []
    for (let index = 0; index < row.parameterCount; index++)
      parameters.push(decoded(req.getParameter(index) ?? ''))
    const call: Call = {
      terminal: admitted.value.name,
      parameters,
      query: query.value,
      body: undefined,
      key: '',
      requestHash: NO_BODY,
    }
    if (row.body === null) return this.#run(row, exchange, call)
    // Without parameters there is one way to write it.
    const path = row.parameterCount === 0 ? row.path : req.getUrl()
    const key = row.keyed ? req.getHeader('idempotency-key') : ''
    const body = new Body(length)
    res.onAborted(() => this.#aborted(exchange))
    res.onData((chunk, last) => {
      if (exchange.done) return
      if (!body.add(chunk, last)) this.#refuseSize(exchange)
      else if (last) this.#received(row, exchange, call, path, key, body.bytes)
    })
  }

  /** False: the call has been answered with what was wrong. */
  #takeReceipt(exchange: Exchange, terminal: string, presented: string): boolean {
    try {
      const taken = this.#receipts.take(terminal, presented)
      if (!taken.ok) this.#end(exchange, taken)
      return taken.ok
    } catch (cause) {
      this.#fault(exchange, cause)
      return false
    }
  }

  #received(row: Route, exchange: Exchange, call: Call, path: string, header: string, raw: Buffer): void {
    const plain = row.readBody(raw)
    const parsed = plain === undefined ? readJson(row, raw) : accept(plain)
    if (!parsed.ok) return this.#end(exchange, parsed)
    let key = ''
    if (row.keyed) {
      const read = readKey(header, parsed.value)
      if (!read.ok) return this.#end(exchange, read)
      key = read.value
    }
    const sound = plain !== undefined || row.body === null
    const checked = sound ? parsed : checkShape(row.body, parsed.value)
    if (!checked.ok) return this.#end(exchange, checked)
    this.#run(row, exchange, {
      terminal: call.terminal,
      parameters: call.parameters,
      query: call.query,
      body: checked.value,
      key,
      requestHash: row.keyed ? requestHash(row.method, path, raw) : NO_BODY,
    })
  }

  #run(row: Route, exchange: Exchange, call: Call): void {
    let outcome: Outcome | Promise<Outcome>
    try {
      // The row's own shapes accepted body and query; a feed row never comes here.
      outcome = (row.handle as (call: Call) => Outcome | Promise<Outcome>)(call)
    } catch (cause) {
      return this.#fault(exchange, cause)
    }
    if (!(outcome instanceof Promise)) return this.#end(exchange, outcome)
    if (row.body === null) exchange.res.onAborted(() => this.#aborted(exchange))
    outcome.then(
      (result) => this.#end(exchange, result),
      (cause: unknown) => this.#fault(exchange, cause),
    )
  }

  /** The caller has gone. What it asked for is done all the same; a retry with the key gets the answer (K-2). */
  #aborted(exchange: Exchange): void {
    if (!exchange.done) this.#finish(exchange)
  }

  #fault(exchange: Exchange, cause: unknown): void {
    this.#onFault(cause)
    this.#log.error({ err: cause, request_id: exchange.id, route: exchange.path }, 'request failed')
    this.#end(exchange, refuse('fault', 'The request could not be served; the log has the request id.'))
  }

  /** H-3: answered at once, and the line is closed, since the rest of the body is not read. */
  #refuseSize(exchange: Exchange): void {
    this.#end(exchange, refuse('body_too_large', `A body may have ${BODY_BYTES_MAX} bytes.`), '', true)
  }

  #refuseMethod(res: HttpResponse, req: HttpRequest, path: string, allow: string): void {
    const exchange = this.#begin(res, ANY, path)
    if (req.getMethod() === 'head') {
      this.#finish(exchange)
      res.writeStatus('405 Method Not Allowed').writeHeader('Allow', allow).endWithoutBody()
      return
    }
    this.#end(exchange, refuse('method_unknown', `This address knows ${allow}.`), allow)
  }

  #end(exchange: Exchange, outcome: Outcome, allow = '', close = false): void {
    if (exchange.done) return
    this.#finish(exchange)
    const { res, id } = exchange
    res.cork(() => {
      if (!outcome.ok) {
        this.#writeProblem(exchange, outcome.refusal, allow, close)
        return
      }
      const { status, body, type, replayed, contentSecurityPolicy } = outcome.value
      this.#requests.count(exchange.method, exchange.path, status)
      res.writeStatus(STATUS_LINES.get(status) ?? String(status))
      writeHeaders(res, id, type ?? 'application/json', contentSecurityPolicy)
      if (replayed === true) res.writeHeader('Idempotent-Replayed', 'true')
      if (status === 204) res.endWithoutBody()
      else res.end(body)
    })
  }

  #writeProblem(exchange: Exchange, refusal: Refusal, allow: string, close: boolean): void {
    const { res, id, method, path } = exchange
    const problem = problemOf(refusal, id)
    this.#requests.count(method, path, problem.status)
    this.#log.debug({ request_id: id, route: `${method} ${path}`, code: refusal.code }, 'refused')
    res.writeStatus(STATUS_LINES.get(problem.status) ?? String(problem.status))
    writeHeaders(res, id, PROBLEM_TYPE)
    if (problem.status === 401) res.writeHeader('WWW-Authenticate', 'Bearer')
    if (allow !== '') res.writeHeader('Allow', allow)
    if (refusal.retryAfterS !== undefined) res.writeHeader('Retry-After', String(refusal.retryAfterS))
    res.end(JSON.stringify(problem), close)
  }

  #mountFeed(app: TemplatedApp, row: Route): void {
    app.ws<FeedSocketData>(row.path, {
      compression: 0,
      maxPayloadLength: SOCKET_MESSAGE_BYTES_MAX,
      idleTimeout: FEED_IDLE_S,
      sendPingsAutomatically: true,
      // No limit of the library's: at it messages are skipped silently. Readers cut at FEED_BACKLOG_BYTES_MAX (F-3).
      maxBackpressure: 0,
      upgrade: (res, req, context) => {
        const exchange = this.#begin(res, row.method, row.path)
        const reader = this.#admitReader(row, req)
        if (!reader.ok) return this.#end(exchange, reader)
        this.#finish(exchange)
        this.#requests.count(row.method, row.path, 101)
        const protocol = subprotocolOf(req.getHeader('sec-websocket-protocol'))
        res.upgrade<FeedSocketData>(
          { options: reader.value, transport: SUBPROTOCOLS[protocol] ?? 'socket', reader: undefined },
          req.getHeader('sec-websocket-key'),
          protocol,
          req.getHeader('sec-websocket-extensions'),
          context,
        )
      },
      open: (ws) => {
        const data = ws.getUserData()
        data.reader = this.#readers.attach(new SocketSink(ws, data.transport), data.options)
      },
      drain: (ws) => {
        const { reader } = ws.getUserData()
        if (reader !== undefined) this.#readers.drained(reader)
      },
      close: (ws) => {
        const { reader } = ws.getUserData()
        if (reader !== undefined) this.#readers.detach(reader)
      },
    })
    app.get(row.path, (res, req) => {
      const exchange = this.#begin(res, row.method, row.path)
      const reader = this.#admitReader(row, req)
      if (!reader.ok) return this.#end(exchange, reader)
      if (!req.getHeader('accept').includes('text/event-stream'))
        return this.#end(
          exchange,
          refuse('input_invalid', 'Open a WebSocket here, or send "Accept: text/event-stream".', 'Accept'),
        )
      const last = lastEvent(req.getHeader('last-event-id'))
      this.#finish(exchange)
      this.#requests.count(row.method, row.path, 200)
      this.#openSse(exchange, { ...reader.value, ...last })
    })
  }

  /** H-11: what a browser may reach without a token, and the sockets it opens. */
  #admitPage(req: HttpRequest): Result<null> {
    const host = req.getHeader('host')
    if (!hostAllowed(host, this.#hostNames))
      return refuse(
        'host_unknown',
        'Use the address of this node, or start it with --host-name NAME.',
        'Host',
      )
    return originAllowed(req.getHeader('origin'), host)
      ? accept(null)
      : refuse('origin_refused', 'This page belongs to another site.', 'Origin')
  }

  #admitReader(row: Route, req: HttpRequest): Result<ReaderOptions> {
    const asked = this.#admitPage(req)
    if (!asked.ok) return asked
    const query = row.query === null ? accept({}) : readQuery(row.query, req.getQuery())
    // Browsers cannot set a header on a WebSocket or an EventSource; the token may stand in the query.
    const inQuery = query.ok ? (query.value as FeedQuery).token : undefined
    const authorization = inQuery === undefined ? req.getHeader('authorization') : `Bearer ${inQuery}`
    const admitted = admit(row, this.#tokens, authorization)
    if (!admitted.ok) return admitted
    if (!query.ok) return query
    if (this.#readers.full)
      return refuse('too_many_requests', 'As many readers as allowed watch the feed already.')
    const { epoch, after, kinds, terminal } = query.value as FeedQuery
    return accept({ terminal: admitted.value.name, filter: feedFilter(kinds, terminal), epoch, after })
  }

  #openSse({ res, id }: Exchange, options: ReaderOptions): void {
    const sink = new SseSink(res)
    res.cork(() => {
      res.writeStatus('200 OK')
      writeHeaders(res, id, 'text/event-stream')
      const reader = this.#readers.attach(sink, options)
      res.onAborted(() => {
        sink.gone()
        this.#readers.detach(reader)
      })
      res.onWritable(() => {
        sink.writable()
        this.#readers.drained(reader)
        return true
      })
    })
  }

  #beat(): void {
    this.#stopBeat = this.#system.after(FEED_BEAT_MS, () => {
      this.#readers.beat()
      this.#beat()
    })
  }
}

/**
 * Nothing of an answer may be kept, guessed at or framed (H-5). One call for all of them: the library writes a header's value as it stands, and each
 * call costs as much as the bytes of a short answer. Nothing a caller sends is in them.
 */
const ALLOWS_NOTHING = "default-src 'none'; frame-ancestors 'none'"

function writeHeaders(res: HttpResponse, id: string, type: string, policy = ALLOWS_NOTHING): void {
  res.writeHeader(
    'X-Content-Type-Options',
    `nosniff\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n` +
      `Content-Security-Policy: ${policy}\r\nContent-Type: ${type}\r\nX-Request-Id: ${id}`,
  )
}

/** A path parameter that is no text stays as it came: no id or code looks like it. */
function decoded(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    return parameter
  }
}
