// Makes a failing case small: facts, versions, rules and fields are taken out one by one as long as the two still differ, until nothing more can be.
// Works on the plain JSON, so a case reads as a merchant would have written it.
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import type { ProgramRecord } from '../../cloud/evaluation/programs.ts'
import type { Fact } from '../../protocol/facts.ts'

export interface Case {
  readonly records: readonly ProgramRecord[]
  readonly facts: readonly Fact[]
  readonly plan: number
}

type Fails = (candidate: Case) => boolean

/** Rounds of taking things out; each round is one pass over everything. */
const ROUNDS_MAX = 6

export function shrunk(failing: Case, fails: Fails): Case {
  let best = failing
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = JSON.stringify(best)
    best = { ...best, facts: without(best.facts, (facts) => fails({ ...best, facts })) }
    best = {
      ...best,
      records: without(best.records, (records) => records.length > 0 && fails({ ...best, records })),
    }
    best = withSmallDocuments(best, fails)
    best = withPlainFacts(best, fails)
    if (JSON.stringify(best) === before) break
  }
  return best
}

/** A list less all that it can do without: halves first, then smaller parts. */
function without<T>(list: readonly T[], stillFails: (list: readonly T[]) => boolean): readonly T[] {
  let kept = list
  for (let size = Math.ceil(list.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < kept.length;) {
      const fewer = kept.toSpliced(at, size)
      if (stillFails(fewer)) kept = fewer
      else at += size
    }
  }
  return kept
}

function withSmallDocuments(found: Case, fails: Fails): Case {
  let best = found
  for (let index = 0; index < found.records.length; index++) {
    const tried = (document: unknown): boolean => {
      if (!checkDocument(document).ok) return false
      const candidate = replaced(best, index, document)
      if (!fails(candidate)) return false
      best = candidate
      return true
    }
    // Every part of the document as it was; those that went with an earlier one are gone.
    const paths = pathsOf(JSON.parse(best.records[index]?.document ?? '{}'))
    for (const path of paths.toReversed()) {
      const document = JSON.parse(best.records[index]?.document ?? '{}') as unknown
      if (removed(document, path)) tried(document)
    }
  }
  return best
}

function replaced(found: Case, index: number, document: unknown): Case {
  const records = found.records.map((record, at) =>
    at === index ? { ...record, document: JSON.stringify(document) } : record,
  )
  return { ...found, records }
}

type Path = readonly (string | number)[]

/** All parts of a JSON value, outer ones later than what is in them. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...entries.toReversed().flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
}

function removed(document: unknown, path: Path): boolean {
  const last = path.at(-1)
  let place = document
  for (const key of path.slice(0, -1)) place = (place as Record<string | number, unknown> | undefined)?.[key]
  if (last === undefined || typeof place !== 'object' || place === null || !(last in place)) return false
  if (Array.isArray(place)) place.splice(Number(last), 1)
  else delete (place as Record<string, unknown>)[last]
  return true
}

/** No promises where they do not matter, one line where more are not needed. */
function withPlainFacts(found: Case, fails: Fails): Case {
  let best = found
  for (const index of found.facts.keys()) {
    const fact = best.facts[index]
    if (fact === undefined) continue
    const plainer = [{ ...fact, promised: 0, confirmed: false } as Fact, withoutLines(fact)]
    for (const candidate of plainer) {
      const facts = best.facts.with(index, candidate)
      if (JSON.stringify(candidate) !== JSON.stringify(best.facts[index]) && fails({ ...best, facts }))
        best = { ...best, facts }
    }
  }
  return best
}

function withoutLines(fact: Fact): Fact {
  if (fact.kind !== 'sale' || fact.lines.length < 2) return fact
  const [line] = fact.lines
  return line === undefined ? fact : { ...fact, lines: [line], amount: line.amount }
}
