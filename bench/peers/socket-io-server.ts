// Peer of the feed: socket.io, `io.emit` of every event, over WebSockets. `GET /go/N` emits N.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'
import { TURN } from '../feed/activities.ts'

const events = TURN.map((text) => JSON.parse(text) as unknown)
const http = createServer((request, response) => {
  response.end('ok')
  emit(Number(/[0-9]+$/.exec(request.url ?? '')?.[0] ?? 0))
})
const io = new Server(http, { transports: ['websocket'], serveClient: false })

function emit(count: number): void {
  for (const event of events.slice(0, count)) io.emit('activity', event)
  if (count > events.length) setImmediate(() => emit(count - events.length))
}

http.listen(0, '127.0.0.1', () => {
  // A listening TCP server has an address with a port.
  const { port } = http.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`)
})
