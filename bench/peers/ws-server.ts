// Peer of the feed: the `ws` library, every event sent to every client, as its own documents do it. `GET /go/N` sends N.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { TURN } from '../feed/activities.ts'

const http = createServer((request, response) => {
  response.end('ok')
  send(Number(/[0-9]+$/.exec(request.url ?? '')?.[0] ?? 0))
})
const sockets = new WebSocketServer({ server: http })

function send(count: number): void {
  for (const event of TURN.slice(0, count)) for (const client of sockets.clients) client.send(event)
  if (count > TURN.length) setImmediate(() => send(count - TURN.length))
}

http.listen(0, '127.0.0.1', () => {
  // A listening TCP server has an address with a port.
  const { port } = http.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`)
})
