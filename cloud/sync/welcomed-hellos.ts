// Whether the hellos of an edge come from one machine (P-LIFE-10). A hello names the one that the same run of the software said before it. One machine says
// its hellos one after another, so one that was said after another of the edge was welcomed names that one, a later one that never came here, or none
// after a start. If it names an earlier one instead, the one between them was another machine's: two copies whose connections take each other's place.
// A line that flaps, a connection that is half open and a hello that comes late never look like that.
import type { Hello } from '../../protocol/frames/hello.ts'
import { HELLOS_KNOWN_MAX } from '../../protocol/limits.ts'
import type { EdgeId } from '../store/port.ts'

/** Names the hello that was welcomed last; undefined: none since the start. */
export type LastHello = string | undefined

export class WelcomedHellos {
  /** Those of which each was said after the one before it was welcomed, the newest last. */
  readonly #known = new Map<EdgeId, readonly string[]>()

  last(edge: EdgeId): LastHello {
    return this.#known.get(edge)?.at(-1)
  }

  /** Whether it shows two machines. `lastThen`: the last one when the challenge that it answers was drawn. */
  welcome(edge: EdgeId, hello: Pick<Hello, 'nonce' | 'previous_nonce'>, lastThen: LastHello): boolean {
    // Another was welcomed since: nobody knows which of the two was said first.
    if (this.last(edge) !== lastThen) return false
    const known = this.#known.get(edge) ?? []
    this.#known.set(edge, [...known, textOf(hello.nonce)].slice(-HELLOS_KNOWN_MAX))
    const place = hello.previous_nonce === null ? -1 : known.indexOf(textOf(hello.previous_nonce))
    return place >= 0 && place < known.length - 1
  }
}

function textOf(nonce: Uint8Array): string {
  return Buffer.from(nonce).toString('base64')
}
