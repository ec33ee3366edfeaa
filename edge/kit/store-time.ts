// The store node's time as a terminal knows it (KT-8): its last word, carried on by a clock that nobody sets. It lags by the word's way, so it is never
// ahead of the store, which takes no time from the future.
import { TIME_KEPT_MS } from './limits.ts'

export class StoreTime {
  #word: { readonly time: number; readonly at: number } | undefined

  /** `text`: RFC 3339, as the store says it. */
  heard(text: string): void {
    this.#word = { time: Date.parse(text), at: performance.now() }
  }

  get due(): boolean {
    return this.#word === undefined || performance.now() - this.#word.at > TIME_KEPT_MS
  }

  /** RFC 3339 with milliseconds. */
  now(): string {
    const word = this.#word
    const ms = word === undefined ? Date.now() : word.time + Math.floor(performance.now() - word.at)
    return new Date(ms).toISOString()
  }
}
