// Something in between that can do to a running connection what TCP never does, both ways: an older frame again, a frame lost, two in the wrong order.
// One deed a connection, each in its turn, once some frames have passed; the bytes are the ends' own, so only their place on the connection is wrong.
import { CLOSE_CODES } from '../../../protocol/close-codes.ts'
import { FrameProxy } from '../../../cloud/demo/replay/frame-proxy.ts'
import type { FrameEars, FrameLine } from '../../../cloud/demo/replay/frame-proxy.ts'
import { decodeDownFrame } from '../../../protocol/codec.ts'
import { SIGNATURE_BYTES } from '../../../protocol/envelope.ts'
import { unpack } from '../../../protocol/packing.ts'
import type { Random } from '../../support/random.ts'

type Way = 'up' | 'down'
interface Deed {
  readonly way: Way
  readonly what: 'repeated' | 'lost' | 'swapped'
}
export const DEEDS: readonly Deed[] = (['up', 'down'] as const).flatMap((way) =>
  (['repeated', 'lost', 'swapped'] as const).map((what) => ({ way, what })),
)

/** Challenge and welcome, hello and a question for the time: what comes behind is of a running connection. */
const PASSED_MIN = 3

export class FrameMeddler {
  /** Deeds that their connection was closed for, by the end that heard them. */
  readonly refused: Record<Way, number> = { up: 0, down: 0 }
  /** What went otherwise, in words. */
  readonly wrong: string[] = []
  #done = 0
  readonly #random: Random
  readonly #proxy: FrameProxy

  constructor(targetPort: number, random: Random) {
    this.#random = random
    this.#proxy = new FrameProxy(targetPort, (line) => this.#join(line))
  }

  listen(): Promise<number> {
    return this.#proxy.listen()
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }

  /** Everything was done, and what it was done to has ended. */
  get finished(): boolean {
    return (
      this.#done === DEEDS.length && this.refused.up + this.refused.down + this.wrong.length === this.#done
    )
  }

  #join({ near, far }: FrameLine): FrameEars {
    const passed: Record<Way, Buffer[]> = { up: [], down: [] }
    const early: Buffer[] = []
    let open = false
    let deed: Deed | undefined
    let held: Buffer | undefined
    const pass = (way: Way, data: Buffer): void => {
      if (way === 'up') far.send(data, { binary: true })
      else near.send(data, { binary: true })
      passed[way].push(data)
    }
    const take = (way: Way, data: Buffer): void => {
      if (way === 'down' && isBeat(data)) return near.send(data, { binary: true })
      if (held !== undefined && deed?.way === way) {
        pass(way, data)
        pass(way, held)
        held = undefined
        return
      }
      const next = DEEDS[this.#done]
      if (deed !== undefined || next?.way !== way || passed[way].length < PASSED_MIN) return pass(way, data)
      deed = next
      this.#done += 1
      if (deed.what === 'swapped') held = data
      if (deed.what !== 'repeated') return
      pass(way, data)
      pass(way, this.#random.pick(passed[way]))
    }
    return {
      up: (data) => void (open ? take('up', data) : early.push(data)),
      down: (data) => take('down', data),
      opened: () => {
        open = true
        for (const data of early) take('up', data)
      },
      closed: (by, code) => {
        if (deed === undefined) return
        const hearer = deed.way === 'up' ? 'cloud' : 'edge'
        if (by === hearer && code === CLOSE_CODES.misplaced) this.refused[deed.way] += 1
        else this.wrong.push(`a frame ${deed.way} was ${deed.what}, and the ${by} closed with ${code}`)
      },
    }
  }
}

/** A sign of life is signed for every connection and has no place on one (P-ENV-4). */
function isBeat(sealed: Buffer): boolean {
  const bytes = unpack(sealed.subarray(SIGNATURE_BYTES))
  const frame = bytes === undefined ? undefined : decodeDownFrame(bytes)
  return frame?.ok === true && frame.value.type === 'time' && frame.value.question === null
}
