// What a rig is: one file that breaks one kind of thing, against real parts, and counts what came of it. The command (main.ts) gives it a seed and an
// empty directory, adds up its rows and fails when a figure is not zero. A rig counts; it does not assert: a figure says more than a stack.
import type { Fault } from './faults.ts'
import type { Tool } from './tools.ts'

/**
 * The figures of FAULTS: acknowledged operations missing in the cloud; counted more than once; facts nobody asked for; calls that never came to an end;
 * members whose balance is not the fold of their facts; points spent beyond what was granted; wrong values served; breaks nobody reported.
 */
export const FIGURES = ['L', 'D', 'P', 'U', 'B', 'O', 'X', 'V'] as const
export type Figure = (typeof FIGURES)[number]
/** A figure that is left out was not measured by this row. */
export type Figures = Partial<Record<Figure, number>>

export interface RigRow {
  readonly fault: Fault
  /** What was done and how often, for the table: "12 kills among 2,000 sales". */
  readonly what: string
  readonly figures: Figures
  /** The longest that service stood still, in milliseconds, where the rig measures it. */
  readonly recoveryMs?: number
  /** What must not be and is no figure, as sentences. One is enough to fail. */
  readonly faults?: readonly string[]
}

export type Length = 'quick' | 'long'

export interface RigOptions {
  readonly length: Length
  readonly seed: number
  /** Empty, its own, removed afterwards. */
  readonly directory: string
  /** Of a long run in several commands: this one does part `index` (from 1) of so many; a rig that cannot be divided does all of it. */
  readonly part: Part
  /** One line for whoever waits. */
  readonly say: (line: string) => void
}

export interface Part {
  readonly index: number
  readonly of: number
}

/** Which of `count` rounds (from 0) a part does. */
export function roundsOf({ index, of }: Part, count: number): number[] {
  return Array.from({ length: count }, (_, round) => round).filter((round) => round % of === index - 1)
}

export interface Rig {
  /** As in `npm run faults -- NAME`. */
  readonly name: string
  readonly faults: readonly Fault[]
  /** Without one of these the rig is left out, with the reason printed. */
  readonly needs: readonly Tool[]
  /** Only in a long run: why it is not in the quick one. */
  readonly longOnly?: string
  /** It has rounds (`roundsOf`): a long run does them in several processes at a time, each with rows of its own. */
  readonly divides?: true
  readonly run: (options: RigOptions) => Promise<readonly RigRow[]>
}
