// The stores' lines to the cloud during a replay, with what the run does to them: edge -> line that is cut -> shuffler -> cloud. A run that
// does nothing to them has neither, and the stores reach the cloud directly.
import { Line } from '../network.ts'
import type { ReplayOptions } from '../options.ts'
import type { ShuffleCounts, Shuffler } from './shuffler.ts'

export class ReplayNetwork {
  readonly #options: ReplayOptions
  readonly #lines = new Map<number, Line>()
  #shuffler: Promise<Shuffler> | undefined
  #shufflerPort = 0

  constructor(options: ReplayOptions) {
    this.#options = options
  }

  async portFor(store: number): Promise<number> {
    const { portBase, shuffleSeed, offline } = this.#options
    let port = portBase
    if (shuffleSeed !== null) {
      this.#shuffler ??= this.#openShuffler(portBase, shuffleSeed)
      await this.#shuffler
      port = this.#shufflerPort
    }
    if (!offline.some((span) => span.store === store)) return port
    const line = new Line(port)
    this.#lines.set(store, line)
    return line.listen()
  }

  async #openShuffler(port: number, seed: number): Promise<Shuffler> {
    // Only now: it brings the frames' codec along, which takes a third of a second to load.
    const module = await import('./shuffler.ts')
    const shuffler = new module.Shuffler(port, seed)
    this.#shufflerPort = await shuffler.listen()
    return shuffler
  }

  line(store: number, does: 'cut' | 'heal'): void {
    this.#lines.get(store)?.[does]()
  }

  async counts(): Promise<ShuffleCounts | undefined> {
    return (await this.#shuffler)?.counts
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.close()))
    await (await this.#shuffler)?.close()
  }
}
