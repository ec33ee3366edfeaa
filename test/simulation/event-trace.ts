// What keeps a world busy that does not end: of the entries of virtual time after its bound, how often each kind came, most frequent first. A timer is known
// by whose it is and by the line of the product that set it, a message by its way and its frame.
import { decodeDownFrame, decodeUpFrame } from '../../protocol/codec.ts'
import { SIGNATURE_BYTES } from '../../protocol/envelope.ts'
import { unpack } from '../../protocol/packing.ts'

const ENTRIES = 1_000
const KINDS_TOLD_MAX = 5
/** Who only hands the timers of others on. */
const BETWEEN = /\/(?:virtual-time|event-trace)\.ts:|\b(?:after|soon) \(/
const PLACE =
  /at (?:async )?(?:(.+?) \()?(?:file:\/\/)?\S*?\/((?:edge|cloud|protocol|test)\/\S+?:\d+):\d+\)?$/

/** Whose an entry is, or what it is, asked only when it is looked at. */
export type Named = string | (() => string)

export class EventTrace {
  readonly #counts = new Map<string, number>()
  #left = ENTRIES

  /** To be asked where a timer is set: a name that tells where that was. */
  placed(named: Named): Named {
    return typeof named === 'string' ? `${named}: timer set by ${placeOfCaller()}` : named
  }

  /** False once enough was seen. */
  happened(named: Named): boolean {
    const name = typeof named === 'string' ? named : named()
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    this.#left -= 1
    return this.#left > 0
  }

  told(): string {
    const kinds = [...this.#counts].toSorted(([, a], [, b]) => b - a)
    const most = kinds.slice(0, KINDS_TOLD_MAX).map(([name, count]) => `${count} × ${name}`)
    if (kinds.length > most.length) most.push(`${kinds.length - most.length} other kinds`)
    return `of ${ENTRIES - this.#left} after them ${most.join('; ')}`
  }
}

function placeOfCaller(): string {
  const frames = (new Error('where').stack ?? '').split('\n').slice(1)
  for (const frame of frames) {
    if (BETWEEN.test(frame)) continue
    const [, name, place] = PLACE.exec(frame) ?? []
    if (place !== undefined) return name === undefined ? place : `${name} (${place})`
  }
  return 'nobody known'
}

/** Kind of a sealed frame, whoever it is for. */
export function frameKind(sealed: Uint8Array): string {
  const bytes = unpack(sealed.subarray(SIGNATURE_BYTES))
  if (bytes === undefined) return 'no frame'
  const decoded = [decodeUpFrame(bytes), decodeDownFrame(bytes)].find(({ ok }) => ok)
  return decoded?.ok === true ? decoded.value.type : 'no frame'
}
