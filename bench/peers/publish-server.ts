// Peer of the feed: uWebSockets.js `publish`, one frame per event, as most servers do it. `GET /go/N` publishes N, each an activity as the till writes it.
// `GET /frames/N/BYTES` publishes N ready-made frames of that many bytes, one a turn: what the kernel and the library allow.
import * as uws from 'uWebSockets.js'
import { TURN } from '../feed/activities.ts'

const app = uws.App()

function publish(count: number): void {
  for (const event of TURN.slice(0, count)) app.publish('feed', event)
  if (count > TURN.length) setImmediate(() => publish(count - TURN.length))
}

function publishFrames(count: number, frame: string): void {
  app.publish('feed', frame)
  if (count > 1) setImmediate(() => publishFrames(count - 1, frame))
}

app
  .ws('/feed', { maxBackpressure: 512 * 1024 * 1024, open: (socket) => void socket.subscribe('feed') })
  .get('/go/:count', (res, req) => {
    const count = Number(req.getParameter(0))
    res.end('ok')
    publish(count)
  })
  .get('/frames/:count/:bytes', (res, req) => {
    const [count, bytes] = [Number(req.getParameter(0)), Number(req.getParameter(1))]
    res.end('ok')
    publishFrames(count, 'x'.repeat(bytes))
  })
  .listen('127.0.0.1', 0, (socket) => {
    if (socket === false) throw new Error('no port')
    process.stdout.write(`${JSON.stringify({ listening: uws.us_socket_local_port(socket) })}\n`)
  })
