// Whose every fact is, worked out the slow way from all facts at once: repeated keys, members that were recorded twice or merged, identities, claims of
// guests' sales (I-3, I-7, I-8, I-9, E-MERGE, E-CLAIM).
import type { Fact } from '../../../protocol/facts.ts'

/** The facts that count, by the member they belong to now. What is nobody's, or counts no longer, is in none. */
export function ownedFacts(facts: readonly Fact[]): Map<number, Fact[]> {
  const ordered = [...facts].sort((a, b) => (a.at < b.at || (a.at === b.at && a.id < b.id) ? -1 : 1))
  const first = new Map<string, Fact>()
  for (const fact of ordered) {
    const key = `${fact.store} ${fact.key}`
    if (!first.has(key)) first.set(key, fact)
  }
  const counting = ordered.filter((fact) => first.get(`${fact.store} ${fact.key}`) === fact)
  const names = namesOf(ordered, counting, first)
  const owned = new Map<number, Fact[]>()
  for (const fact of counting) {
    const owner = ownerOf(fact, counting, names)
    if (owner > 0) owned.set(owner, [...(owned.get(owner) ?? []), fact])
  }
  return owned
}

/** Says whom a member's name stands for. */
type Names = (name: number) => number

function namesOf(ordered: readonly Fact[], counting: readonly Fact[], first: Map<string, Fact>): Names {
  const stands = new Map<number, number>()
  const now: Names = (name) => {
    const next = stands.get(name)
    return next === undefined ? name : now(next)
  }
  // One enrolment that was recorded twice is one member from the beginning.
  for (const fact of ordered) {
    const counts = first.get(`${fact.store} ${fact.key}`)
    if (fact.kind === 'enrolment' && counts !== undefined && counts !== fact) stands.set(fact.id, counts.id)
  }
  for (const fact of counting) {
    if (fact.kind !== 'merge') continue
    const [into, from] = [now(fact.member), now(fact.merged)]
    if (into !== from) stands.set(from, into)
  }
  return now
}

/** 0: nobody. */
function ownerOf(fact: Fact, counting: readonly Fact[], names: Names): number {
  if (fact.kind === 'enrolment') return names(fact.id) === fact.id ? fact.id : 0
  if (fact.member > 0) return names(fact.member)
  const holder = holderOf(fact, counting)
  if (holder > 0) return names(holder)
  if (fact.kind === 'sale') {
    const claim = counting.find((one) => one.kind === 'retro_claim' && one.sale === fact.id)
    return claim === undefined ? 0 : names(claim.member)
  }
  const about =
    fact.kind === 'return' ? fact.lines.map(({ sale }) => sale) : fact.kind === 'void' ? [fact.fact] : []
  const sale = counting.find((one) => one.kind === 'sale' && about.includes(one.id))
  return sale === undefined ? 0 : ownerOf(sale, counting, names)
}

/** Of the identity that a fact names: who enrolled with it first. */
function holderOf({ claim }: Fact, counting: readonly Fact[]): number {
  if (claim === null) return 0
  const enrolment = counting.find(
    (one) =>
      one.kind === 'enrolment' &&
      one.identities.some(({ kind, value }) => kind === claim.kind && value === claim.value),
  )
  return enrolment?.id ?? 0
}
