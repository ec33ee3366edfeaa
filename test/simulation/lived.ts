// What a soak counts of one world, wherever it was lived: in this process, or in one of several that live a seed each, one after the other.
import { isClean, live } from './live.ts'
import { planOf } from './plan.ts'

export interface Lived {
  readonly seed: number
  readonly clean: boolean
  readonly operations: number
  readonly calls: number
  readonly events: number
  readonly strikes: number
  readonly history: string
  /** That its process took since it began. */
  readonly processorUs: number
}

export async function livedFrom(seed: number, perTerminal: number): Promise<Lived> {
  const life = await live(planOf(seed, { perTerminal }))
  const { operations, calls, events, history, happened } = life
  const strikes = Object.values(happened).reduce((sum, count) => sum + count, 0)
  return {
    seed,
    clean: isClean(life),
    operations,
    calls,
    events,
    strikes,
    history,
    processorUs: processorUs(),
  }
}

export function processorUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
