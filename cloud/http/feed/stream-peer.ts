// A feed reader over server-sent events, for clients without WebSockets (`curl -N`, EventSource). The event id is `epoch:position`, which an
// EventSource sends back as Last-Event-ID, so it resumes by itself (Q-4 F-5). There are no close codes here: a last event `close` carries the
// code where it can still be read, then the stream ends.
import { HEARTBEAT_MS, SILENCE_MS_MAX } from '../../../protocol/limits.ts'
import type { FeedPeer } from './feed-reader.ts'

const MISSED_MAX = Math.ceil(SILENCE_MS_MAX / HEARTBEAT_MS)
/** Milliseconds an EventSource waits before it comes back. */
const RETRY_MS = 1_000

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>
  readonly peer: FeedPeer
}

/** `onGone` is called when the client has left; `cut` ends the connection under the stream at once. */
export function eventStream(epoch: number, onGone: () => void, cut: () => void): EventStream {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let waiting: (() => void)[] = []
  let stalled = 0
  let open = true
  const release = (): void => {
    const released = waiting
    waiting = []
    for (const resolve of released) resolve()
  }
  const end = (): void => {
    open = false
    release()
  }
  const body = new ReadableStream<Uint8Array>(
    {
      start: (made) => void (controller = made),
      pull() {
        stalled = 0
        release()
      },
      cancel() {
        end()
        onGone()
      },
    },
    // Sizes in bytes: what waits is -desiredSize.
    { highWaterMark: 0, size: (chunk) => chunk.byteLength },
  )
  const write = (text: string): void => {
    if (open) controller?.enqueue(encoder.encode(text))
  }
  const backlogBytes = (): number => Math.max(0, -(controller?.desiredSize ?? 0))
  write(`retry: ${RETRY_MS}\n\n`)
  const peer: FeedPeer = {
    welcome: (text) => write(`event: welcome\ndata: ${text}\n\n`),
    async send({ to, text }) {
      write(`id: ${epoch}:${to}\nevent: activities\ndata: ${text}\n\n`)
      if (open && backlogBytes() > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    backlogBytes,
    heartbeat(beat) {
      if (backlogBytes() === 0)
        write(beat === null ? ': \n\n' : `id: ${epoch}:${beat.position}\nevent: beat\ndata: ${beat.text}\n\n`)
      else if (stalled++ >= MISSED_MAX && open) {
        end()
        cut()
        onGone()
      }
    },
    close(code, reason) {
      if (!open) return
      // Behind a backlog the event would never be read, and the stream would wait for the reader: cut it.
      if (backlogBytes() > 0) cut()
      else {
        write(`event: close\ndata: ${JSON.stringify({ code, reason })}\n\n`)
        controller?.close()
      }
      end()
    },
  }
  return { body, peer }
}

/** `epoch:position` of a Last-Event-ID; undefined when it is none of ours. */
export function placeOfEventId(text: string | undefined): { epoch: number; after: number } | undefined {
  const match = /^([0-9]{1,15}):([0-9]{1,15})$/.exec(text ?? '')
  return match === null ? undefined : { epoch: Number(match[1]), after: Number(match[2]) }
}
