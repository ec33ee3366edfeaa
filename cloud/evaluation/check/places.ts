// Where things stand in a program document: every list with the JSON pointer of each of its items, every condition tree with the facts it can
// ever be asked about, every node of a tree. All checks walk the document by these, so that paths are made in one place.
import type { FactKind } from '../../../protocol/facts.ts'
import type { ConditionDocument } from '../document/conditions.ts'
import type { EarnType } from '../document/earning.ts'
import type { ProgramDocument } from '../document/program.ts'

/** Lists whose items have an id; over all of them no two have the same. */
export const RULE_LISTS = [
  'metrics',
  'tiers',
  'earn_perks',
  'bonuses',
  'redeem_perks',
  'stamp_cards',
  'challenges',
  'response_challenges',
  'segments',
  'aggregates',
  'rules',
] as const
type ListName = (typeof RULE_LISTS)[number] | 'groups'
export type Item<L extends ListName> = NonNullable<ProgramDocument[L]>[number]

export interface Placed<T> {
  readonly path: string
  readonly item: T
}

/** The items of a list, with their pointers. */
export function* placed<L extends ListName>(document: ProgramDocument, list: L): Generator<Placed<Item<L>>> {
  const items: readonly Item<L>[] = document[list] ?? []
  for (const [index, item] of items.entries()) yield { path: `/${list}/${index}`, item }
}

/** The same of several lists. */
export function* placedIn<L extends ListName>(
  document: ProgramDocument,
  lists: readonly L[],
): Generator<Placed<Item<L>>> {
  for (const list of lists) yield* placed(document, list)
}

export const isActive = ({ status }: { readonly status?: 'ACTIVE' | 'INACTIVE' }): boolean =>
  status !== 'INACTIVE'

/** Facts that an earn perk of each type is given for; null: any that brings the time. */
const FACTS_OF: Readonly<Record<EarnType, readonly FactKind[] | null>> = {
  STANDARD: ['sale', 'activity'],
  CHECKIN: ['checkin'],
  REGISTRATION: ['enrolment'],
  REFERRAL: ['referral'],
  BIRTHDAY: null,
  VISITOR: ['activity'],
  COUPON: ['activity'],
  SOCIAL_POST: ['activity'],
  POINT_ADJUSTMENT: ['activity'],
  PROGRESS_ACTIVITY: ['activity'],
}

export interface PlacedCondition {
  readonly path: string
  readonly condition: ConditionDocument
  /** Kinds of fact it is asked about; null: any. */
  readonly kinds: readonly FactKind[] | null
  /** Stores its rule is for, as if the tree began with them. */
  readonly stores: Item<'earn_perks'>['stores']
  /** The tier its rule is for. */
  readonly tier: number | undefined
  readonly active: boolean
}

export function* conditionsOf(document: ProgramDocument): Generator<PlacedCondition> {
  const at = (
    {
      path,
      item,
    }: Placed<{
      readonly when?: ConditionDocument
      readonly status?: 'ACTIVE' | 'INACTIVE'
      readonly required_tier?: number
    }>,
    kinds: readonly FactKind[] | null,
    stores?: Item<'earn_perks'>['stores'],
  ): PlacedCondition[] =>
    item.when === undefined
      ? []
      : [
          {
            path: `${path}/when`,
            condition: item.when,
            kinds,
            stores,
            tier: item.required_tier,
            active: isActive(item),
          },
        ]
  for (const perk of placed(document, 'earn_perks'))
    yield* at(perk, FACTS_OF[perk.item.type], perk.item.stores)
  for (const bonus of placed(document, 'bonuses'))
    yield* at(bonus, factsOfBonus(document, bonus.item), bonus.item.stores)
  for (const perk of placed(document, 'redeem_perks')) yield* at(perk, ['redemption'], perk.item.stores)
  for (const challenge of placed(document, 'challenges')) yield* at(challenge, null)
  for (const challenge of placed(document, 'response_challenges')) yield* at(challenge, ['response'])
  for (const segment of placed(document, 'segments')) yield* at(segment, null)
  for (const rule of placed(document, 'rules'))
    yield* at(rule, rule.item.match.type === 'TYPE' ? rule.item.match.kinds : null)
}

/** Kinds of fact that give what a bonus looks at. */
function factsOfBonus({ earn_perks }: ProgramDocument, { perks }: Item<'bonuses'>): readonly FactKind[] {
  const types =
    perks === undefined
      ? ['STANDARD' as const]
      : earn_perks.flatMap(({ id, type }) => (perks.includes(id) ? [type] : []))
  return types.flatMap((type) => FACTS_OF[type] ?? [])
}

export interface Node {
  readonly path: string
  readonly node: ConditionDocument
  /** 1 for the tree itself. */
  readonly depth: number
  /** Under an odd number of `not`. */
  readonly negated: boolean
}

/** Every node of a tree, from the top down. A tree is never deeper than the whole document may be (NESTING_MAX). */
export function* nodesOf(
  condition: ConditionDocument,
  path: string,
  depth = 1,
  negated = false,
): Generator<Node> {
  yield { path, node: condition, depth, negated }
  if ('not' in condition) yield* nodesOf(condition.not, `${path}/not`, depth + 1, !negated)
  for (const word of ['all', 'any'] as const) {
    const children = word in condition ? (condition as Record<typeof word, ConditionDocument[]>)[word] : []
    for (const [index, child] of children.entries())
      yield* nodesOf(child, `${path}/${word}/${index}`, depth + 1, negated)
  }
}
