// Hot: requests on their way to their answers, and how an answer is written: headers, refusals as problem documents, figures. Rules of the library that bite:
// an answer given later must be corked, and nothing may be written after an abort. Budget: bench/sales.ts.
import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from 'uWebSockets.js'
import type { Logger } from 'pino'
import { PROBLEM_TYPE, problemOf } from '../../protocol/problem.ts'
import type { Refusal } from '../../protocol/result.ts'
import type { Requests } from './metrics.ts'
import type { Outcome } from './route.ts'

const STATUS_LINES = new Map(
  Object.entries(STATUS_CODES).map(([code, text]) => [Number(code), `${code} ${text}`]),
)

/** One request on its way to one answer. */
export class Exchange {
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

export class Exchanges {
  readonly #requests: Requests
  readonly #log: Logger
  readonly #idStart = `${randomBytes(6).toString('base64url')}-`
  #idLast = 0
  #open = 0
  #idle: (() => void) | undefined

  constructor(requests: Requests, log: Logger) {
    this.#requests = requests
    this.#log = log
  }

  /** Resolves when every request that was taken has its answer. */
  async settled(): Promise<void> {
    if (this.#open > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  begin(res: HttpResponse, method: string, path: string): Exchange {
    this.#open += 1
    return new Exchange(res, method, path, this.#idStart + (++this.#idLast).toString(36))
  }

  finish(exchange: Exchange): void {
    exchange.done = true
    this.#open -= 1
    if (this.#open === 0) this.#idle?.()
  }

  /** For the figures, where no answer is written here. */
  count({ method, path }: Exchange, status: number): void {
    this.#requests.count(method, path, status)
  }

  end(exchange: Exchange, outcome: Outcome, allow = '', close = false): void {
    if (exchange.done) return
    this.finish(exchange)
    const { res, id } = exchange
    res.cork(() => {
      if (!outcome.ok) {
        this.#writeProblem(exchange, outcome.refusal, allow, close)
        return
      }
      const { status, body, type, replayed, contentSecurityPolicy, coding } = outcome.value
      this.#requests.count(exchange.method, exchange.path, status)
      res.writeStatus(STATUS_LINES.get(status) ?? String(status))
      writeHeaders(res, id, type ?? 'application/json', contentSecurityPolicy)
      if (coding !== undefined) res.writeHeader('Content-Encoding', coding)
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
}

/**
 * Nothing of an answer may be kept, guessed at or framed (H-5). One call for all of them: the library writes a header's value as it stands, and each
 * call costs as much as the bytes of a short answer. Nothing a caller sends is in them.
 */
const ALLOWS_NOTHING = "default-src 'none'; frame-ancestors 'none'"

export function writeHeaders(res: HttpResponse, id: string, type: string, policy = ALLOWS_NOTHING): void {
  res.writeHeader(
    'X-Content-Type-Options',
    `nosniff\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nCross-Origin-Opener-Policy: same-origin\r\n` +
      `Content-Security-Policy: ${policy}\r\nContent-Type: ${type}\r\nX-Request-Id: ${id}`,
  )
}
