// The HTTP server around the application: every wait and size is bounded, since Node's own defaults allow five minutes for a request and any
// number of sockets. It listens on this machine only unless told otherwise.
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerOptions } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import {
  HTTP_HEADERS_MS_MAX,
  HTTP_HEADER_BYTES_MAX,
  HTTP_KEEP_ALIVE_MS,
  HTTP_REQUEST_MS_MAX,
  HTTP_SOCKETS_MAX,
} from '../../protocol/limits.ts'
import type { appOf } from './app.ts'
import type { Upgrades } from './upgrades.ts'

const CHECK_MS = 2_000

/**
 * Node 22.21 and later, not in its type declarations yet. Without it a client that offers HTTP/2 (Java's does by default) would be taken for
 * one that wants a WebSocket.
 */
interface UpgradeChoice {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean
}

export function serverOf(app: ReturnType<typeof appOf>, upgrades: Upgrades): Server {
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const options: ServerOptions & UpgradeChoice = {
    headersTimeout: HTTP_HEADERS_MS_MAX,
    requestTimeout: HTTP_REQUEST_MS_MAX,
    keepAliveTimeout: HTTP_KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: HTTP_HEADER_BYTES_MAX,
    insecureHTTPParser: false,
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  }
  const server = createServer(options, (request, response) => void listener(request, response))
  server.maxConnections = HTTP_SOCKETS_MAX
  server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head))
  return server
}

/** The port it listens on. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  // A listening TCP server has an address of this kind.
  return (server.address() as AddressInfo).port
}
