// A WebSocket as the sync hub wants it: whole messages of bytes. The hub looks the edge up before it listens, so what comes or ends in between is
// kept for it. Text is no frame and ends the connection.
import type { RawData, WebSocket } from 'ws'
import { CLOSE_CODES } from '../../protocol/close-codes.ts'
import type { SyncSocket } from '../sync/hub.ts'

/** An honest edge says nothing before it was asked; more than this before anyone listens ends the connection. */
const EARLY_MESSAGES_MAX = 4
/** RFC 6455: a control frame holds 125 bytes, two are the code. */
const REASON_BYTES_MAX = 123

export function syncSocket(ws: WebSocket): SyncSocket {
  const early: Uint8Array[] = []
  const closed: (() => void)[] = []
  let listener: ((bytes: Uint8Array) => void) | undefined
  ws.on('message', (data: RawData, binary: boolean) => {
    if (!binary) return ws.close(CLOSE_CODES.malformed, 'frames are binary')
    const bytes = bytesOf(data)
    if (listener !== undefined) listener(bytes)
    else if (early.push(bytes) > EARLY_MESSAGES_MAX) ws.close(CLOSE_CODES.too_many, 'wait for the challenge')
  })
  ws.on('close', () => {
    for (const told of closed.splice(0)) told()
  })
  return {
    send(bytes) {
      if (ws.readyState === ws.OPEN) ws.send(bytes, { binary: true })
    },
    close: (code, reason) =>
      ws.close(code, reason.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, REASON_BYTES_MAX)),
    bufferedBytes: () => ws.bufferedAmount,
    onMessage(added) {
      listener = added
      for (const bytes of early.splice(0)) added(bytes)
    },
    onClose(told) {
      if (ws.readyState === ws.CLOSED) told()
      else closed.push(told)
    },
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
