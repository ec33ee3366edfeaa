// The members' local states: the base state the cloud sent, with this edge's facts after `covers` folded on top in canonical order (M-1). A card
// in memory is only a copy of what the ledger says and may be dropped at any time; whoever folds a fact onto one and then fails to commit
// must drop it (L-6). Bounded by MEMBERS_CACHED_MAX in two generations: what was used since the last turn of generations survives it.
import { foldFacts } from '../../cloud/evaluation/fold.ts'
import type { Effect, EffectBuffer } from '../../cloud/evaluation/effects.ts'
import { EFFECT_KINDS } from '../../cloud/evaluation/effects.ts'
import type { Programs } from '../../cloud/evaluation/programs.ts'
import type { PastFact, PastFacts } from '../../cloud/evaluation/spending/reversal.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { decodeState, newState } from '../../cloud/evaluation/state.ts'
import { step } from '../../cloud/evaluation/step.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import { compareCanonical } from '../../protocol/facts.ts'
import type { Fact, Identity } from '../../protocol/facts.ts'
import type { FactId, MemberId } from '../../protocol/ids.ts'
import { NO_FACT } from '../../protocol/ids.ts'
import { MEMBERS_CACHED_MAX } from '../../protocol/limits.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { MemberRow } from '../ledger/members.ts'
import type { Receipt } from './answers.ts'
import { escaped, maskedMember } from './wording.ts'

export interface Card {
  readonly member: MemberId
  state: MemberState
  /** The cloud has sent a base state: an answer may be confirmed. */
  readonly known: boolean
  /** Masked, for the feed; and the same as the inside of a JSON string. */
  readonly label: string
  readonly escapedLabel: string
}

export class Cards {
  readonly past: PastFacts
  readonly #ledger: Ledger
  readonly #programs: Programs
  readonly #generationMax: number
  #young = new Map<MemberId, Card>()
  #old = new Map<MemberId, Card>()

  constructor(ledger: Ledger, programs: Programs, cachedMax = MEMBERS_CACHED_MAX) {
    this.#ledger = ledger
    this.#programs = programs
    this.#generationMax = Math.ceil(cachedMax / 2)
    this.past = { find: (id) => this.#past(id) }
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Undefined for a member this store has not met. */
  get(member: MemberId): Card | undefined {
    const young = this.#young.get(member)
    if (young !== undefined) return young
    const card = this.#old.get(member) ?? this.#load(member)
    if (card !== undefined) this.#keep(card)
    return card
  }

  /** The card of a member who is being enrolled, before there is a row. */
  enrol(member: MemberId, name: string | null, identity: string | undefined): Card {
    const card = cardOf(member, newState(), false, name, identity)
    this.#keep(card)
    return card
  }

  forget(member: MemberId): void {
    this.#young.delete(member)
    this.#old.delete(member)
  }

  forgetAll(): void {
    this.#young.clear()
    this.#old.clear()
  }

  /** Folds a fact that is not in the ledger yet; its effects are what `effects` holds afterwards. */
  fold(card: Card, fact: Fact, effects: EffectBuffer): void {
    card.state = this.foldOnto(card.state, card.member, fact, effects)
  }

  /** The state with the fact folded onto it: the same object, changed, or one that was folded anew. */
  foldOnto(state: MemberState, member: MemberId, fact: Fact, effects: EffectBuffer): MemberState {
    effects.clear()
    if (!appends(state, fact)) return this.#foldAnew(member, fact, effects)
    step(this.#programs.program(fact.at), state, fact, effects, this.past)
    return state
  }

  #foldAnew(member: MemberId, fact: Fact, effects: EffectBuffer): MemberState {
    const row = this.#ledger.members.kept(member)
    const { state, covers } = baseOf(row)
    const facts = this.#uncovered(member, row, covers)
    foldFacts(this.#programs, state, [...facts, fact], this.past, ({ id }, made, _, own) => {
      if (id !== fact.id) return
      for (const { kind, rule, index, amount, of } of made)
        effects.push(EFFECT_KINDS.indexOf(kind), rule, index, amount, of)
      effects.markOwn(...own)
    })
    return state
  }

  /** The state a fact of this store was folded onto; undefined where the cloud's word covers the fact already. */
  before(member: MemberId, fact: Fact): MemberState | undefined {
    const row = this.#ledger.members.kept(member)
    const { state, covers } = baseOf(row)
    if (covers >= fact.id || state.at > fact.at) return undefined
    const earlier = this.#uncovered(member, row, covers).filter((one) => compareCanonical(one, fact) < 0)
    foldFacts(this.#programs, state, earlier, this.past)
    return state
  }

  #keep(card: Card): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(card.member, card)
  }

  #load(member: MemberId): Card | undefined {
    const row = this.#ledger.members.find(member)
    if (row === undefined) return undefined
    const { state, covers, known } = baseOf(row)
    const facts = this.#uncovered(member, row, covers)
    if (facts.length > 0) foldFacts(this.#programs, state, facts, this.past)
    return cardOf(member, state, known, row.name, row.identities[0]?.value)
  }

  /** The member's own facts that the base state does not hold, newest first. */
  #uncovered(member: MemberId, { identities }: MemberRow, covers: FactId): Fact[] {
    const { lives, threads } = this.#ledger
    const facts: Fact[] = []
    for (let id = threads.last(member); id > covers;) {
      const { bytes, previous } = threads.factAt(id)
      // What was recorded again counts as what it is now.
      const fact = lives.again(id) === undefined ? decodeStoredFact(bytes) : undefined
      if (fact !== undefined && this.#countsFor(member, identities, fact)) facts.push(fact)
      id = previous
    }
    return facts
  }

  /** M-4. Where nobody holds the identity any more, the member's own row says whether it is theirs (L-23). */
  #countsFor(member: MemberId, identities: readonly Identity[], { claim, member: named }: Fact): boolean {
    if (claim === null || named === member) return true
    const holder = this.#ledger.members.holder(claim)
    if (holder !== undefined) return holder === member
    return identities.some(({ kind, value }) => kind === claim.kind && value === claim.value)
  }

  #past(id: FactId): PastFact | undefined {
    const row = this.#ledger.counted(id)
    if (row === undefined) return undefined
    const fact = decodeStoredFact(row.bytes)
    // What a fact that was lost was answered to be worth is the cloud's to know.
    const effects = 'answer' in row ? effectsOf(row.answer) : []
    return { fact, effects, program: this.#programs.program(fact.at) }
  }
}

/**
 * A fact that comes last can be added to the state. One under an earlier time must be folded at its place, from the base state on (E-FOLD-1);
 * so must one that looks back, because a fact that came late in between may have changed what the earlier one is worth.
 */
function appends(state: MemberState, { kind, at, id }: Fact): boolean {
  if (kind === 'return' || kind === 'void') return false
  return state.facts === 0 || at > state.at || (at === state.at && id > state.last)
}

function cardOf(
  member: MemberId,
  state: MemberState,
  known: boolean,
  name: string | null,
  identity: string | undefined,
): Card {
  const label = maskedMember(name, identity)
  return { member, state, known, label, escapedLabel: escaped(label) }
}

/** Without a base state, or with one of another release's format, the own facts alone are folded and nothing is called confirmed. */
function baseOf(row: MemberRow): { state: MemberState; covers: FactId; known: boolean } {
  const state = row.state === null ? undefined : decodeState(row.state)
  return state === undefined
    ? { state: newState(), covers: NO_FACT, known: false }
    : { state, covers: row.covers, known: true }
}

/** What a fact was answered to be worth: the entries of its answer are its effects that move points. Where the answer was lost (L-16), that is the cloud's to know. */
function effectsOf(answer: Uint8Array): Effect[] {
  if (answer.length === 0) return []
  const { entries } = JSON.parse(Buffer.from(answer).toString()) as Receipt
  return entries.map(({ kind, rule, points }) => ({
    kind,
    // The entry was written from an effect with this very rule.
    rule: rule as Effect['rule'],
    index: 0,
    amount: points,
    of: 0,
  }))
}
