// Ours, as every figure of the evaluation bench runs it: facts stepped over members' states that are there already, effects written and thrown away.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Program } from '../../cloud/evaluation/compile.ts'
import { EffectBuffer } from '../../cloud/evaluation/effects.ts'
import { NOTHING_EARLIER } from '../../cloud/evaluation/fold.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import { step } from '../../cloud/evaluation/step.ts'
import type { Sale } from '../../protocol/facts.ts'
import type { Stopwatch } from '../bench.ts'
import { cpuSeconds } from '../bench.ts'

const effects = new EffectBuffer()

export function newStates(members: number): MemberState[] {
  return Array.from({ length: members }, newState)
}

/** Points of the perks on each sale, every member new: what stateless peers can be held against. */
export function pointsOfNew(program: Program, sales: readonly Sale[]): number[] {
  return sales.map((sale) => {
    effects.clear()
    step(program, newState(), sale, effects, NOTHING_EARLIER)
    return effects.pointsSince(0)
  })
}

/** The sales over and over, `count` steps in all. */
export function stepAll(
  program: Program,
  sales: readonly Sale[],
  states: readonly MemberState[],
  count: number,
): void {
  for (let done = 0; done < count; done += sales.length) {
    for (const sale of sales) {
      const state = states[sale.member - 1]
      if (state === undefined) continue
      effects.clear()
      step(program, state, sale, effects, NOTHING_EARLIER)
    }
  }
}

/** Steps per second over the members' states, which start empty. */
export function rateOf(
  program: Program,
  sales: readonly Sale[],
  members: number,
  count: number,
  seconds: Stopwatch = cpuSeconds,
): number {
  const states = newStates(members)
  const start = seconds()
  stepAll(program, sales, states, count)
  return count / (seconds() - start)
}

/** So far from each other lie the members of two steps that follow each other; no number of members used here shares a divisor with it. */
const APART = 7_919
const BLOCKS = 100

/**
 * `each` sales for every member, in the order of time for each: all members once, then all once more. The sales are taken in blocks, so that those
 * at hand stay in the cache however many members there are. Gives steps per second and the states.
 */
export function stepMembers(
  program: Program,
  sales: readonly Sale[],
  members: number,
  each: number,
): { rate: number; states: readonly MemberState[] } {
  const states = newStates(members)
  const steps = members * each
  const block = sales.length / BLOCKS
  const start = cpuSeconds()
  for (let done = 0; done < steps; done++) {
    const sale = sales[Math.floor((done / steps) * BLOCKS) * block + (done % block)]
    const state = states[(done * APART) % members]
    if (sale === undefined || state === undefined) continue
    effects.clear()
    step(program, state, sale, effects, NOTHING_EARLIER)
  }
  return { rate: steps / (cpuSeconds() - start), states }
}

/** Bytes in use on the heap after everything unreachable is gone. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
