// Hot: the local API on uWebSockets.js; only this file and ports.ts know it. It mounts the table's rows, does the checks of H-2 in their order,
// answers, and hands the feed's connections to the readers. Rules of the library that bite: a request is only valid inside its callback, a
// body chunk too; an answer given later must be corked and never be written after an abort. Budget: bench/sales.ts.
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js'
import type { Logger } from 'pino'
import {
  BODY_BYTES_MAX,
  FEED_BEAT_MS,
  FORM_BYTES_MAX,
  SOCKET_MESSAGE_BYTES_MAX,
} from '../../protocol/limits.ts'
import { readForm } from '../../protocol/form-body.ts'
import { hostAllowed } from '../../protocol/host-names.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { feedFilter } from '../feed/feed-filter.ts'
import type { Reader, ReaderOptions, Readers } from '../feed/readers.ts'
import type { Cancel, System } from '../system.ts'
import { Body } from './body.ts'
import { admit, checkShape, readJson, readKey, readQuery, requestHash } from './checks.ts'
import { Exchanges, writeHeaders } from './exchanges.ts'
import type { Exchange } from './exchanges.ts'
import { RECEIPT_HEADER } from './kept-receipts.ts'
import type { KeptReceipts } from './kept-receipts.ts'
import { isLoopback, originAllowed } from './origins.ts'
import { SUBPROTOCOLS, lastEvent, subprotocolOf } from './feed-request.ts'
import type { SocketForm } from './feed-request.ts'
import { SocketSink, SseSink } from './feed-sinks.ts'
import type { Requests } from './metrics.ts'
import { Ports } from './ports.ts'
import type { Address } from './ports.ts'
import type { Call, Outcome, Route } from './route.ts'
import type { FeedQuery } from './feed-stream.ts'
import type { Terminal } from '../ledger/terminals.ts'
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

interface FeedSocketData {
  readonly options: ReaderOptions
  readonly transport: SocketForm
  reader: Reader | undefined
}

export class Server {
  readonly #routes: readonly Route[]
  readonly #ports = new Ports((app, secure) => this.#mountAll(app, secure))
  readonly #tokens: Tokens
  readonly #readers: Readers
  readonly #exchanges: Exchanges
  readonly #system: System
  readonly #log: Logger
  readonly #onFault: (cause: unknown) => void
  readonly #hostNames: readonly string[]
  readonly #receipts: KeptReceipts
  #stopBeat: Cancel = () => undefined

  constructor(options: ServerOptions) {
    const { routes, tokens, readers, requests, system, log, hostNames, receipts, onFault } = options
    this.#routes = routes
    this.#hostNames = hostNames
    this.#receipts = receipts
    this.#tokens = tokens
    this.#readers = readers
    this.#exchanges = new Exchanges(requests, log)
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
  settled(): Promise<void> {
    return this.#exchanges.settled()
  }

  close(): void {
    this.#stopBeat()
    this.#ports.close()
  }

  #mountAll(app: TemplatedApp, secure: boolean): void {
    for (const row of this.#routes) this.#mount(app, row, secure)
    for (const path of new Set(this.#routes.map((row) => row.path))) {
      const allow = this.#routes.filter((row) => row.path === path).map(({ method }) => method)
      app.any(path, (res, req) => this.#refuseMethod(res, req, path, allow.join(', ')))
    }
    app.any('/*', (res) => {
      const exchange = this.#exchanges.begin(res, ANY, '*')
      this.#exchanges.end(
        exchange,
        refuse('route_unknown', 'There is nothing at this address; see /openapi.json.'),
      )
    })
  }

  #mount(app: TemplatedApp, row: Route, secure: boolean): void {
    const { form } = row
    const serve = (res: HttpResponse, req: HttpRequest): void =>
      form === undefined ? this.#serve(row, res, req) : this.#serveForm(row, form, res, req, secure)
    switch (row.method) {
      case 'GET':
        if (row.handle === 'feed') this.#mountFeed(app, row, secure)
        else app.get(row.path, serve)
        return
      case 'POST':
        app.post(row.path, serve)
        return
      case 'DELETE':
        app.del(row.path, serve)
    }
  }

  #serve(row: Route, res: HttpResponse, req: HttpRequest): void {
    const exchange = this.#exchanges.begin(res, row.method, row.path)
    const length = row.body === null ? 0 : Number(req.getHeader('content-length'))
    if (length > BODY_BYTES_MAX) return this.#refuseSize(exchange)
    if (row.roles === 'public') {
      const asked = this.#admitPage(req)
      if (!asked.ok) return this.#exchanges.end(exchange, asked)
    }
    const authorization = row.roles === 'public' ? '' : req.getHeader('authorization')
    const admitted = admit(row, this.#tokens, authorization)
    if (!admitted.ok) return this.#exchanges.end(exchange, admitted)
    const presented = row.roles === 'public' ? '' : req.getHeader(RECEIPT_HEADER)
    if (presented !== '' && !this.#takeReceipt(exchange, admitted.value.name, presented)) return
    const query = row.query === null ? accept(NO_QUERY) : readQuery(row.query, req.getQuery())
    if (!query.ok) return this.#exchanges.end(exchange, query)
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

  /** Fields from query and body; the row itself finds out who calls. */
  #serveForm(
    row: Route,
    handle: NonNullable<Route['form']>,
    res: HttpResponse,
    req: HttpRequest,
    secure: boolean,
  ): void {
    const exchange = this.#exchanges.begin(res, row.method, row.path)
    const length = Number(req.getHeader('content-length'))
    if (length > FORM_BYTES_MAX) return this.#refuseSize(exchange, FORM_BYTES_MAX)
    const asked = row.tlsOnly === true && !secure ? admitPlain(res) : accept(null)
    const page = asked.ok ? this.#admitPage(req) : asked
    if (!page.ok) return this.#exchanges.end(exchange, page)
    const query = req.getQuery()
    const type = req.getHeader('content-type')
    const call = { authorization: req.getHeader('authorization'), key: req.getHeader('idempotency-key') }
    const body = new Body(length)
    res.onAborted(() => this.#aborted(exchange))
    res.onData((chunk, last) => {
      if (exchange.done) return
      if (!body.add(chunk, last, FORM_BYTES_MAX)) return this.#refuseSize(exchange, FORM_BYTES_MAX)
      if (!last) return
      // Reading may go on after this call, the piece is only valid during it.
      const bytes = Buffer.from(body.bytes)
      this.#outcome(exchange, async () => {
        const form = await readForm([...new URLSearchParams(query)], type, bytes)
        return form.ok ? handle({ ...call, form: form.value }) : form
      })
    })
  }

  /** False: the call has been answered with what was wrong. */
  #takeReceipt(exchange: Exchange, terminal: string, presented: string): boolean {
    try {
      const taken = this.#receipts.take(terminal, presented)
      if (!taken.ok) this.#exchanges.end(exchange, taken)
      return taken.ok
    } catch (cause) {
      this.#fault(exchange, cause)
      return false
    }
  }

  #received(row: Route, exchange: Exchange, call: Call, path: string, header: string, raw: Buffer): void {
    const plain = row.readBody(raw)
    const parsed = plain === undefined ? readJson(row, raw) : accept(plain)
    if (!parsed.ok) return this.#exchanges.end(exchange, parsed)
    let key = ''
    if (row.keyed) {
      const read = readKey(header, parsed.value)
      if (!read.ok) return this.#exchanges.end(exchange, read)
      key = read.value
    }
    const sound = plain !== undefined || row.body === null
    const checked = sound ? parsed : checkShape(row.body, parsed.value)
    if (!checked.ok) return this.#exchanges.end(exchange, checked)
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
    // The row's own shapes accepted body and query; a feed row never comes here.
    const handle = row.handle as (call: Call) => Outcome | Promise<Outcome>
    this.#outcome(
      exchange,
      () => handle(call),
      row.body === null ? () => exchange.res.onAborted(() => this.#aborted(exchange)) : undefined,
    )
  }

  /** `later` is done before an answer that has to be waited for. */
  #outcome(exchange: Exchange, work: () => Outcome | Promise<Outcome>, later?: () => void): void {
    let outcome: Outcome | Promise<Outcome>
    try {
      outcome = work()
    } catch (cause) {
      return this.#fault(exchange, cause)
    }
    if (!(outcome instanceof Promise)) return this.#exchanges.end(exchange, outcome)
    later?.()
    outcome.then(
      (result) => this.#exchanges.end(exchange, result),
      (cause: unknown) => this.#fault(exchange, cause),
    )
  }

  /** The caller has gone. What it asked for is done all the same; a retry with the key gets the answer (K-2). */
  #aborted(exchange: Exchange): void {
    if (!exchange.done) this.#exchanges.finish(exchange)
  }

  #fault(exchange: Exchange, cause: unknown): void {
    this.#onFault(cause)
    this.#log.error({ err: cause, request_id: exchange.id, route: exchange.path }, 'request failed')
    this.#exchanges.end(
      exchange,
      refuse('fault', 'The request could not be served; the log has the request id.'),
    )
  }

  /** H-3: answered at once, and the line is closed, since the rest of the body is not read. */
  #refuseSize(exchange: Exchange, most = BODY_BYTES_MAX): void {
    this.#exchanges.end(exchange, refuse('body_too_large', `A body may have ${most} bytes.`), '', true)
  }

  #refuseMethod(res: HttpResponse, req: HttpRequest, path: string, allow: string): void {
    const exchange = this.#exchanges.begin(res, ANY, path)
    if (req.getMethod() === 'head') {
      this.#exchanges.finish(exchange)
      res.writeStatus('405 Method Not Allowed').writeHeader('Allow', allow).endWithoutBody()
      return
    }
    this.#exchanges.end(exchange, refuse('method_unknown', `This address knows ${allow}.`), allow)
  }

  #mountFeed(app: TemplatedApp, row: Route, secure: boolean): void {
    app.ws<FeedSocketData>(row.path, {
      compression: 0,
      maxPayloadLength: SOCKET_MESSAGE_BYTES_MAX,
      idleTimeout: FEED_IDLE_S,
      sendPingsAutomatically: true,
      // No limit of the library's: at it messages are skipped silently. Readers cut at FEED_BACKLOG_BYTES_MAX (F-3).
      maxBackpressure: 0,
      upgrade: (res, req, context) => {
        const exchange = this.#exchanges.begin(res, row.method, row.path)
        const reader = this.#admitReader(row, res, req, secure)
        if (!reader.ok) return this.#exchanges.end(exchange, reader)
        this.#exchanges.finish(exchange)
        this.#exchanges.count(exchange, 101)
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
      const exchange = this.#exchanges.begin(res, row.method, row.path)
      const reader = this.#admitReader(row, res, req, secure)
      if (!reader.ok) return this.#exchanges.end(exchange, reader)
      if (!req.getHeader('accept').includes('text/event-stream'))
        return this.#exchanges.end(
          exchange,
          refuse('input_invalid', 'Open a WebSocket here, or send "Accept: text/event-stream".', 'Accept'),
        )
      const last = lastEvent(req.getHeader('last-event-id'))
      this.#exchanges.finish(exchange)
      this.#exchanges.count(exchange, 200)
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

  #admitReader(row: Route, res: HttpResponse, req: HttpRequest, secure: boolean): Result<ReaderOptions> {
    const heard = row.tlsOnly === true && !secure ? admitPlain(res) : accept(null)
    const asked = heard.ok ? this.#admitPage(req) : heard
    if (!asked.ok) return asked
    const query = row.query === null ? accept({}) : readQuery(row.query, req.getQuery())
    // Browsers cannot set a header on a WebSocket or an EventSource; the token may stand in the query.
    const given = query.ok ? (query.value as FeedQuery & { readonly key?: string }) : {}
    const inQuery = given.token ?? given.key
    const authorization = inQuery === undefined ? req.getHeader('authorization') : `Bearer ${inQuery}`
    const admitted = row.reader?.(authorization) ?? nameOf(admit(row, this.#tokens, authorization))
    if (!admitted.ok) return admitted
    if (!query.ok) return query
    if (this.#readers.full)
      return refuse('too_many_requests', 'As many readers as allowed watch the feed already.')
    const { epoch, after, kinds, terminal } = query.value as FeedQuery
    return accept({
      terminal: admitted.value,
      filter: feedFilter(kinds, terminal),
      allowed: () => (row.reader?.(authorization) ?? admit(row, this.#tokens, authorization)).ok,
      epoch,
      after,
    })
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

function nameOf(admitted: Result<Terminal>): Result<string> {
  return admitted.ok ? accept(admitted.value.name) : admitted
}

/** Without TLS, only who is on this very machine. */
function admitPlain(res: HttpResponse): Result<null> {
  const address = Buffer.from(res.getRemoteAddressAsText()).toString('latin1')
  return isLoopback(address)
    ? accept(null)
    : refuse('tls_required', 'This is answered over https only; see /ca.crt of HQ.')
}

/** A path parameter that is no text stays as it came: no id or code looks like it. */
function decoded(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    return parameter
  }
}
