// Peer of the feed: uWebSockets.js `publish`, one frame per event of about the size of an activity, as most servers do it. `GET /go/N` publishes N.
import * as uws from 'uWebSockets.js'

const [bytes = '250'] = process.argv.slice(2)
const event = JSON.stringify({ type: 'event', text: 'x'.repeat(Number(bytes) - 30) })
const PER_TURN = 100
const app = uws.App()

function publish(count: number): void {
  for (let n = 0; n < Math.min(PER_TURN, count); n++) app.publish('feed', event)
  if (count > PER_TURN) setImmediate(() => publish(count - PER_TURN))
}

app
  .ws('/feed', { maxBackpressure: 512 * 1024 * 1024, open: (socket) => void socket.subscribe('feed') })
  .get('/go/:count', (res, req) => {
    const count = Number(req.getParameter(0))
    res.end('ok')
    publish(count)
  })
  .listen('127.0.0.1', 0, (socket) => {
    if (socket === false) throw new Error('no port')
    process.stdout.write(`${JSON.stringify({ listening: uws.us_socket_local_port(socket) })}\n`)
  })
