// The ports this node listens on: plain HTTP, and TLS with a certificate that may be exchanged while it serves (TLS-4). Rules of the library that bite:
// without the exclusive option a second process listens on the same port without an error; an app reads its certificate once, so another
// certificate is another app, which takes the port over. Connections of the one before go on under theirs until they end.
import * as uws from 'uWebSockets.js'
import type { TemplatedApp } from 'uWebSockets.js'

export interface Address {
  readonly host: string
  readonly port: number
}

// The typings know neither this order of arguments nor the constant; the native side takes both.
const { LIBUS_LISTEN_EXCLUSIVE_PORT: EXCLUSIVE } = uws as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number }
/** A port taken alone cannot be listened on again while connections are open on it. */
const SHARED = 0

export class Ports {
  readonly #mount: (app: TemplatedApp, secure: boolean) => void
  #plain: TemplatedApp | undefined
  /** The one that listens, and the one before it, whose connections go on. */
  #tls: TemplatedApp[] = []
  #tlsSocket: uws.us_listen_socket | undefined

  /** `mount` gives an app all it serves. */
  constructor(mount: (app: TemplatedApp, secure: boolean) => void) {
    this.#mount = mount
  }

  /** Resolves with the port. Rejects when the port is taken. */
  async plain(at: Address): Promise<number> {
    this.#plain = uws.App()
    this.#mount(this.#plain, false)
    return uws.us_socket_local_port(await listen(this.#plain, at, EXCLUSIVE))
  }

  /** The same over TLS, with key and certificate from a file; called again it serves with another certificate. */
  async tls(at: Address, file: string): Promise<number> {
    const app = uws.SSLApp({ key_file_name: file, cert_file_name: file })
    this.#mount(app, true)
    const before = this.#tlsSocket
    const port = before === undefined ? await freePort(at) : at.port
    this.#tlsSocket = await listen(app, { host: at.host, port }, SHARED)
    if (before !== undefined) uws.us_listen_socket_close(before)
    const [last, ...older] = this.#tls
    for (const old of older) old.close()
    this.#tls = last === undefined ? [app] : [app, last]
    return port
  }

  close(): void {
    this.#plain?.close()
    for (const app of this.#tls) app.close()
  }
}

/** Asked for alone once, so that a port of somebody else is not shared unnoticed. */
async function freePort(at: Address): Promise<number> {
  const socket = await listen(uws.App(), at, EXCLUSIVE)
  const port = uws.us_socket_local_port(socket)
  uws.us_listen_socket_close(socket)
  return port
}

function listen(app: TemplatedApp, { host, port }: Address, options: number): Promise<uws.us_listen_socket> {
  return new Promise((resolve, reject) => {
    const call = app.listen.bind(app) as unknown as (
      host: string,
      port: number,
      options: number,
      listening: (socket: uws.us_listen_socket | false) => void,
    ) => void
    call(host, port, options, (socket) => {
      if (socket === false) reject(new Error(`Port ${port} on ${host} is taken or may not be opened.`))
      else resolve(socket)
    })
  })
}
