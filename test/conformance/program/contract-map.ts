// The map of a platform's contract to ours: for every field, value and rule that concerns the program, the path that expresses it or whose it is
// instead. One file per platform; contract-names.ts reads the names out of the contracts, map.test.ts holds both against each other.

/** Whose something is that is not the program's, with the reason. */
export const OWNERS = {
  api: 'how the API asks and answers (filters, paging, rights, errors, spelling): the dialect',
  shown:
    'what apps, pages and receipts show (texts, pictures, order): no fact is worth more or less by it; the dialect keeps it',
  people: 'who a member is, how they sign in and are reached: enrolment, identities and the dialect',
  stores: 'what a store is and where: the fleet',
  till: 'prices, tax, discounts and tips of a basket: the till; the fact carries what was paid',
  goods: 'variants, stock and sending of goods: whoever fulfils; the entitlement only says how far it is',
  messages: 'mails and messages: whoever runs the tasks that rules tell of',
  billing: 'recurring payments of a subscription: the billing system; what it brings is a fact',
  unsaid: 'the contract does not say what it means',
} as const
export type Owner = keyof typeof OWNERS

export interface ContractMap {
  /** Parts of the contract that hold nothing of the program, and whose they are. */
  readonly elsewhere: Readonly<Partial<Record<Owner, readonly string[]>>>
  /**
   * `resource.field` or `resource.field=VALUE` (`*` for a field that every resource has): the paths of ours that express it, separated by commas.
   * A path goes through the program document; with `fact.`, `member.`, `clawback.` or `segment.` before it through a fact or an answer.
   */
  readonly expressed: Readonly<Record<string, string>>
  /** The contract's rules (their text or id): the rules of SPEC.md that keep them. */
  readonly rules: Readonly<Record<string, string>>
  /** Fields, values and rules of the same parts that are not the program's. */
  readonly not: Readonly<Partial<Record<Owner, readonly string[]>>>
}

/** All names of a map, with `*` where a row stands for every resource. */
export function namesOf({ expressed, rules, not }: ContractMap): string[] {
  return [...Object.keys(expressed), ...Object.keys(rules), ...Object.values(not).flat()]
}

/** The row of a map that stands for a name in a part of the contract; undefined: it has none. */
export function rowFor(names: ReadonlySet<string>, part: string, name: string): string | undefined {
  if (names.has(name)) return name
  const anywhere = name.startsWith(part) ? `*${name.slice(part.length)}` : name
  return names.has(anywhere) ? anywhere : undefined
}
