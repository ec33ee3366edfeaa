// Stories of one member, told in rows that need no code to be read: when | what | points. A row that asks ("asks for 301") makes no fact and
// is answered with "yes" or a refusal code. The tables around this file are the rules of cloud/evaluation/SPEC.md, case by case.
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import { movesPoints } from '../../cloud/evaluation/effects.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { mayRedeem, mayUse } from '../../cloud/evaluation/spending/spending.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { copyState, newState } from '../../cloud/evaluation/state.ts'
import { factValidator } from '../../protocol/codec.ts'
import type { Basket, Fact } from '../../protocol/facts.ts'
import { factFault } from '../../protocol/facts.ts'
import type { FactId, ProgramVersion, RuleId, Seq, StoreId } from '../../protocol/ids.ts'
import { NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import { assert } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { hybridTime, millisOfWallClock, zoneOffset } from '../../protocol/time.ts'
import type { HybridTime, ZoneOffset } from '../../protocol/time.ts'
import { MEMBER, ORIGIN, SECRET, SENTENCES, basketOf, codeOf } from './sentences.ts'
import type { IdOf } from './sentences.ts'

/** Shops by the name a row uses; the number is the store's id. */
export const SHOPS = {
  London: { id: 1, zone: 'Europe/London' },
  Berlin: { id: 2, zone: 'Europe/Berlin' },
  'New York': { id: 3, zone: 'America/New_York' },
  Auckland: { id: 4, zone: 'Pacific/Auckland' },
  Honolulu: { id: 5, zone: 'Pacific/Honolulu' },
} as const
type Shop = keyof typeof SHOPS

/** A checked program: what is not said is empty, one tier for everyone, promises are not kept. */
export function program(parts: Readonly<Record<string, unknown>>): ProgramDocument {
  const checked = checkDocument({
    name: 'Table',
    currency: 'GBP',
    currency_digits: 2,
    lateness: 'rewrite',
    goodwill_points_max: 0,
    grant_points_max: 500,
    voucher_secret: SECRET,
    tiers: [{ id: 1, name: 'Basic', point_floor: 0 }],
    earn_perks: [],
    bonuses: [],
    redeem_perks: [],
    ...parts,
  })
  if (!checked.ok) throw new Error(checked.issues.map(({ path, message }) => `${path} ${message}`).join('; '))
  return checked.document
}

/** Perk 101: a point for each whole pound. */
export const POINT_PER_POUND = {
  id: 101,
  title: 'A point per pound',
  type: 'STANDARD',
  award: { kind: 'per_currency_unit', points: 1, unit: 100, rounding: 'floor' },
} as const

/** What became of a row: the points and effects of its fact and the state after it, or the answer to its question. */
export interface Told {
  readonly row: string
  readonly fact: Fact | null
  readonly effects: readonly Effect[]
  readonly points: number
  readonly answer: string
  readonly after: MemberState
}

/** Versions of a program, each with the moment it takes effect (London time). */
export type Versions = readonly (readonly [from: string, document: ProgramDocument])[]

export function programsOf(versions: ProgramDocument | Versions): Programs {
  const list: Versions = Array.isArray(versions)
    ? (versions as Versions)
    : [['2019-01-01 00:00', versions as ProgramDocument]]
  return new Programs(
    list.map(([from, document], index) => ({
      version: (index + 1) as ProgramVersion,
      effectiveFrom: placeOf(from, 0).at,
      document: JSON.stringify(document),
    })),
  )
}

interface Place {
  readonly store: StoreId
  readonly at: HybridTime
  readonly offset: ZoneOffset
}

/** `2024-10-27 01:30 again New York`: a wall-clock time, the second one where the night repeats an hour, and a shop (London if none). */
function placeOf(when: string, counter: number): Place {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)( again)?(?: (.+))?$/.exec(when)
  assert(match !== null, `"${when}" is a time`)
  const shop = SHOPS[(match[4] ?? 'London') as Shop]
  assert(shop !== undefined, `${match[4]} is a shop`)
  const first = millisOfWallClock(Date.parse(`${match[1]}T${match[2]}:00Z`), shop.zone)
  const ms = match[3] === undefined ? first : first + 3_600_000
  return { store: shop.id as StoreId, at: hybridTime(ms, counter), offset: zoneOffset(shop.zone, ms) }
}

/** After a deed: its till's clock could not be trusted. */
const UNSURE = ' by an unsure clock'

interface Row {
  readonly text: string
  readonly place: Place
  readonly what: string
  readonly points: string
  readonly byRule: string | undefined
}

function rowOf(text: string, index: number): Row {
  const [when = '', what = '', points = '', byRule] = text.split('|').map((cell) => cell.trim())
  return { text, place: placeOf(when, index), what, points, byRule }
}

function factOf(row: Row, index: number, costOf: (perk: string) => number): Fact {
  const promise = / promised (-?\d+)( provisionally)?$/.exec(row.what)
  const told = promise === null ? row.what : row.what.slice(0, promise.index)
  const suspect = told.endsWith(UNSURE)
  const what = suspect ? told.slice(0, -UNSURE.length) : told
  const idOf: IdOf = (number) => factIdOf(ORIGIN, (Number(number) + 1) as Seq)
  for (const [pattern, make] of SENTENCES) {
    const match = pattern.exec(what)
    if (match === null) continue
    const { kind, ...own } = make(match, idOf, costOf)
    const header = {
      kind,
      id: kind === 'enrolment' ? MEMBER : idOf(String(index + 1)),
      at: row.place.at,
      claimed: null,
      offset: row.place.offset,
      store: row.place.store,
      terminal: 't1',
      key: `row-${index + 1}`,
      program: 1,
      member: kind === 'enrolment' ? NO_MEMBER : MEMBER,
      claim: null,
      promised: Number(promise?.[1] ?? 0),
      confirmed: promise !== null && promise[2] === undefined,
      suspect,
    }
    const fact = { ...header, ...own } as unknown as Fact
    const { accepts, explain } = factValidator(fact.kind)
    assert(
      accepts(fact) && factFault(fact) === undefined,
      `"${row.text}" is a fact: ${JSON.stringify(explain(fact))}`,
    )
    return fact
  }
  throw new Error(`"${what}" is not a sentence of a story`)
}

/** Folds the rows in canonical order, whatever their order here, and says for each what came of it. `#n` in a row is the n-th row. */
export function tell(versions: ProgramDocument | Versions, story: readonly string[]): Told[] {
  const programs = programsOf(versions)
  const rows = story.map(rowOf)
  const costOf =
    (row: Row) =>
    (perk: string): number =>
      programs.program(row.place.at)?.redeemPerks.get(Number(perk) as RuleId)?.points ?? 0
  const facts = rows.map((row, index) =>
    row.what.startsWith('asks ') ? null : factOf(row, index, costOf(row)),
  )
  const all = facts.filter((fact) => fact !== null)
  const told = new Map<FactId, Pick<Told, 'effects' | 'after'>>()
  foldFacts(programs, newState(), all, NOTHING_EARLIER, (fact, effects, state) => {
    told.set(fact.id, { effects, after: copyState(state) })
  })
  return rows.map((row, index): Told => {
    const fact = facts[index] ?? null
    if (fact === null) return asked(programs, row, all)
    const { effects, after } = told.get(fact.id) ?? { effects: [], after: newState() }
    const points = effects.reduce((sum, effect) => (movesPoints(effect) ? sum + effect.amount : sum), 0)
    return { row: row.text, fact, effects, points, answer: String(points), after }
  })
}

/** A question, answered from the facts before it. */
function asked(programs: Programs, row: Row, facts: readonly Fact[]): Told {
  const state = newState()
  foldFacts(
    programs,
    state,
    facts.filter(({ at }) => at < row.place.at),
    NOTHING_EARLIER,
  )
  const asks =
    /^asks for (\d+)(?: on (.+?)(?: paid (.+?))?)?(?: naming (\d+) points)?(?: with (\d+) points held)?(?: and (\d+) uses held)?(?: with (\d+) of all redeemed)?(?: and (\d+) here)?$/.exec(
      row.what,
    )
  const use = /^asks to use voucher (.+)$/.exec(row.what)
  const found = programs.program(row.place.at)
  let result: Result<unknown>
  if (asks !== null) {
    assert(found !== null, 'a program is in force')
    const [, perk, goods, paid, named, ...numbers] = asks
    const [points, uses, budgetUsed, budgetUsedHere] = numbers.map((text) => Number(text ?? 0))
    const basket = goods === undefined ? null : (basketOf(goods, paid) as unknown as Basket)
    const held = {
      points: points ?? 0,
      uses: uses ?? 0,
      budgetUsed: budgetUsed ?? 0,
      budgetUsedHere: budgetUsedHere ?? 0,
    }
    result = mayRedeem(
      found,
      state,
      Number(perk) as RuleId,
      { ...row.place, basket },
      held,
      named === undefined ? null : Number(named),
    )
  } else {
    assert(use !== null, `"${row.what}" is a question of a story`)
    const idOf: IdOf = (number) => factIdOf(ORIGIN, (Number(number) + 1) as Seq)
    result = mayUse(found, state, codeOf(use[1] ?? '', idOf), row.place)
  }
  const answer = result.ok ? 'yes' : result.refusal.code
  return { row: row.text, fact: null, effects: [], points: 0, answer, after: state }
}

/** `101:10 201:5`: points of a row's effects by rule, in the rules' order. */
export function pointsByRule(effects: readonly Effect[]): string {
  const sums = new Map<number, number>()
  for (const effect of effects)
    if (movesPoints(effect)) sums.set(effect.rule, (sums.get(effect.rule) ?? 0) + effect.amount)
  return [...sums]
    .toSorted(([a], [b]) => a - b)
    .map(([rule, points]) => `${rule}:${points}`)
    .join(' ')
}

/** The rows as they should read: with the points (and, where the row says them, the rules) that really came out. */
export function retold(versions: ProgramDocument | Versions, story: readonly string[]): string[] {
  return tell(versions, story).map(({ row, answer, effects }, index) => {
    const { points, byRule } = rowOf(row, index)
    const [when = '', what = ''] = row.split('|')
    assert(points !== '', `"${row}" says its points`)
    return [when, what, ` ${answer}`, ...(byRule === undefined ? [] : [` ${pointsByRule(effects)}`])].join(
      '|',
    )
  })
}

/** The rows as written, in the same spacing. */
export function written(story: readonly string[]): string[] {
  return story.map((row, index) => {
    const { points, byRule } = rowOf(row, index)
    const [when = '', what = ''] = row.split('|')
    return [when, what, ` ${points}`, ...(byRule === undefined ? [] : [` ${byRule}`])].join('|')
  })
}
