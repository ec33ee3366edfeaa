// Passes TCP connections on and counts what goes each way, headers and all: what a line is paid by.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

export class CountingProxy {
  readonly #server: Server
  up = 0
  down = 0

  constructor(port: number) {
    this.#server = createServer((near) => {
      const far = connect(port, '127.0.0.1')
      near.on('data', (piece: Buffer) => (this.up += piece.length))
      far.on('data', (piece: Buffer) => (this.down += piece.length))
      near.pipe(far)
      far.pipe(near)
      near.on('error', () => far.destroy())
      far.on('error', () => near.destroy())
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve))
    // A listening TCP server has an address of this kind.
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
  }
}
