// Generated histories as a cloud gets them: members that are merged, sales of guests, of which some are claimed by a card or afterwards, and facts about those.
// Every fact has its place in the ledger of an origin that only HQ has, so that any of them may be of any kind.
import { encodeFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, Origin } from '../../protocol/ids.ts'
import { NO_MEMBER, originOf } from '../../protocol/ids.ts'
import { factsOfDeeds, memberId } from './generators-history.ts'
import { MEMBERS } from './generators/deeds.ts'
import type { Deed, DeedKind } from './generators/deeds.ts'
import { OriginWriter } from './origin-writer.ts'

const KINDS: Readonly<Record<number, DeedKind>> = { 3: 'retro_claim', 7: 'merge' }

/** The facts of deeds, every member enrolled; of eight deeds one merges and one claims. */
export function factsWithOwners(list: readonly Deed[]): Fact[] {
  const [first] = list
  if (first === undefined) return []
  const enrolments = Array.from({ length: MEMBERS }, (_, member): Deed => ({
    ...first,
    kind: 'enrolment',
    member,
  }))
  const deeds = list.map((deed, index): Deed => ({ ...deed, kind: KINDS[index % 8] ?? deed.kind }))
  const facts = factsOfDeeds([...deeds, ...enrolments])
  const guests = facts.filter(({ kind, id }) => kind === 'sale' && id % 3 === 0).map(({ id }) => id)
  return facts.map((fact) => ownedAnew(fact, new Set(guests), guests))
}

function ownedAnew(fact: Fact, isGuest: ReadonlySet<FactId>, guests: readonly FactId[]): Fact {
  switch (fact.kind) {
    case 'merge':
      return { ...fact, merged: memberId(fact.member === memberId(0) ? 1 : 0) }
    case 'retro_claim':
      return { ...fact, sale: guests[fact.id % Math.max(1, guests.length)] ?? fact.sale }
    case 'sale': {
      const card = { kind: 'card' as const, value: fact.member === memberId(0) ? '0' : '1' }
      return isGuest.has(fact.id)
        ? { ...fact, member: NO_MEMBER, claim: fact.id % 2 === 0 ? card : null }
        : fact
    }
    case 'return':
      return fact.lines.some(({ sale }) => isGuest.has(sale)) ? { ...fact, member: NO_MEMBER } : fact
    case 'void':
      return isGuest.has(fact.fact) ? { ...fact, member: NO_MEMBER } : fact
    default:
      return fact
  }
}

/** A ledger for every origin that made one of the facts. */
export function writersOf(facts: readonly Fact[]): OriginWriter[] {
  const writers = new Map<Origin, OriginWriter>()
  for (const fact of facts.toSorted((a, b) => a.id - b.id)) {
    const origin = originOf(fact.id)
    const writer = writers.get(origin) ?? new OriginWriter(origin, 0)
    writers.set(origin, writer)
    writer.writeBytes(encodeFact(fact), fact)
  }
  return [...writers.values()]
}
