// Peer of the feed: socket.io, `io.emit` of every event, over WebSockets. `GET /go/N` emits N.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from 'socket.io'

const [bytes = '250'] = process.argv.slice(2)
const event = { type: 'event', text: 'x'.repeat(Number(bytes) - 30) }
const PER_TURN = 100
const http = createServer((request, response) => {
  response.end('ok')
  emit(Number(/[0-9]+$/.exec(request.url ?? '')?.[0] ?? 0))
})
const io = new Server(http, { transports: ['websocket'], serveClient: false })

function emit(count: number): void {
  for (let n = 0; n < Math.min(PER_TURN, count); n++) io.emit('activity', event)
  if (count > PER_TURN) setImmediate(() => emit(count - PER_TURN))
}

http.listen(0, '127.0.0.1', () => {
  // A listening TCP server has an address with a port.
  const { port } = http.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`)
})
