// A feed reader over a WebSocket. A peer that answers no ping for SILENCE_MS_MAX is cut hard: it may have vanished without a FIN, and its
// catching up would wait for ever.
import type { WebSocket } from 'ws'
import { HEARTBEAT_MS, SILENCE_MS_MAX } from '../../../protocol/limits.ts'
import type { FeedPeer } from './feed-reader.ts'

const MISSED_MAX = Math.ceil(SILENCE_MS_MAX / HEARTBEAT_MS)

export function socketPeer(socket: WebSocket): FeedPeer {
  let missed = 0
  socket.on('pong', () => (missed = 0))
  return {
    welcome: (text) => socket.send(text),
    send: ({ text }) => new Promise((resolve) => socket.send(text, () => resolve())),
    backlogBytes: () => socket.bufferedAmount,
    heartbeat(beat) {
      if (missed++ >= MISSED_MAX) return socket.terminate()
      socket.ping()
      // To a line that holds something back it would only add.
      if (beat !== null && socket.bufferedAmount === 0) socket.send(beat.text)
    },
    close: (code, reason) => socket.close(code, reason),
  }
}
