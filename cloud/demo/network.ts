// The line between a store and the cloud, as something the operator can cut: a TCP relay that, while cut, breaks every connection and
// takes no new one. Bytes pass unread.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

export class Line {
  readonly #targetPort: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #cut = false

  constructor(targetPort: number) {
    this.#targetPort = targetPort
    this.#server = createServer({ noDelay: true }, (near) => this.#relay(near))
  }

  /** On a port the system chooses; resolves to it. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', () => {
        // A listening TCP server has an address with a port.
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  get isCut(): boolean {
    return this.#cut
  }

  cut(): void {
    this.#cut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  heal(): void {
    this.#cut = false
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()))
  }

  #relay(near: Socket): void {
    if (this.#cut) {
      near.destroy()
      return
    }
    const far = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from)
      from.pipe(to)
      // A break on one side is a break on the other; what it was does not matter to a line.
      from.on('error', () => to.destroy())
      from.on('close', (broken: boolean) => {
        this.#sockets.delete(from)
        // What was sent before an orderly end still arrives.
        if (broken) to.destroy()
        else to.end()
      })
    }
  }
}
