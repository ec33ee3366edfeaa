// Ceiling of the HTTP side: uWebSockets.js reads a JSON body and sends it back. Nothing is parsed, checked or stored.
import * as uws from 'uWebSockets.js'

uws
  .App()
  .post('/*', (res) => {
    const chunks: Buffer[] = []
    res.onAborted(() => undefined)
    res.onData((chunk, last) => {
      chunks.push(Buffer.from(chunk.slice(0)))
      if (last) res.cork(() => res.writeHeader('content-type', 'application/json').end(Buffer.concat(chunks)))
    })
  })
  .listen('127.0.0.1', 0, (socket) => {
    if (socket === false) throw new Error('no port')
    process.stdout.write(`${JSON.stringify({ listening: uws.us_socket_local_port(socket) })}\n`)
  })
