// A small stand-in for the cloud's ingest, with the rules of I-5 and I-6 and nothing else: facts arrive in any order, batching and number; what
// is in order is folded on, what is late restarts at a checkpoint, and differences are appended as revisions. States pass through their
// bytes at every step, as they would through a store. `faults` switches rules off, so that a test can prove it would notice.
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { effectsDifference, effectsSum, foldFacts } from '../../cloud/evaluation/fold.ts'
import type { Programs } from '../../cloud/evaluation/programs.ts'
import type { PastFacts } from '../../cloud/evaluation/spending/reversal.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { decodeState, encodeState, newState } from '../../cloud/evaluation/state.ts'
import { compareCanonical } from '../../protocol/facts.ts'
import type { CanonicalPlace, Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { Random } from '../support/random.ts'
import { byMember } from '../support/generators-history.ts'

/** `dedupe`: a fact is taken as often as it comes. `restart`: late facts are folded where they arrive. `corrections`: differences are lost. */
export type Fault = 'dedupe' | 'restart' | 'corrections'

export interface Happened {
  duplicates: number
  late: number
  restartsAtCheckpoint: number
  corrections: number
}

interface Checkpoint extends CanonicalPlace {
  readonly bytes: Uint8Array
}

export class IncrementalMember {
  readonly facts = new Map<FactId, Fact>()
  /** All revisions of each fact's effects. */
  readonly revisions = new Map<FactId, (readonly Effect[])[]>()
  readonly #programs: Programs
  readonly #every: number
  readonly #fault: Fault | null
  readonly #happened: Happened
  #checkpoints: Checkpoint[] = []
  #bytes = encodeState(newState())

  constructor(programs: Programs, every: number, fault: Fault | null, happened: Happened) {
    this.#programs = programs
    this.#every = every
    this.#fault = fault
    this.#happened = happened
  }

  get state(): MemberState {
    return read(this.#bytes)
  }

  take(batch: readonly Fact[]): void {
    const fresh: Fact[] = []
    for (const fact of batch) {
      if (this.facts.has(fact.id)) {
        this.#happened.duplicates += 1
        if (this.#fault !== 'dedupe') continue
      } else this.facts.set(fact.id, fact)
      fresh.push(fact)
    }
    // With `dedupe` off one fact may come twice in a batch; the fold is told once per batch, and again with the next.
    const added = [...new Map(fresh.map((fact) => [fact.id, fact])).values()].toSorted(compareCanonical)
    const [first] = added
    if (first === undefined) return
    const state = this.state
    const inOrder = state.facts === 0 || compareCanonical({ at: state.at, id: state.last }, first) < 0
    if (inOrder || this.#fault === 'restart' || this.#fault === 'dedupe') this.#fold(state, added)
    else this.#restart(first)
  }

  #restart(earliest: CanonicalPlace): void {
    this.#happened.late += 1
    this.#checkpoints = this.#checkpoints.filter((place) => compareCanonical(place, earliest) < 0)
    const checkpoint = this.#checkpoints.at(-1)
    if (checkpoint !== undefined) this.#happened.restartsAtCheckpoint += 1
    const after = [...this.facts.values()].filter(
      (fact) => checkpoint === undefined || compareCanonical(fact, checkpoint) > 0,
    )
    this.#fold(checkpoint === undefined ? newState() : read(checkpoint.bytes), after)
  }

  #fold(state: MemberState, facts: readonly Fact[]): void {
    // Like a store, it finds every fact of the member it has, those included that come later in the canonical order.
    const past: PastFacts = {
      find: (id) => {
        const fact = this.facts.get(id)
        const effects = effectsSum(this.revisions.get(id) ?? [])
        return fact === undefined ? undefined : { fact, effects, program: this.#programs.program(fact.at) }
      },
    }
    foldFacts(this.#programs, state, facts, past, (fact, effects, now) => {
      const logged = this.revisions.get(fact.id)
      if (logged === undefined) this.revisions.set(fact.id, [[...effects]])
      else {
        const difference = effectsDifference(effectsSum(logged), effects)
        if (difference.length > 0) {
          this.#happened.corrections += 1
          if (this.#fault !== 'corrections') logged.push(difference)
        }
      }
      if (now.facts % this.#every === 0)
        this.#checkpoints.push({ at: fact.at, id: fact.id, bytes: encodeState(now) })
    })
    this.#bytes = encodeState(state)
  }
}

function read(bytes: Uint8Array): MemberState {
  const state = decodeState(bytes)
  assert(state !== undefined, 'a state written by this release is read by it')
  return state
}

/** Delivers facts to their members in a shuffled order, cut into batches, some sent again; all of them arrive. */
export function deliver(
  facts: readonly Fact[],
  programs: Programs,
  random: Random,
  happened: Happened,
  fault: Fault | null = null,
): Map<MemberId, IncrementalMember> {
  const members = new Map<MemberId, IncrementalMember>()
  const every = 1 + random.below(6)
  const waiting = [...facts]
  const sent: Fact[] = []
  // Now and then in order, as it is when the network holds; else any of the next few, or any at all.
  const reach = random.pick([1, 1, 5, facts.length])
  while (waiting.length > 0) {
    const batch: Fact[] = []
    const size = 1 + random.below(8)
    while (batch.length < size && waiting.length > 0) {
      if (sent.length > 0 && random.below(6) === 0) batch.push(random.pick(sent))
      else {
        const [fact] = waiting.splice(random.below(Math.min(reach, waiting.length)), 1)
        if (fact !== undefined) batch.push(fact)
      }
    }
    sent.push(...batch)
    for (const [member, own] of byMember(batch)) {
      let known = members.get(member)
      if (known === undefined) {
        known = new IncrementalMember(programs, every, fault, happened)
        members.set(member, known)
      }
      known.take(own)
    }
  }
  return members
}
