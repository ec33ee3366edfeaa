// The real socket to the cloud, the only file of the edge that knows `ws`. A message is one sealed frame. What a peer may send is bounded
// here, since the library's own default lets 100 MiB in. Whatever goes wrong ends in exactly one `closed`.
import { WebSocket } from 'ws'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import { CONNECT_WAIT_MS_MAX, FRAME_BYTES_MAX } from '../../protocol/limits.ts'

export interface SocketEvents {
  opened(): void
  message(sealed: Uint8Array): void
  /** Once, whoever closed it and also when it never opened. 1006: no close frame came. */
  closed(code: number): void
}

export interface Socket {
  send(sealed: Uint8Array): void
  /** May be called at any time, more than once. */
  close(code: number): void
}

/** Opens a socket to the cloud; a simulation gives one that holds the network. Events come after it has returned, never within. */
export type SocketFactory = (events: SocketEvents) => Socket

const ABNORMAL = 1006

/** Where the edge's link is served: the cloud's HTTP address, as a WebSocket address. */
export function syncUrl(cloud: string, edge: number): string {
  const url = new URL(cloud)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/sync`
  url.search = `?edge=${edge}`
  return url.href
}

function closeCodeOf(status: number | undefined): number {
  if (status === 401 || status === 403) return CLOSE_CODES.unauthorised
  return status === 429 ? CLOSE_CODES.too_many : ABNORMAL
}

export function webSocketFactory(url: string, onFault: (cause: Error) => void): SocketFactory {
  return (events) => {
    const socket = new WebSocket(url, {
      // Facts are compact records already; inflating what a peer sends is a way in for bombs.
      perMessageDeflate: false,
      maxPayload: FRAME_BYTES_MAX,
      handshakeTimeout: CONNECT_WAIT_MS_MAX,
    })
    let closed = false
    const close = (code: number): void => {
      if (closed) return
      closed = true
      events.closed(code)
    }
    socket.binaryType = 'nodebuffer'
    socket.on('open', () => events.opened())
    socket.on('message', (data: Buffer, binary: boolean) => {
      // Text is no frame: an empty one fails the signature check.
      events.message(binary ? data : Buffer.alloc(0))
    })
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      close(closeCodeOf(response.statusCode))
    })
    // `close` follows every error of a socket that was open or opening.
    socket.on('error', (cause) => {
      if (!closed) onFault(cause)
    })
    socket.on('close', (code) => close(code))
    return {
      send: (sealed) => socket.send(sealed, { binary: true }),
      close: (code) => socket.close(code),
    }
  }
}
