// Challenges that cannot be won: a requirement whose perk is never given while and where it counts, a prize that no response can have.
import type { ProgramDocument } from '../document/program.ts'
import { windowOf, windowsMeet } from './dates.ts'
import type { DocumentWarning } from './issue.ts'
import type { Known } from './known.ts'
import { isActive, placed } from './places.ts'
import type { Item } from './places.ts'
import { rankOf } from './reachability.ts'
import type { Reach } from './reachability.ts'
import { storesMeet } from './worth.ts'

export function* challengeWarnings(
  document: ProgramDocument,
  known: Known,
  reach: Reach,
): Generator<DocumentWarning> {
  for (const { path, item } of placed(document, 'challenges')) {
    if (!isActive(item)) continue
    for (const [index, { perk: id, quantity }] of item.requirements.entries()) {
      const perk = known.earnPerks.get(id)
      const why = perk === undefined ? undefined : whyNever(item, perk, quantity, known, reach)
      if (why !== undefined)
        yield {
          path: `${path}/requirements/${index}`,
          code: 'requirement_unfulfillable',
          message: `perk ${id} ${why}; nobody can complete this`,
        }
    }
  }
  for (const { path, item } of placed(document, 'response_challenges')) {
    const { prize, overall = Infinity } = item
    if (isActive(item) && prize?.calculation === 'every_nth' && prize.nth > overall)
      yield {
        path: `${path}/prize/nth`,
        code: 'prize_never_won',
        message: `there are at most ${overall} responses, so no ${prize.nth}th; lower it`,
      }
  }
}

function whyNever(
  challenge: Item<'challenges'>,
  perk: Item<'earn_perks'>,
  quantity: number,
  known: Known,
  reach: Reach,
): string | undefined {
  const [first, last] = windowOf(challenge)
  const [from, to] = windowOf(perk)
  if (!isActive(perk)) return 'is INACTIVE'
  if (rankOf(known, perk.required_tier) > reach.rank) return 'asks for a tier that nobody can reach'
  if (!windowsMeet([first, last], [from, to])) return 'is given on other days than the challenge counts'
  if (!storesMeet(challenge.stores, perk.stores)) return 'is given in other stores than the challenge counts'
  const days = Math.min(last, to) - Math.max(first, from) + 1
  const most =
    perk.type === 'REGISTRATION'
      ? 1
      : perk.type === 'BIRTHDAY'
        ? Math.ceil(days / 365)
        : perk.type === 'CHECKIN' && perk.once_per_day === true
          ? days
          : Infinity
  return most < quantity ? `can be given at most ${most} times, not ${quantity}` : undefined
}
