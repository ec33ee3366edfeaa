// What sales, check-ins, enrolments, grants, returns and voids are worth, worked out the slow and obvious way: the document is read as it
// stands, days are calendar dates, shares are big integers, and everything that was ever given is looked up in one list. Shares no code with
// cloud/evaluation or with the arithmetic of protocol; only the types of the document and of the facts.
import type { BonusDocument, EarnPerkDocument, ProgramDocument } from '../../cloud/evaluation/document.ts'
import type { Fact, Return, Sale, SaleLine, Void } from '../../protocol/facts.ts'

export interface Version {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly document: ProgramDocument
}

/** Points of a rule on a fact; reversals under the rule of the points they take back, with the sale (or other fact) they take from. */
export interface Given {
  readonly fact: number
  readonly rule: number
  readonly points: number
  readonly takenFrom: number
}

export interface Verdict {
  readonly given: readonly Given[]
  readonly lifetime: number
  readonly tier: number
}

const MS_2020 = Date.parse('2020-01-01T00:00:00Z')
const WEEK = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

const msOf = (fact: Fact): number => MS_2020 + Math.floor(fact.at / 4096)
/** The store's wall clock, as a Date whose UTC fields read like the clock. */
const wallOf = (fact: Fact): Date => new Date(msOf(fact) + fact.offset * 60_000)
const dateOf = (fact: Fact): string => wallOf(fact).toISOString().slice(0, 10)
const timeOf = (fact: Fact): string => wallOf(fact).toISOString().slice(11, 16)

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10)
}

/** The Monday of a date's week. */
function mondayOf(date: string): string {
  let monday = date
  while (new Date(`${monday}T00:00:00Z`).getUTCDay() !== 1) monday = dayBefore(monday)
  return monday
}

function rounded(numerator: bigint, denominator: bigint, rounding: string): number {
  const low = numerator / denominator
  const rest = numerator - low * denominator
  const up =
    rounding === 'ceil'
      ? rest > 0n
      : rounding === 'half_up'
        ? rest * 2n >= denominator
        : rounding === 'half_even'
          ? rest * 2n > denominator || (rest * 2n === denominator && low % 2n === 1n)
          : false
  return Number(up ? low + 1n : low)
}

/** Largest remainder, one by one: whoever is furthest below its exact part gets the next. */
function shared(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  const fair = sum === 0 ? weights.map(() => 1) : weights
  const whole = BigInt(sum === 0 ? weights.length : sum)
  const parts = fair.map((weight) => Number((BigInt(total) * BigInt(weight)) / whole))
  let left = total - parts.reduce((a, b) => a + b, 0)
  const rest = fair.map((weight) => (BigInt(total) * BigInt(weight)) % whole)
  while (left > 0) {
    const most = rest.reduce((best, value, index) => (value > (rest[best] ?? -1n) ? index : best), 0)
    parts[most] = (parts[most] ?? 0) + 1
    rest[most] = -1n
    left -= 1
  }
  return parts
}

type Rule = Pick<EarnPerkDocument, 'status' | 'start' | 'end' | 'stores' | 'required_tier'>

class Oracle {
  readonly given: Given[] = []
  readonly #versions: readonly Version[]
  readonly #facts: readonly Fact[]
  /** `rule date` of every once-a-day award, and `rule window` of every sale a frequency counted. */
  readonly #marks: string[] = []
  readonly #returned = new Map<string, number>()
  readonly #voided = new Set<number>()
  readonly #done = new Set<number>()

  constructor(versions: readonly Version[], facts: readonly Fact[]) {
    this.#versions = versions
    this.#facts = facts
  }

  get lifetime(): number {
    return this.given.reduce((sum, { points }) => sum + points, 0)
  }

  documentAt(fact: Fact): ProgramDocument | undefined {
    return this.#versions
      .filter(({ from }) => from <= msOf(fact))
      .reduce<Version | undefined>(
        (best, one) => (best !== undefined && best.from > one.from ? best : one),
        undefined,
      )?.document
  }

  take(fact: Fact): void {
    const document = this.documentAt(fact)
    if (fact.kind === 'return') this.#giveBack(fact)
    else if (fact.kind === 'void') this.#void(fact)
    else if (document !== undefined) {
      if (fact.kind === 'sale') this.#sell(document, fact)
      if (fact.kind === 'checkin') this.#event(document, fact, 'CHECKIN')
      if (fact.kind === 'enrolment') this.#event(document, fact, 'REGISTRATION')
      if (fact.kind === 'grant' && fact.points > 0 && fact.points <= document.grant_points_max)
        this.#give(fact, 0, fact.points)
    }
    this.#done.add(fact.id)
  }

  #give(fact: Fact, rule: number, points: number, takenFrom = 0): void {
    this.given.push({ fact: fact.id, rule, points, takenFrom })
  }

  #allows(document: ProgramDocument, rule: Rule, fact: Fact, lifetime: number): boolean {
    const date = dateOf(fact)
    if (rule.status === 'INACTIVE') return false
    if (rule.start !== undefined && date < rule.start) return false
    if (rule.end !== undefined && date > rule.end) return false
    if (rule.stores !== undefined && !rule.stores.includes(fact.store)) return false
    const tier = document.tiers.find(({ id }) => id === rule.required_tier)
    return tier === undefined || lifetime >= tier.point_floor
  }

  #event(document: ProgramDocument, fact: Fact, type: string): void {
    const lifetime = this.lifetime
    for (const perk of document.earn_perks) {
      if (perk.type !== type || !this.#allows(document, perk, fact, lifetime) || this.#usedToday(perk, fact))
        continue
      this.#give(fact, perk.id, perk.award.points)
    }
  }

  /** Says whether a once-a-day perk was given this day already, and if not, that it is now. */
  #usedToday(perk: EarnPerkDocument, fact: Fact): boolean {
    if (perk.once_per_day !== true) return false
    const mark = `${perk.id} ${dateOf(fact)}`
    if (this.#marks.includes(mark)) return true
    this.#marks.push(mark)
    return false
  }

  #sell(document: ProgramDocument, sale: Sale): void {
    const lifetime = this.lifetime
    const earned = new Map<number, number>()
    for (const perk of document.earn_perks) {
      if (perk.type !== 'STANDARD' || !this.#allows(document, perk, sale, lifetime)) continue
      const lines = sale.lines.filter((line) => matches(perk, line))
      const amount = lines.reduce((sum, line) => sum + line.amount, 0)
      if (lines.length === 0 || amount < (perk.minimum_amount ?? 0)) continue
      const points = worth(perk, lines)
      if (points < 1 || this.#usedToday(perk, sale)) continue
      this.#give(sale, perk.id, points)
      earned.set(perk.id, points)
    }
    for (const bonus of document.bonuses) {
      let base = 0
      for (const [perk, points] of earned)
        if (bonus.perks === undefined || bonus.perks.includes(perk as never)) base += points
      if (base === 0 || !this.#allows(document, bonus, sale, lifetime) || !this.#comesIn(bonus, sale))
        continue
      const points =
        bonus.award.kind === 'fixed'
          ? bonus.award.points
          : rounded(BigInt(base * bonus.award.percent), 100n, 'floor')
      if (points > 0) this.#give(sale, bonus.id, points)
    }
  }

  #comesIn(bonus: BonusDocument, sale: Sale): boolean {
    switch (bonus.type) {
      case 'DATE_RANGE':
        return true
      case 'TIME':
        return bonus.schedule.some(({ days, from, to }) => {
          const date = dateOf(sale)
          const named = (of: string): boolean =>
            days.some((day) => day === WEEK[new Date(`${of}T00:00:00Z`).getUTCDay()])
          const time = timeOf(sale)
          if (from < to) return named(date) && time >= from && time < to
          return (named(date) && time >= from) || (named(dayBefore(date)) && time < to)
        })
      case 'FREQUENCY': {
        const date = dateOf(sale)
        if (bonus.from_date !== undefined && date < bonus.from_date) return false
        const window =
          bonus.frequency === 'WEEKLY'
            ? mondayOf(date)
            : bonus.frequency === 'MONTHLY'
              ? date.slice(0, 7)
              : 'from date'
        const mark = `${bonus.id} ${window}`
        this.#marks.push(mark)
        const count = this.#marks.filter((other) => other === mark).length
        return bonus.frequency === 'FROM_DATE'
          ? count % bonus.required_to_earn === 0
          : count === bonus.required_to_earn
      }
    }
  }

  #known(id: number): Fact | undefined {
    return this.#done.has(id) ? this.#facts.find((fact) => fact.id === id) : undefined
  }

  /** What each line of a sale brought under a rule. */
  #byLine(sale: Sale, rule: number, points: number): number[] {
    const document = this.documentAt(sale)
    const amounts = sale.lines.map(({ amount }) => amount)
    const perk = document?.earn_perks.find(({ id }) => id === rule)
    if (perk !== undefined) {
      const matching = sale.lines.flatMap((line, index) => (matches(perk, line) ? [index] : []))
      const weights = matching.map((index) =>
        perk.award.kind === 'per_item' ? (sale.lines[index]?.quantity ?? 0) : (amounts[index] ?? 0),
      )
      const parts = shared(points, weights)
      return sale.lines.map((_, index) => parts[matching.indexOf(index)] ?? 0)
    }
    const bonus = document?.bonuses.find(({ id }) => id === rule)
    if (bonus?.award.kind !== 'multiplier') return shared(points, amounts)
    const weights = sale.lines.map(() => 0)
    for (const base of this.given) {
      const qualifies = base.fact === sale.id && document?.earn_perks.some(({ id }) => id === base.rule)
      if (qualifies !== true || (bonus.perks !== undefined && !bonus.perks.includes(base.rule as never)))
        continue
      for (const [index, part] of this.#byLine(sale, base.rule, base.points).entries())
        weights[index] = (weights[index] ?? 0) + part
    }
    return shared(points, weights)
  }

  #giveBack(fact: Return): void {
    for (const id of new Set(fact.lines.map(({ sale }) => sale))) {
      const sale = this.#known(id)
      if (sale?.kind !== 'sale' || this.#voided.has(id)) continue
      const before = sale.lines.map((_, line) => this.#returned.get(`${id} ${line}`))
      for (const { sale: of, line, quantity } of fact.lines) {
        const sold = sale.lines[line]?.quantity
        if (of !== id || sold === undefined) continue
        this.#returned.set(
          `${id} ${line}`,
          Math.min(sold, (this.#returned.get(`${id} ${line}`) ?? 0) + quantity),
        )
      }
      for (const { rule, points } of this.given.filter((one) => one.fact === id)) {
        const parts = this.#byLine(sale, rule, points)
        const taken = sale.lines.reduce((sum, { quantity: sold }, line) => {
          const part = parts[line] ?? 0
          const now = takenOf(part, this.#returned.get(`${id} ${line}`), sold)
          return sum + now - takenOf(part, before[line], sold)
        }, 0)
        if (taken > 0) this.#give(fact, rule, -taken, id)
      }
    }
  }

  #void(fact: Void): void {
    const about = this.#known(fact.fact)
    if (
      about === undefined ||
      !['sale', 'checkin', 'grant'].includes(about.kind) ||
      this.#voided.has(about.id)
    )
      return
    this.#voided.add(about.id)
    for (const { rule, points } of this.given.filter((one) => one.fact === about.id)) {
      const taken = this.given
        .filter((one) => one.takenFrom === about.id && one.rule === rule)
        .reduce((sum, one) => sum - one.points, 0)
      if (points > taken) this.#give(fact, rule, taken - points, about.id)
    }
  }
}

function takenOf(points: number, returned: number | undefined, sold: number): number {
  if (returned === undefined) return 0
  return returned >= sold ? points : Number((BigInt(points) * BigInt(returned)) / BigInt(sold))
}

function matches(perk: EarnPerkDocument, line: SaleLine): boolean {
  if (perk.skus === undefined && perk.categories === undefined) return true
  return (
    (perk.skus ?? []).includes(line.sku) ||
    (line.category !== null && (perk.categories ?? []).includes(line.category))
  )
}

function worth({ award }: EarnPerkDocument, lines: readonly SaleLine[]): number {
  if (award.kind === 'fixed') return award.points
  if (award.kind === 'per_item')
    return Math.floor(lines.reduce((sum, { quantity }) => sum + quantity, 0) / 1000) * award.points
  const amount = lines.reduce((sum, line) => sum + line.amount, 0)
  return rounded(BigInt(amount) * BigInt(award.points), BigInt(award.unit), award.rounding)
}

/** Judges one member's facts, in whatever order they are given. */
export function judge(versions: readonly Version[], facts: readonly Fact[]): Verdict {
  const oracle = new Oracle(versions, facts)
  let tier = 0
  const ordered = [...facts].sort((a, b) => (a.at < b.at || (a.at === b.at && a.id < b.id) ? -1 : 1))
  for (const fact of ordered) {
    oracle.take(fact)
    const { lifetime } = oracle
    for (const { id, point_floor } of oracle.documentAt(fact)?.tiers ?? [])
      if (point_floor <= lifetime) tier = id
  }
  return { given: oracle.given, lifetime: oracle.lifetime, tier }
}
