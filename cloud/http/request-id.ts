// One id per request, in every answer and every log line about it. A caller's own id is kept when it is harmless, so that a call can be traced
// through several systems; anything else would let a caller write into the log.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const ids = new WeakMap<IncomingMessage, string>()

export function requestIdOf(request: IncomingMessage): string {
  let id = ids.get(request)
  if (id === undefined) {
    const given = request.headers['x-request-id']
    id = typeof given === 'string' && /^[A-Za-z0-9._:-]{1,64}$/.test(given) ? given : randomUUID()
    ids.set(request, id)
  }
  return id
}
