// The link to the cloud over plain requests, where no WebSocket comes through (N-8, P-SYNC-8): one request waits for what the cloud says, others bring
// frames, one after the other. To the machine it is a socket like any other. Whatever comes back that is not whole frames of the cloud's ends it.
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { CLOSED_HEADER, FRAMES_TYPE, LINE_HEADER, framesBody, framesOf } from '../../protocol/framing.ts'
import { CONNECT_WAIT_MS_MAX, FRAME_BYTES_MAX, SILENCE_MS_MAX } from '../../protocol/limits.ts'
import { ABNORMAL, refusedByAnswer, refusedByFault } from './socket.ts'
import type { Socket, SocketEvents, SocketFactory } from './socket.ts'

const ANSWER_BYTES_MAX = 2 * FRAME_BYTES_MAX

/** `url` as postUrl gives it; `shown` as attestationHeader gives it. */
export function postFactory(
  url: () => string,
  shown: () => Readonly<Record<string, string>>,
  onFault: (cause: Error) => void,
): SocketFactory {
  return (events) => new PostLink(url(), shown(), events, onFault)
}

/** Where the frames are posted: the cloud's HTTP address. */
export function postUrl(cloud: string, edge: number): string {
  const url = new URL(cloud)
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/sync`
  url.search = `?edge=${edge}`
  return url.href
}

interface Answer {
  readonly head: IncomingMessage
  readonly body: Uint8Array
}

class PostLink implements Socket {
  readonly #url: URL
  readonly #shown: Readonly<Record<string, string>>
  readonly #events: SocketEvents
  readonly #onFault: (cause: Error) => void
  readonly #agent: HttpAgent
  #line: string | null = null
  #outbox: Uint8Array[] = []
  #sending = false
  #sent = 0
  #ended = false

  constructor(
    url: string,
    shown: Readonly<Record<string, string>>,
    events: SocketEvents,
    onFault: (cause: Error) => void,
  ) {
    this.#shown = shown
    this.#url = new URL(url)
    this.#events = events
    this.#onFault = onFault
    // One that waits and one that brings.
    const options = { keepAlive: true, maxSockets: 2 }
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options)
    void this.#open()
  }

  send(sealed: Uint8Array): void {
    if (this.#ended) return
    this.#outbox.push(sealed)
    if (!this.#sending) void this.#bring()
  }

  /** The cloud hears of it by the silence. */
  close(code: number): void {
    if (this.#ended) return
    this.#end()
    queueMicrotask(() => this.#events.closed(code))
  }

  #end(): void {
    this.#ended = true
    this.#outbox = []
    this.#agent.destroy()
  }

  async #open(): Promise<void> {
    try {
      const { head, body } = await this.#ask('', new Uint8Array(), CONNECT_WAIT_MS_MAX)
      if (this.#ended) return
      const line = head.headers[LINE_HEADER]
      const frames = framesOf(body)
      if (typeof line !== 'string' || !isOurs(head) || frames === undefined) {
        this.#end()
        return this.#events.refused(refusedByAnswer(head))
      }
      this.#line = line
      this.#events.opened()
      this.#deliver(frames)
      void this.#listen()
    } catch (cause) {
      this.#fail(cause)
    }
  }

  /** Waits for what the cloud says, again and again. */
  async #listen(): Promise<void> {
    try {
      while (!this.#ended) this.#taken(await this.#ask('', new Uint8Array(), SILENCE_MS_MAX))
    } catch (cause) {
      this.#fail(cause)
    }
  }

  /** Brings what is to be sent, all of it at once, in order. */
  async #bring(): Promise<void> {
    this.#sending = true
    try {
      while (this.#outbox.length > 0 && !this.#ended) {
        const frames = this.#outbox.splice(0)
        this.#sent += 1
        this.#taken(await this.#ask(`&n=${this.#sent}`, framesBody(frames), SILENCE_MS_MAX))
      }
    } catch (cause) {
      this.#fail(cause)
    }
    this.#sending = false
  }

  #taken({ head, body }: Answer): void {
    if (this.#ended) return
    const frames = framesOf(body)
    if (!isOurs(head) || frames === undefined) throw new Error(`answered ${head.statusCode} with no frames`)
    this.#deliver(frames)
    const closed = head.headers[CLOSED_HEADER]
    if (typeof closed !== 'string' || this.#ended) return
    this.#end()
    this.#events.closed(Number(closed))
  }

  #deliver(frames: readonly Uint8Array[]): void {
    for (const frame of frames) if (!this.#ended) this.#events.message(frame)
  }

  #fail(cause: unknown): void {
    if (this.#ended) return
    const fault = cause instanceof Error ? cause : new Error(String(cause))
    this.#onFault(fault)
    this.#end()
    if (this.#line === null) this.#events.refused(refusedByFault(fault))
    else this.#events.closed(ABNORMAL)
  }

  #ask(query: string, body: Uint8Array, waitMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ask = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
      const asked = ask(
        `${this.#url.href}${query}`,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: waitMs,
          headers: {
            'Content-Type': FRAMES_TYPE,
            'Content-Length': body.length,
            ...(this.#line === null ? this.#shown : { [LINE_HEADER]: this.#line }),
          },
        },
        (head) => {
          const pieces: Buffer[] = []
          let size = 0
          head.on('data', (piece: Buffer) => {
            size += piece.length
            if (size > ANSWER_BYTES_MAX) asked.destroy(new Error('the answer is larger than answers are'))
            else pieces.push(piece)
          })
          head.on('error', reject)
          head.on('end', () => resolve({ head, body: Buffer.concat(pieces) }))
        },
      )
      asked.on('timeout', () => asked.destroy(new Error('no answer came')))
      asked.on('error', reject)
      asked.end(body)
    })
  }
}

function isOurs({ statusCode, headers }: IncomingMessage): boolean {
  return statusCode === 200 && headers['content-type'] === FRAMES_TYPE
}
