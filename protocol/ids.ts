// Ids are positions. A fact's id packs the origin (one life of one ledger) and the seq in it into one safe integer, so
// "which record" and "how far" are the same number and no id ever needs a clock or a coordinator (P-ID-1).
import { assert } from './result.ts'

declare const brand: unique symbol
type Branded<T, B extends string> = T & { readonly [brand]: B }

/** A ledger life: `1 <= origin < 2^20`. */
export type Origin = Branded<number, 'Origin'>
/** Position in a ledger: `1 <= seq < 2^33`; 0 means "before the first". */
export type Seq = Branded<number, 'Seq'>
/** `origin * 2^33 + seq`, a positive safe integer. */
export type FactId = Branded<number, 'FactId'>
/** The fact id of the enrolment; 0 where there is no member (a guest). */
export type MemberId = Branded<number, 'MemberId'>
export type StoreId = Branded<number, 'StoreId'>
export type ProgramVersion = Branded<number, 'ProgramVersion'>
/** A perk, bonus or tier in a program document: a positive integer that keeps its meaning over versions. */
export type RuleId = Branded<number, 'RuleId'>

export const SEQ_SPAN = 2 ** 33
export const ORIGIN_MAX = 2 ** 20 - 1
export const NO_MEMBER = 0 as MemberId
export const NO_FACT = 0 as FactId

export function factIdOf(origin: Origin, seq: Seq): FactId {
  assert(origin >= 1 && origin <= ORIGIN_MAX && seq >= 1 && seq < SEQ_SPAN, 'origin or seq out of range')
  return (origin * SEQ_SPAN + seq) as FactId
}

export function originOf(id: FactId | MemberId): Origin {
  return Math.floor(id / SEQ_SPAN) as Origin
}

export function seqOf(id: FactId | MemberId): Seq {
  return (id % SEQ_SPAN) as Seq
}

/** The text form of an id in the JSON APIs: plain decimal, so that no client rounds it. */
export function idText(id: FactId | MemberId): string {
  return String(id)
}

/** The id a decimal text names, or undefined when it names none. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says whether it reads a fact's or a member's id
export function idFromText<T extends FactId | MemberId>(text: string): T | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) && value % SEQ_SPAN > 0 && value >= SEQ_SPAN ? (value as T) : undefined
}
