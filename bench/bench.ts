// What every bench shares: a figure is one JSON line, always beside a named peer or ceiling measured in the same run, because these machines are
// shared and only ratios hold. Each side is timed in turns, several rounds; the medians are told.
export interface Figure {
  readonly bench: string
  readonly figure: string
  readonly ours: number
  /** What `ours` is compared with, measured in the same run. */
  readonly peer: number
  readonly peerName: string
  readonly unit: string
  /** Of the rounds of each side: on a shared machine the nearest to what it can do. */
  readonly best?: Rates
  /** Anything that belongs beside the figure: sizes, latencies. */
  readonly notes?: Readonly<Record<string, number | string>>
}

export interface Rates {
  readonly ours: number
  readonly peer: number
}

export function tell({ ours, peer, best, ...rest }: Figure): void {
  const rounded = (rates: Rates) => {
    const ratio = rates.peer === 0 ? null : Number((rates.ours / rates.peer).toPrecision(3))
    return { ours: Number(rates.ours.toPrecision(4)), peer: Number(rates.peer.toPrecision(4)), ratio }
  }
  const line = {
    ...rest,
    ...rounded({ ours, peer }),
    ...(best === undefined ? {} : { best: rounded(best) }),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** For a figure that cannot be taken here; `reason` says what it would need. */
export function tellSkipped(bench: string, figure: string, reason: string): void {
  process.stdout.write(`${JSON.stringify({ bench, figure, skipped: reason })}\n`)
}

/** What the command line says beyond the names of benches. */
export interface BenchOptions {
  /** Sales file to fold anew (`--sales`). */
  readonly sales?: string
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Seconds since some moment. */
export type Stopwatch = () => number

export const wallSeconds: Stopwatch = () => performance.now() / 1000

/** What this process has had of the processors: for work of one thread, on machines where others take turns. */
export const cpuSeconds: Stopwatch = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}

const ROUNDS = 5

type Run = () => Promise<number> | number

/**
 * Runs both sides in turns after a warm-up round of each; gives the median and the best rate (things per second) of each. A run answers how many things it
 * did and is timed from outside, or, `measured`, the rate it measured itself (leaving its preparations out).
 */
export async function inTurns(
  ours: Run,
  peer: Run,
  { measured = false, rounds = ROUNDS } = {},
): Promise<Rates & { best: Rates }> {
  const rates: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const [side, run] of [
      ['ours', ours],
      ['peer', peer],
    ] as const) {
      const start = performance.now()
      const answer = await run()
      const rate = measured ? answer : (answer / (performance.now() - start)) * 1000
      if (round > 0) rates[side].push(rate)
    }
  }
  const best = { ours: Math.max(...rates.ours), peer: Math.max(...rates.peer) }
  return { ours: median(rates.ours), peer: median(rates.peer), best }
}
