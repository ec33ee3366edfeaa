// The real socket to the cloud, the only file of the edge that knows `ws`. A message is one sealed frame. What a peer may send is bounded
// here, since the library's own default lets 100 MiB in. Whatever goes wrong ends in exactly one `closed` or `refused`.
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { ATTESTATION_HEADER } from '../../protocol/attestation.ts'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { CONNECT_WAIT_MS_MAX, FRAME_BYTES_MAX } from '../../protocol/limits.ts'
import { obstacleOf, obstacleOfFault, retryAfterMs } from './obstacles.ts'
import type { Refused, Via } from './states.ts'

export interface SocketEvents {
  opened(): void
  message(sealed: Uint8Array): void
  /** Once, whoever closed it, of one that was open. 1006: no close frame came. */
  closed(code: number): void
  /** Once, instead of `opened`. */
  refused(refused: Refused): void
}

export interface Socket {
  send(sealed: Uint8Array): void
  /** May be called at any time, more than once. */
  close(code: number): void
}

/** Opens a socket to the cloud; a simulation gives one that holds the network. Events come after it has returned, never within. */
export type SocketFactory = (events: SocketEvents, via: Via) => Socket

export const ABNORMAL = 1006

/** Where the edge's link is served: the cloud's HTTP address, as a WebSocket address. */
export function syncUrl(cloud: string, edge: number): string {
  const url = new URL(cloud)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/sync`
  url.search = `?edge=${edge}`
  return url.href
}

/** What the cloud says by the status of an answer that is its own. */
export function closeCodeOf(status: number | undefined): number {
  if (status === 401 || status === 403) return CLOSE_CODES.unauthorised
  return status === 429 ? CLOSE_CODES.too_many : ABNORMAL
}

/** Faults that say that there is no way to the cloud's address at all. */
const UNREACHED: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
]

/** A connection that broke before it was one. */
export function refusedByFault(cause: Error): Refused {
  const code = (cause as { code?: string }).code
  return {
    code: ABNORMAL,
    obstacle: obstacleOfFault(code),
    retryAfterMs: null,
    reached: code === undefined || !UNREACHED.includes(code),
  }
}

/** An HTTP answer that is not the one hoped for, the cloud's own or another's (N-9). */
export function refusedByAnswer({ statusCode = 0, headers }: IncomingMessage): Refused {
  const obstacle = obstacleOf({ status: statusCode, contentType: headers['content-type'] })
  return {
    code: obstacle === null ? closeCodeOf(statusCode) : ABNORMAL,
    obstacle,
    retryAfterMs: obstacle === null ? retryAfterMs(headers['retry-after']) : null,
    reached: true,
  }
}

/** What a device shows with each connection (P-ATT-1). */
export function attestationHeader(attestation: string | null): Readonly<Record<string, string>> {
  return attestation === null ? {} : { [ATTESTATION_HEADER]: attestation }
}

export function webSocketFactory(
  url: () => string,
  shown: () => Readonly<Record<string, string>>,
  onFault: (cause: Error) => void,
): SocketFactory {
  return (events) => {
    const socket = new WebSocket(url(), {
      // Batches are compressed before they are sealed; inflating what a peer sends is a way in for bombs.
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      handshakeTimeout: CONNECT_WAIT_MS_MAX,
      followRedirects: false,
      headers: shown(),
    })
    let opened = false
    let ended = false
    const end = (tell: () => void): void => {
      if (ended) return
      ended = true
      tell()
    }
    socket.binaryType = 'nodebuffer'
    socket.on('open', () => {
      opened = true
      events.opened()
    })
    socket.on('message', (data: Buffer, binary: boolean) => {
      // Text is no frame: an empty one fails the signature check.
      events.message(binary ? data : Buffer.alloc(0))
    })
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      end(() => events.refused(refusedByAnswer(response)))
    })
    // `close` follows every error of a socket that was open.
    socket.on('error', (cause) => {
      if (!ended) onFault(cause)
      if (!opened) end(() => events.refused(refusedByFault(cause)))
    })
    socket.on('close', (code) => end(() => events.closed(code)))
    return {
      send: (sealed) => socket.send(sealed, { binary: true }),
      close: (code) => socket.close(code),
    }
  }
}
