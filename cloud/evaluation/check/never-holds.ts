// Conditions that can never hold: a number below 3 and above 5, two lists of stores without a common one, a basket asked of a check-in. Only what
// is certain is told; a tree this says nothing about may still never hold.
import type { FactKind } from '../../../protocol/facts.ts'
import type { Comparison, ConditionDocument, NumberName } from '../document/conditions.ts'
import { POINTS } from '../document/metrics.ts'
import type { ProgramDocument } from '../document/program.ts'
import { tiersArePlain } from '../tiers/tiers.ts'
import type { DocumentWarning } from './issue.ts'
import { conditionsOf } from './places.ts'

type Kinds = readonly FactKind[] | null

/** Facts that have each number, null: all; and the values it can take. */
const DOMAINS: Readonly<Record<NumberName, { readonly kinds: Kinds; readonly of: Interval }>> = {
  amount: { kinds: ['sale', 'return', 'redemption'], of: [0, Infinity] },
  items: { kinds: ['sale', 'return', 'redemption'], of: [0, Infinity] },
  lines: { kinds: ['sale', 'return', 'redemption'], of: [0, Infinity] },
  minute: { kinds: null, of: [0, 1439] },
  weekday: { kinds: null, of: [1, 7] },
  day_of_month: { kinds: null, of: [1, 31] },
  month: { kinds: null, of: [1, 12] },
  age: { kinds: null, of: [0, Infinity] },
  membership_days: { kinds: null, of: [0, Infinity] },
}
/** Numbers that every fact of every member has. */
const ALWAYS_KNOWN: readonly NumberName[] = ['minute', 'weekday', 'day_of_month', 'month']

export function* conditionWarnings(document: ProgramDocument): Generator<DocumentWarning> {
  for (const { path, condition, kinds, stores, tier, active } of conditionsOf(document)) {
    if (!active) continue
    const within: readonly ConditionDocument[] = stores === undefined ? [] : [{ store: stores }]
    if (!neverHolds(condition, kinds) && neverHolds({ all: [...within, condition] }, kinds))
      yield {
        path,
        code: 'condition_never_holds',
        message: "it asks for stores that are none of the rule's own; mend one of the two lists",
      }
    const floor = floorOf(document, tier)
    const reached: ConditionDocument = { metric: POINTS, part: 'lifetime', is: 'ge', value: floor }
    if (floor > 0 && !neverHolds(condition, kinds) && neverHolds({ all: [reached, condition] }, kinds))
      yield {
        path,
        code: 'condition_never_holds',
        message: `tier ${tier} takes ${floor} lifetime points, and this asks for fewer; mend one of the two`,
      }
    for (const dead of deadParts(condition, kinds, path))
      yield {
        path: dead,
        code: 'condition_never_holds',
        message: 'this can never hold; mend it or take it out',
      }
  }
}

/** Lifetime points that whoever has the tier has, where they alone make the tiers; else 0. */
function floorOf(document: ProgramDocument, tier: number | undefined): number {
  if (tier === undefined || !tiersArePlain(document)) return 0
  return document.tiers.find(({ id }) => id === tier)?.point_floor ?? 0
}

/** The smallest parts of a tree that never hold and that it would be a different tree without. */
function* deadParts(condition: ConditionDocument, kinds: Kinds, path: string): Generator<string> {
  const word = 'all' in condition ? 'all' : 'any'
  const parts = 'all' in condition ? condition.all : 'any' in condition ? condition.any : []
  const narrowed = 'all' in condition ? narrowedBy(parts, kinds) : kinds
  const dead = [...parts.entries()].filter(([, part]) => neverHolds(part, narrowed))
  if (parts.length > 0 && (dead.length > 0 || !neverHolds(condition, kinds)))
    for (const [index, part] of parts.entries()) yield* deadParts(part, narrowed, `${path}/${word}/${index}`)
  else if (neverHolds(condition, kinds)) yield path
}

export function neverHolds(condition: ConditionDocument, kinds: Kinds): boolean {
  if ('all' in condition) {
    const parts = flattened(condition.all)
    const narrowed = narrowedBy(parts, kinds)
    return narrowed?.length === 0 || parts.some((part) => neverHolds(part, narrowed)) || contradict(parts)
  }
  if ('any' in condition) return condition.any.every((part) => neverHolds(part, kinds))
  if ('not' in condition) return alwaysHolds(condition.not)
  if ('kind' in condition) return kinds !== null && !condition.kind.some((kind) => kinds.includes(kind))
  const needed = factsOf(condition)
  if (kinds !== null && needed !== null && !needed.some((kind) => kinds.includes(kind))) return true
  const asked = intervalOf(condition)
  return asked !== undefined && isEmpty(intersection(asked.domain, asked.interval))
}

function alwaysHolds(condition: ConditionDocument): boolean {
  if ('all' in condition) return condition.all.every(alwaysHolds)
  if ('any' in condition) return condition.any.some(alwaysHolds)
  if ('not' in condition) return neverHolds(condition.not, null)
  if (!('number' in condition) || !ALWAYS_KNOWN.includes(condition.number)) return false
  const { domain, interval } = intervalOf(condition) ?? { domain: EVERYTHING, interval: EVERYTHING }
  const both = intersection(domain, interval)
  return condition.is !== 'ne' && both[0] === domain[0] && both[1] === domain[1]
}

const flattened = (parts: readonly ConditionDocument[]): ConditionDocument[] =>
  parts.flatMap((part) => ('all' in part ? flattened(part.all) : [part]))

function narrowedBy(parts: readonly ConditionDocument[], kinds: Kinds): Kinds {
  return parts.reduce<Kinds>(
    (left, part) =>
      'kind' in part ? part.kind.filter((kind) => left === null || left.includes(kind)) : left,
    kinds,
  )
}

/** Kinds of fact that have what a leaf asks for. */
function factsOf(leaf: ConditionDocument): Kinds {
  if ('referral' in leaf) return ['referral']
  if ('basket' in leaf || 'payment' in leaf) return ['sale', 'redemption']
  return 'number' in leaf ? DOMAINS[leaf.number].kinds : null
}

/** Integers from the first to the last, both included. */
type Interval = readonly [low: number, high: number]
const EVERYTHING: Interval = [-Infinity, Infinity]

const intersection = ([a, b]: Interval, [c, d]: Interval): Interval => [Math.max(a, c), Math.min(b, d)]
const isEmpty = ([low, high]: Interval): boolean => low > high

function intervalFor(is: Comparison, value: number): Interval {
  switch (is) {
    case 'eq':
      return [value, value]
    case 'ne':
      return EVERYTHING
    case 'lt':
      return [-Infinity, value - 1]
    case 'le':
      return [-Infinity, value]
    case 'gt':
      return [value + 1, Infinity]
    case 'ge':
      return [value, Infinity]
    default:
      return is satisfies never
  }
}

interface AskedNumber {
  /** Which number it is: leaves with the same subject ask about the same one. */
  readonly subject: string
  readonly domain: Interval
  readonly interval: Interval
  readonly except: number | undefined
}

function intervalOf(leaf: ConditionDocument): AskedNumber | undefined {
  if (!('is' in leaf)) return undefined
  const { is, value, ...subject } = leaf
  const domain =
    'number' in leaf ? DOMAINS[leaf.number].of : 'applied' in leaf ? ([0, Infinity] as const) : EVERYTHING
  return {
    subject: JSON.stringify(subject),
    domain,
    interval: intervalFor(is, value),
    except: is === 'ne' ? value : undefined,
  }
}

/** Whether conditions that must all hold rule each other out. */
function contradict(parts: readonly ConditionDocument[]): boolean {
  return numbersContradict(parts) || listsContradict(parts) || oppositesMeet(parts)
}

function numbersContradict(parts: readonly ConditionDocument[]): boolean {
  const asked = parts.flatMap((part) => intervalOf(part) ?? [])
  const left = new Map<string, Interval>()
  for (const { subject, domain, interval } of asked)
    left.set(subject, intersection(left.get(subject) ?? domain, interval))
  return (
    [...left.values()].some(isEmpty) ||
    asked.some(({ subject, except }) => {
      const [low, high] = left.get(subject) ?? EVERYTHING
      return low === high && low === except
    })
  )
}

/** Lists of which the one value a fact or member has must be in each. */
function listsContradict(parts: readonly ConditionDocument[]): boolean {
  const left = new Map<string, readonly (string | number)[]>()
  for (const part of parts) {
    const [subject, list] =
      'store' in part
        ? (['store', part.store] as const)
        : 'attribute' in part
          ? ([`attribute ${part.attribute}`, part.in] as const)
          : ['', undefined]
    if (list === undefined) continue
    const allowed = new Set<string | number>(list)
    left.set(subject, left.get(subject)?.filter((value) => allowed.has(value)) ?? list)
  }
  return [...left.values()].some((list) => list.length === 0)
}

/** A condition and its own opposite. */
function oppositesMeet(parts: readonly ConditionDocument[]): boolean {
  const texts = new Set(parts.map((part) => JSON.stringify(part)))
  return parts.some(
    (part) =>
      ('not' in part && texts.has(JSON.stringify(part.not))) ||
      ('home_store' in part && texts.has(JSON.stringify({ home_store: !part.home_store }))),
  )
}
