// Time of the simulated world: nothing happens but what was put on this list, in the order of its times. Promises settle between two entries, so a
// run is the same for the same seed.
export class VirtualTime {
  #now: number
  #order = 0
  readonly #entries: { at: number; order: number; call: () => void; dead: boolean }[] = []

  constructor(start: number) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  after(ms: number, call: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, ms), order: this.#order++, call, dead: false }
    let index = this.#entries.length
    while (index > 0 && later(this.#entries[index - 1], entry)) index--
    this.#entries.splice(index, 0, entry)
    return () => {
      entry.dead = true
    }
  }

  /** Runs entries until `done` holds; throws when virtual time passes `ms` first. */
  async runUntil(done: () => boolean, ms: number): Promise<void> {
    const limit = this.#now + ms
    while (!done()) {
      const entry = this.#entries.shift()
      if (entry === undefined) throw new Error('the world stands still: nothing is left to happen')
      if (entry.dead) continue
      if (entry.at > limit) throw new Error(`not done after ${ms / 1000} virtual seconds`)
      this.#now = entry.at
      entry.call()
      await settled()
    }
  }

  async run(ms: number): Promise<void> {
    let over = false
    this.after(ms, () => (over = true))
    await this.runUntil(() => over, ms)
  }
}

function later(a: { at: number; order: number } | undefined, b: { at: number; order: number }): boolean {
  return a !== undefined && (a.at > b.at || (a.at === b.at && a.order > b.order))
}

/** Every promise that can settle without the world going on has settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
