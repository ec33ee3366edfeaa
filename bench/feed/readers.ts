// Subscribers as programs have them: sockets of the `ws` library, whose messages are counted. What a client spends on a frame is part of what a frame costs.
import { WebSocket } from 'ws'

/** Things in a message. `answer` sends a text back. */
export type Count = (message: Buffer, answer: (text: string) => void) => number

export interface Reader {
  received: number
  close(): void
}

const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

export function openReader(url: string, count: Count): Promise<Reader> {
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX })
  const reader: Reader = { received: 0, close: () => socket.terminate() }
  socket.on('message', (message: Buffer) => {
    reader.received += count(message, (text) => socket.send(text))
  })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(reader))
    socket.once('error', reject)
  })
}

export function openReaders(url: string, count: Count, readers: number): Promise<Reader[]> {
  return Promise.all(Array.from({ length: readers }, () => openReader(url, count)))
}
