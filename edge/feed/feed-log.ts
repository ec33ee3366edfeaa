// SKELETON, signatures final.
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
  /** False: the epoch is unknown or the position is older than the kept history; reading starts 50 before the end. */
  readonly recovered: boolean
  /** The position to read on from: `frameAfter(after)`, then what comes. */
  readonly after: number
  /** Last position now. */
  readonly position: number
}

export declare class FeedLog {
  readonly epoch: number
  /** Position of the last activity; 0 before the first. */
  get position(): number
  /** F-2: where a reader that was at (epoch, after) goes on. A reader without a place passes undefined twice. */
  resume(epoch: number | undefined, after: number | undefined): Resumed
  /** The activities after a position as one frame, at most `limit` (default FEED_PAGE_MAX); undefined when there is nothing after it. */
  frameAfter(after: number, limit?: number): FeedFrame | undefined
  /** The same, parsed. */
  read(after: number, limit: number): Activity[]
  /** Frames from now on, one per commit, in order, after the commit. Returns how to stop. */
  subscribe(listener: (frame: FeedFrame) => void): () => void
}
