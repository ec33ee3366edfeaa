// What a program document declares, by id: what its references can name and what its conflicts are worked out from.
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import type { Item } from './places.ts'

export interface Known {
  /** Place of each tier from the lowest up, from 0. */
  readonly tierRanks: ReadonlyMap<number, number>
  readonly metrics: ReadonlySet<number>
  readonly earnPerks: ReadonlyMap<number, Item<'earn_perks'>>
  readonly redeemPerks: ReadonlyMap<number, Item<'redeem_perks'>>
  readonly segments: ReadonlyMap<number, Item<'segments'>>
  readonly aggregates: ReadonlySet<number>
  /** Perks, bonuses and rules: what "applied" can count. */
  readonly appliers: ReadonlySet<number>
  readonly groups: ReadonlyMap<string, Item<'groups'>>
}

const idsOf = (items: readonly { readonly id: number }[]): number[] => items.map(({ id }) => id)
const byId = <T extends { readonly id: number }>(items: readonly T[]): Map<number, T> =>
  new Map(items.map((item) => [item.id, item]))

export function knownOf(document: ProgramDocument): Known {
  const { tiers, earn_perks, bonuses, redeem_perks } = document
  return {
    tierRanks: new Map(tiers.map(({ id }, rank) => [id, rank])),
    metrics: new Set([POINTS, ...idsOf(document.metrics ?? [])]),
    earnPerks: byId(earn_perks),
    redeemPerks: byId(redeem_perks),
    segments: byId(document.segments ?? []),
    aggregates: new Set(idsOf(document.aggregates ?? [])),
    appliers: new Set([earn_perks, bonuses, redeem_perks, document.rules ?? []].flatMap(idsOf)),
    groups: new Map((document.groups ?? []).map((group) => [group.name, group])),
  }
}

/** The metric a bonus pays in: that of its perks, which are all of one (E-BON-7). */
export function metricOfBonus(bonus: Item<'bonuses'>, known: Known): number {
  const [first] = bonus.perks ?? []
  return (first === undefined ? undefined : known.earnPerks.get(first)?.metric) ?? POINTS
}

/** The perks a bonus looks at: those it lists, else every STANDARD perk that gives points. */
export function perksOfBonus(bonus: Item<'bonuses'>, known: Known): Item<'earn_perks'>[] {
  if (bonus.perks !== undefined)
    return bonus.perks.flatMap((id) => {
      const perk = known.earnPerks.get(id)
      return perk === undefined ? [] : [perk]
    })
  return [...known.earnPerks.values()].filter(
    ({ type, metric = POINTS }) => type === 'STANDARD' && metric === POINTS,
  )
}
