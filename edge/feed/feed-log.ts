// The store's activity as a log (F-1, F-2, F-4): gapless positions within the epoch, the JSON built once per commit, stored, and handed to every
// reader as the same text. It knows no transport. The order a writer keeps: `add` and `seal` inside the transaction of what the
// activities tell, then COMMIT, then `publish`; or `discard` after a failure. A position that was published is on disk.
import { FEED_HISTORY_MAX, FEED_PAGE_MAX, FEED_PRUNE_STEP, FEED_SNAPSHOT } from '../../protocol/limits.ts'
import type { Frames } from '../ledger/frames.ts'
import type { Activity } from '../till/answers.ts'

export interface FeedFrame {
  readonly epoch: number
  /** First and last position in it. */
  readonly from: number
  readonly to: number
  /** The whole JSON frame: {"type":"activities","epoch","from","to","activities":[…]}. */
  readonly text: string
}

export interface Resumed {
  /** False: the epoch is unknown or the position is older than the kept history; reading starts FEED_SNAPSHOT before the end. */
  readonly recovered: boolean
  /** The position to read on from: `frameAfter(after)` until there is none, then what comes. */
  readonly after: number
  /** Last position now. */
  readonly position: number
}

/** Rows read at once for a page; a row holds a commit's activities, at most a few hundred. */
const PAGE_ROWS_MAX = 200

export class FeedLog {
  readonly #frames: Frames
  #epoch: number
  readonly #historyMax: number
  readonly #listeners = new Set<(frame: FeedFrame) => void>()
  /** First position kept, last one published, last one given out in the open transaction. */
  #first = 1
  #position = 0
  #given = 0
  #text = ''
  #sealed: FeedFrame | undefined

  constructor(frames: Frames, epoch: number, historyMax = FEED_HISTORY_MAX) {
    this.#epoch = epoch
    this.#frames = frames
    this.#historyMax = historyMax
    this.discard()
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The ledger begins another life: a place of an earlier one may be a place of a feed that was lost (F-2). */
  beginEpoch(epoch: number): void {
    this.#epoch = epoch
  }

  /** Position of the last activity; 0 before the first. */
  get position(): number {
    return this.#position
  }

  /** The position the next activity gets. */
  get next(): number {
    return this.#given + 1
  }

  /** `activity` is the JSON of an activity whose position is `next`. */
  add(activity: string): void {
    this.#text = this.#given === this.#position ? activity : `${this.#text},${activity}`
    this.#given++
  }

  /** Inside the transaction, once, after the last `add`: stores the frame and prunes a little of the oldest history (F-4). */
  seal(): void {
    if (this.#given === this.#position) return
    const from = this.#position + 1
    this.#frames.insert(from, this.#given, this.#text)
    this.#sealed = this.#frame(from, this.#given, this.#text)
    if (this.#given - this.#first >= this.#historyMax + FEED_PRUNE_STEP / 2) {
      this.#frames.prune(Math.min(this.#given - this.#historyMax, this.#first + FEED_PRUNE_STEP))
      this.#first = this.#frames.ends().first
    }
  }

  /** After COMMIT: the frame is true, so it may be seen. */
  publish(): void {
    const frame = this.#sealed
    if (frame === undefined) return
    this.#sealed = undefined
    this.#position = frame.to
    this.#text = ''
    for (const listener of this.#listeners) listener(frame)
  }

  /** After a failed transaction: what was given out is forgotten. */
  discard(): void {
    const { first, last } = this.#frames.ends()
    this.#first = first
    this.#position = last
    this.#given = last
    this.#text = ''
    this.#sealed = undefined
  }

  /** F-2: where a reader that was at (epoch, after) goes on. A reader without a place passes undefined twice. */
  resume(epoch: number | undefined, after: number | undefined): Resumed {
    const position = this.#position
    const known = epoch === this.epoch && after !== undefined && after >= this.#first - 1 && after <= position
    return known
      ? { recovered: true, after, position }
      : { recovered: false, after: Math.max(this.#first - 1, position - FEED_SNAPSHOT), position }
  }

  /** The activities after a position as one frame, at most `limit`; undefined when there is nothing after it. */
  frameAfter(after: number, limit = FEED_PAGE_MAX): FeedFrame | undefined {
    const from = Math.max(after + 1, this.#first)
    const to = Math.min(this.#position, from + limit - 1)
    if (from > to) return undefined
    const parts: string[] = []
    let reached = from - 1
    for (const row of this.#frames.from(from, PAGE_ROWS_MAX)) {
      if (row.first > to) break
      const whole = row.first >= from && row.last <= to
      parts.push(whole ? row.text : sliceOf(row.text, row.first, from, to))
      reached = Math.min(row.last, to)
    }
    return this.#frame(from, reached, parts.join(','))
  }

  /** The same, parsed. */
  read(after: number, limit: number): Activity[] {
    const frame = this.frameAfter(after, limit)
    return frame === undefined ? [] : (JSON.parse(frame.text) as { activities: Activity[] }).activities
  }

  /** Frames from now on, one per commit, in order, after the commit. Returns how to stop. */
  subscribe(listener: (frame: FeedFrame) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #frame(from: number, to: number, activities: string): FeedFrame {
    const text = `{"type":"activities","epoch":${this.epoch},"from":${from},"to":${to},"activities":[${activities}]}`
    return { epoch: this.epoch, from, to, text }
  }
}

/** The activities of a row from position `from` to `to`. */
function sliceOf(text: string, first: number, from: number, to: number): string {
  const activities = JSON.parse(`[${text}]`) as unknown[]
  return activities
    .slice(Math.max(0, from - first), to - first + 1)
    .map((activity) => JSON.stringify(activity))
    .join(',')
}
