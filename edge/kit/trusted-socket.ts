// A WebSocket that trusts a CA of its own, for programs in Node: the one built in takes none. Browsers have the CA from the device they run on.
import { WebSocket } from 'ws'

/** `ca`: PEM. For FeedClientOptions.connect. */
export function trustingSockets(ca: string): (url: string, protocols: string[]) => globalThis.WebSocket {
  // The parts of it that the feed client uses behave as the browser's do.
  return (url, protocols) => new WebSocket(url, protocols, { ca }) as unknown as globalThis.WebSocket
}
