// What a member's facts come to as transactions: one line for each rule that a fact gave or took points by, and void pairs. Pure, and a function of
// the facts alone, so that the ingest, filling up and `verify` come to the same (PROJ-1).
import { compareCanonical } from '../../../../protocol/facts.ts'
import type { Fact } from '../../../../protocol/facts.ts'
import { NO_FACT } from '../../../../protocol/ids.ts'
import type { FactId } from '../../../../protocol/ids.ts'
import { millisOf } from '../../../../protocol/time.ts'
import type { Program } from '../../../evaluation/compile.ts'
import { POINTS } from '../../../evaluation/document/metrics.ts'
import { movesPoints } from '../../../evaluation/effects.ts'
import type { Effect } from '../../../evaluation/effects.ts'
import { titlesOf } from '../../../evaluation/explanation/titles.ts'
import { firstOf } from '../../../evaluation/spending/redemptions.ts'
import { voidable } from '../../../evaluation/spending/reversal.ts'

export interface FactView {
  readonly fact: Fact
  /** In all revisions together. */
  readonly effects: readonly Effect[]
  /** In force at the fact's time. */
  readonly program: Program | null
}

export type TransactionStatus = 'ACTIVE' | 'VOID' | 'VOID_REF'

export interface TransactionLine {
  readonly fact: FactId
  readonly rule: number
  readonly classification: 'EARN' | 'REDEEM'
  readonly title: string
  readonly points: number
  readonly quantity: number
  readonly status: TransactionStatus
  readonly location: number | null
  readonly at: number
  /** The fact that the other line of the void pair is of. */
  readonly pair: FactId | null
}

/** The lines of a member's facts. Of a fact that is voided, or voids, its partner must be among them. */
export function linesOf(views: readonly FactView[]): Map<FactId, TransactionLine[]> {
  const lines = new Map<FactId, TransactionLine[]>()
  for (const view of views) lines.set(view.fact.id, ownLines(view))
  for (const [target, settler] of settled(views)) {
    const voided = (lines.get(target.fact.id) ?? []).map((line): TransactionLine => ({
      ...line,
      status: 'VOID',
      pair: settler.fact.id,
    }))
    lines.set(target.fact.id, voided)
    const own = lines.get(settler.fact.id) ?? []
    lines.set(settler.fact.id, [...own, ...voided.map((line) => voidLine(line, target, settler))])
  }
  return lines
}

/** The fact that bears the transaction of what a void or a cancellation takes back; NO_FACT for any other fact. */
export function targetOf(fact: Fact): FactId {
  if (fact.kind === 'void') return fact.fact
  return fact.kind === 'redemption' && fact.stage === 'cancelled' ? fact.of : NO_FACT
}

/** What was taken back, with the first fact that did. */
function settled(views: readonly FactView[]): Map<FactView, FactView> {
  const byId = new Map(views.map((view) => [view.fact.id, view]))
  const pairs = new Map<FactView, FactView>()
  for (const settler of views.toSorted((a, b) => compareCanonical(a.fact, b.fact))) {
    const named = byId.get(targetOf(settler.fact))
    const target = named?.fact.kind === 'redemption' ? byId.get(firstOf(named.fact)) : named
    if (target === undefined || pairs.has(target) || compareCanonical(target.fact, settler.fact) > 0) continue
    if (takesBack(settler, target)) pairs.set(target, settler)
  }
  return pairs
}

function takesBack({ effects }: FactView, { fact }: FactView): boolean {
  if (fact.kind !== 'redemption') return voidable(fact)
  const first = firstOf(fact)
  return effects.some(({ kind, of, amount }) => kind === 'given_back' && of === first && amount > 0)
}

function ownLines(view: FactView): TransactionLine[] {
  const { fact, effects, program } = view
  const takesAway = targetOf(fact) !== NO_FACT
  const earned = new Map<number, number>()
  const lines: TransactionLine[] = []
  for (const effect of effects) {
    const { kind, rule, amount, of } = effect
    if (kind === 'progress') earned.set(rule, earned.get(rule) ?? 0)
    if (!movesPoints(effect) || kind === 'restore') continue
    // What a void takes stands beside what it voids.
    if (takesAway && kind === 'reverse' && of === targetOf(fact)) continue
    if (kind === 'spend') lines.push(lineOf(view, rule, 'REDEEM', -amount))
    else earned.set(rule, (earned.get(rule) ?? 0) + amount)
  }
  // What was posted stands, whatever it came to.
  if (fact.kind === 'activity') earned.set(fact.perk, earned.get(fact.perk) ?? 0)
  const free = fact.kind === 'redemption' && fact.of === NO_FACT && fact.points === 0
  if (free && (program?.redeemPerks.get(fact.perk)?.metric ?? POINTS) === POINTS)
    lines.push(lineOf(view, fact.perk, 'REDEEM', 0))
  for (const [rule, points] of earned) lines.push(lineOf(view, rule, 'EARN', points))
  return lines
}

function lineOf(
  { fact, program }: FactView,
  rule: number,
  classification: 'EARN' | 'REDEEM',
  points: number,
): TransactionLine {
  const known = program === null ? undefined : rulesOf(program).get(rule)
  return {
    fact: fact.id,
    rule,
    classification,
    title: known?.title ?? (fact.kind === 'adjustment' || fact.kind === 'grant' ? fact.reason : fact.kind),
    points,
    quantity: quantityOf(fact, rule, points, known?.each ?? 0),
    status: 'ACTIVE',
    location: fact.store > 0 ? fact.store : null,
    at: millisOf(fact.at),
    pair: null,
  }
}

/** Pieces of an activity; else how many times the perk's points it came to, where that is a whole number. */
function quantityOf(fact: Fact, rule: number, points: number, each: number): number {
  if (fact.kind === 'activity' && fact.perk === rule) return fact.quantity
  if (fact.kind === 'redemption') return 1
  return each > 0 && points !== 0 && points % each === 0 ? points / each : points < 0 ? -1 : 1
}

function voidLine(line: TransactionLine, target: FactView, settler: FactView): TransactionLine {
  let taken = 0
  for (const effect of settler.effects)
    if (effect.kind === 'reverse' && movesPoints(effect) && effect.of === target.fact.id)
      taken += effect.rule === line.rule ? effect.amount : 0
  return {
    ...line,
    fact: settler.fact.id,
    points: line.classification === 'REDEEM' ? -line.points : taken,
    quantity: -line.quantity,
    status: 'VOID_REF',
    location: settler.fact.store > 0 ? settler.fact.store : line.location,
    at: millisOf(settler.fact.at),
    pair: target.fact.id,
  }
}

interface Rule {
  readonly title: string
  /** Points for one piece; 0: not said. */
  readonly each: number
}

const rulesByProgram = new WeakMap<Program, Map<number, Rule>>()

function rulesOf(program: Program): Map<number, Rule> {
  let rules = rulesByProgram.get(program)
  if (rules === undefined) {
    rules = new Map([...titlesOf(program.document)].map(([rule, title]) => [rule, { title, each: 0 }]))
    for (const { id, title, award } of program.document.earn_perks)
      rules.set(id, { title, each: award.points })
    rulesByProgram.set(program, rules)
  }
  return rules
}
