// What the rules of a program are called, whatever kind they are of: effects name rules by id alone.
import type { ProgramDocument } from '../document/program.ts'

export function* titlesOf(document: ProgramDocument): Generator<[rule: number, title: string]> {
  const { earn_perks, bonuses, redeem_perks, tiers } = document
  const { stamp_cards = [], challenges = [], response_challenges = [], rules = [] } = document
  const { metrics = [], segments = [], aggregates = [] } = document
  for (const { id, title } of [...earn_perks, ...bonuses, ...redeem_perks]) yield [id, title]
  for (const { id, name } of tiers) yield [id, name]
  for (const { id, title } of [...stamp_cards, ...challenges, ...response_challenges, ...rules])
    yield [id, title]
  for (const { requirements } of challenges) for (const { id, title } of requirements) yield [id, title]
  for (const { id, name } of [...metrics, ...segments, ...aggregates]) yield [id, name]
}
