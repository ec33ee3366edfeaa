// Subscribers as programs have them: sockets of the `ws` library, whose messages are counted. What a client spends on a frame is part of what a frame costs;
// what it would spend on waiting is not, so nobody polls.
import { WebSocket } from 'ws'

/** Things in a message. `answer` sends a text back. */
export type Count = (message: Buffer, answer: (text: string) => void) => number

const MESSAGE_BYTES_MAX = 64 * 1024 * 1024

export class Reader {
  readonly #socket: WebSocket
  #received = 0
  #goal = Infinity
  #reached: () => void = () => undefined
  /** Of all messages. */
  bytes = 0

  private constructor(url: string, count: Count, protocols: string[]) {
    const socket = new WebSocket(url, protocols, { perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX })
    const answer = (text: string): void => socket.send(text)
    socket.on('message', (message: Buffer) => {
      this.bytes += message.length
      this.#received += count(message, answer)
      if (this.#received >= this.#goal) this.#reached()
    })
    this.#socket = socket
  }

  static open(url: string, count: Count, protocols: string[]): Promise<Reader> {
    const reader = new Reader(url, count, protocols)
    return new Promise((resolve, reject) => {
      reader.#socket.once('open', () => resolve(reader))
      reader.#socket.once('error', reject)
    })
  }

  /** Resolves when so many more have come. */
  more(count: number): Promise<void> {
    this.#goal = this.#received + count
    return new Promise((resolve) => (this.#reached = resolve))
  }

  close(): void {
    this.#socket.terminate()
  }
}

export function openReaders(
  url: string,
  count: Count,
  readers: number,
  protocols: string[] = [],
): Promise<Reader[]> {
  return Promise.all(Array.from({ length: readers }, () => Reader.open(url, count, protocols)))
}
