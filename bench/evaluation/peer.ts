// Who else can say what a sale's perks give. A further peer is one more file like rules-engine.ts and one more entry in ../evaluation.ts.
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Sale } from '../../protocol/facts.ts'
import type { Stopwatch } from '../bench.ts'

/** One round over the prepared sales: the points of all earn perks on each. */
export type PeerRun = () => ArrayLike<number> | Promise<ArrayLike<number>>

export interface Prepared {
  readonly run: PeerRun
  /** Which of its ways it took, where it has several. */
  readonly way?: string
}

export interface Peer {
  readonly name: string
  /** How many sales a round takes: enough to know the rate. */
  readonly sales: number
  /** What it evaluates, and what it is spared (bench/README.md says more). */
  readonly evaluates: string
  /** What both sides are timed by: CPU time where the peer has one thread, else the wall clock. */
  readonly seconds: Stopwatch
  /** Ours should be at least so many times as fast. */
  readonly aim: number
  /** Why it cannot run on this machine; undefined: it can. */
  missing?(): Promise<string | undefined>
  /** Compiles the program's earn perks, and puts the sales into the form the peer likes best: neither is timed. */
  prepare(document: ProgramDocument, sales: readonly Sale[]): Prepared | Promise<Prepared>
}
