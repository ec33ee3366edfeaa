// What a reader of the feed says when it opens it: how frames shall travel (F-9), and where it was (F-5).
import type { Transport } from '../feed/edition.ts'
import type { Place } from '../feed/readers.ts'

/** How frames travel over a WebSocket. */
export type SocketForm = Exclude<Transport, 'sse'>

/** Subprotocols of the feed's socket and how its frames travel under them (F-9, F-12); none is JSON. */
export const SUBPROTOCOLS: Readonly<Record<string, SocketForm>> = {
  'tillstream.json': 'socket',
  'tillstream.cbor': 'cbor',
  'tillstream.packed': 'packed',
}

/** The first that is spoken here, of those a reader offers; '' for none. */
export function subprotocolOf(offered: string): string {
  const names = offered.split(',').map((name) => name.trim())
  return names.find((name) => Object.hasOwn(SUBPROTOCOLS, name)) ?? ''
}

const EVENT_ID = /^([0-9]{1,15}):([0-9]{1,15})$/

/** F-5: `epoch:position` of the last event a browser saw. */
export function lastEvent(header: string): Place | undefined {
  const match = EVENT_ID.exec(header)
  return match === null ? undefined : { epoch: Number(match[1]), after: Number(match[2]) }
}
