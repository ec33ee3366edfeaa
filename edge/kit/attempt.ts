// One attempt of a terminal's call over HTTP: an answer, a refusal, or nothing. Which of them may be tried again is decided here once (KT-2).
import { Agent, request } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { ATTEMPT_MS_MAX } from './limits.ts'

export interface AttemptRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export interface CallRefusal {
  readonly status: number
  readonly code: string
  /** A sentence for the cashier. */
  readonly detail: string
}

export type Attempt =
  | { readonly is: 'answered'; readonly body: unknown; readonly replayed: boolean }
  | { readonly is: 'refused'; readonly refusal: CallRefusal }
  /** Whether the store did it is not known: the same key asks again. */
  | { readonly is: 'open'; readonly why: string; readonly retryAfterMs: number }

/** The connections of one terminal, kept open: one for its call, one for asking the time. */
export class Line {
  readonly #url: URL
  readonly #agent: Agent
  readonly #request: typeof request

  /** `url`: where the store node serves, with nothing behind the port. `ca`: whom to trust over TLS, in PEM; else the runtime's own. */
  constructor(url: string, ca?: string) {
    this.#url = new URL(url)
    const tls = this.#url.protocol === 'https:'
    const kept = { keepAlive: true, maxSockets: 2 }
    this.#agent = tls ? new TlsAgent(ca === undefined ? kept : { ...kept, ca }) : new Agent(kept)
    this.#request = tls ? tlsRequest : request
  }

  /** Never rejects. */
  attempt({ method, path, headers, body }: AttemptRequest): Promise<Attempt> {
    return new Promise((resolve) => {
      const open = (cause: Error): void => resolve({ is: 'open', why: cause.message, retryAfterMs: 0 })
      const content = body === undefined ? undefined : Buffer.from(body)
      const sized =
        content === undefined
          ? headers
          : { ...headers, 'content-type': 'application/json', 'content-length': content.length }
      const call = this.#request(new URL(path, this.#url), {
        method,
        headers: sized,
        agent: this.#agent,
        signal: AbortSignal.timeout(ATTEMPT_MS_MAX),
      })
      call.once('error', open)
      call.once('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => void (text += piece))
        response.once('error', open)
        response.once('end', () =>
          resolve(
            outcomeOf(response.statusCode ?? 0, text, {
              replayed: response.headers['idempotent-replayed'] === 'true',
              retryAfterS: Number(response.headers['retry-after'] ?? 0),
            }),
          ),
        )
      })
      call.end(content)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

function outcomeOf(
  status: number,
  text: string,
  { replayed, retryAfterS }: { replayed: boolean; retryAfterS: number },
): Attempt {
  const body = jsonOf(text)
  if (body === undefined) return { is: 'open', why: `status ${status} without JSON`, retryAfterMs: 0 }
  if (status >= 200 && status < 300) return { is: 'answered', body, replayed }
  const { code, detail } = body as { code?: unknown; detail?: unknown }
  const refusal: CallRefusal = {
    status,
    code: typeof code === 'string' ? code : 'unknown',
    detail: typeof detail === 'string' ? detail : `The store answered ${status}.`,
  }
  if (status >= 500 || status === 429 || refusal.code === 'key_in_flight')
    return {
      is: 'open',
      why: refusal.detail,
      retryAfterMs: Number.isFinite(retryAfterS) ? retryAfterS * 1000 : 0,
    }
  return { is: 'refused', refusal }
}

function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
