// A line between two nodes that is as bad as one asks: bytes late, connections cut in the middle of a frame, replies that never come, a black hole that
// accepts and says nothing, a captive portal that answers everything with its own page. It knows no protocol; what comes twice or out of order
// within a connection is the shuffler's part (cloud/demo/replay/shuffler.ts), because TCP never does that.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { Random } from '../../support/random.ts'

/**
 * `clear`; `slow`: every piece late; `cutting`: each connection ends after some bytes, either way; `deaf`: on every other connection what is said
 * arrives, and the answer is lost with the connection; `idle`: a connection on which nothing passes for a while ends, as in many a middlebox; `hole`: connections open and nothing passes; `refused`; `portal`: 200 and a page, whatever was asked.
 */
export const WEATHERS = ['clear', 'slow', 'cutting', 'deaf', 'idle', 'hole', 'refused', 'portal'] as const
export type Weather = (typeof WEATHERS)[number]

const LATE_MS_MAX = 150
const CUT_BYTES_MAX = 6_000
const PAGE = '<!doctype html><title>Welcome</title><p>Accept the terms of this network to go on.'
const PORTAL = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\nConnection: close\r\n\r\n${PAGE}`

export class ChaosProxy {
  /** Connections opened since the weather changed. */
  tries = 0
  /** Of them that ended because nothing passed. */
  idleCuts = 0
  #targetPort: number
  readonly #random: Random
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #weather: Weather = 'clear'
  #idleMs = Infinity

  constructor(targetPort: number, random: Random) {
    this.#targetPort = targetPort
    this.#random = random
    this.#server = createServer({ noDelay: true }, (near) => this.#accept(near))
  }

  /** On a port the system chooses; resolves to it. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      // A listening TCP server has an address with a port.
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port))
    })
  }

  /** Where it leads from now on; those that are open end. */
  leadTo(port: number): void {
    this.#targetPort = port
    this.set(this.#weather)
  }

  /** Connections end after so long without a byte, either way. */
  cutIdle(ms: number): void {
    this.#idleMs = ms
    this.set('idle')
  }

  /** For every connection from now on; those that are open end. */
  set(weather: Weather): void {
    this.#weather = weather
    this.tries = 0
    this.idleCuts = 0
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.set('refused')
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()))
  }

  #accept(near: Socket): void {
    this.tries += 1
    this.#keep(near)
    switch (this.#weather) {
      case 'refused':
        return void near.destroy()
      case 'hole':
        return void near.resume()
      case 'portal':
        return void near.once('data', () => near.end(PORTAL)).resume()
      case 'clear':
      case 'slow':
      case 'cutting':
      case 'deaf':
      case 'idle':
        return this.#relay(near, this.#weather)
      default:
        return this.#weather satisfies never
    }
  }

  #relay(near: Socket, weather: 'clear' | 'slow' | 'cutting' | 'deaf' | 'idle'): void {
    const far = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    this.#keep(far)
    let left = weather === 'cutting' ? 1 + this.#random.below(CUT_BYTES_MAX) : Infinity
    // Every other one, so that whoever repeats gets through.
    const deaf = weather === 'deaf' && this.#random.below(2) === 0
    const end = (): void => {
      near.destroy()
      far.destroy()
    }
    if (weather === 'idle')
      near.setTimeout(this.#idleMs, () => {
        this.idleCuts += 1
        end()
      })
    const pass = (piece: Buffer, to: Socket): void => {
      const part = piece.subarray(0, Math.min(piece.length, left))
      left -= part.length
      if (!to.destroyed) to.write(part)
      if (left <= 0) end()
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      // Late pieces keep their order: one timer after the other.
      let before = Promise.resolve()
      from.on('data', (piece: Buffer) => {
        if (deaf && from === far) return end()
        if (weather !== 'slow') return pass(piece, to)
        before = before.then(() => this.#late()).then(() => pass(piece, to))
      })
      from.on('close', () => void before.then(() => to.end()))
    }
  }

  #late(): Promise<void> {
    return new Promise((resolve) => void setTimeout(resolve, this.#random.below(LATE_MS_MAX)))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // What broke does not matter to a line.
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#sockets.delete(socket))
  }
}
