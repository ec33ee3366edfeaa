// P-LEASE-3 after every step: what each COMMIT of the cloud wrote is added up here, by sums of its own over the rows of facts, effects and aliases, and compared
// with what the product keeps. Available (balance less leased less held) may become negative, or more so, by no more than what that very commit booked as
// risk or took back. Only members and leases that the commit touched are looked at; nothing is read but open decisions. Limits, budgets and vouchers
// are the bounds watch's.
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { FactId, MemberId, Origin, RuleId } from '../../protocol/ids.ts'
import type { LeaseLine, LeaseSubject } from '../../protocol/leases.ts'
import type { Millis } from '../../protocol/time.ts'
import { movesAmount } from '../../cloud/evaluation/effects.ts'
import type { Effect } from '../../cloud/evaluation/effects.ts'
import type { BookRow, BudgetReads } from '../../cloud/store/lease-port.ts'
import type { AliasRow, CloudStore, HoldRow, TenantId, Writes } from '../../cloud/store/port.ts'
import { BoundsStep, BoundsWatch } from './bounds-watch.ts'
import type { BoundsPlan, Rights } from './bounds-watch.ts'

const POINTS = 0
const NOBODY = 0 as MemberId
const ALL = { after: 0, limit: 1_000_000 } as const

/** What the facts about a lease come to. */
interface Totals {
  granted: number
  spent: number
  returned: number
  writtenOff: number
}

/** Of all leases of one name, or of the store's budgets, on one subject and item: what is left to spend. */
interface Sum {
  readonly subject: LeaseSubject
  readonly item: number
  left: number
}

interface Account extends Totals {
  readonly lease: number
  readonly sum: Sum
  readonly line: Pick<LeaseLine, 'subject' | 'member' | 'item' | 'code'>
  readonly origin: Origin
}

/** What one transaction wrote. */
class Step extends BoundsStep {
  readonly saved = new Map<number, Readonly<Totals>>()
  readonly aliases: AliasRow[] = []
  readonly books: BookRow[] = []
}

/** Decisions that are open after a step: of the members that it touched, and on perks with a budget. */
type Held = Pick<Rights, 'holds' | 'heldOf'>

export class LeaseWatch {
  readonly #now: () => number
  readonly #wrong: (sentence: string) => void
  readonly #accounts = new Map<number, Account>()
  /** By the name they were granted under, and by the code of a voucher. */
  readonly #ofName = new Map<MemberId, Sum[]>()
  readonly #ofCode = new Map<string, Account[]>()
  readonly #ofBudgets: Sum[] = []
  readonly #amounts = new Map<MemberId, number>()
  readonly #roots = new Map<MemberId, MemberId>()
  readonly #names = new Map<MemberId, Set<MemberId>>()
  /** By how much more was given out than there is, after the last commit. */
  readonly #short = new Map<MemberId, number>()
  readonly #redemptions = new Set<FactId>()
  /** Members that the cloud ever decided about. */
  readonly #decided = new Set<MemberId>()
  /** Facts of the step that took more of a lease than it had to give. */
  readonly #beyond = new Set<FactId>()
  readonly #plan: BoundsPlan
  readonly #bounds: BoundsWatch
  #audits = 0

  constructor(now: () => number, plan: BoundsPlan, wrong: (sentence: string) => void) {
    this.#now = now
    this.#plan = plan
    this.#wrong = wrong
    this.#bounds = new BoundsWatch(plan, wrong)
  }

  /** Members that were looked at, once in each commit that touched them. */
  get audits(): number {
    return this.#audits
  }

  /** Stands right at the store: what a crash rolls back is not counted. */
  watched(store: CloudStore, tenant: () => TenantId): CloudStore {
    let step = new Step()
    const recorders = new WeakMap<Writes, Writes>()
    return {
      read: store.read,
      mendStatesBy: (mend) => store.mendStatesBy(mend),
      mendRowsBy: (mend) => store.mendRowsBy(mend),
      onAccessChanged: (listener) => store.onAccessChanged(listener),
      close: () => store.close(),
      write: async (work) => {
        const done = await store.write(async (tx) => {
          step = new Step()
          const did = step
          const recorded = recorders.get(tx) ?? recorder(tx, () => step)
          recorders.set(tx, recorded)
          const value = await work(recorded)
          return { value, did, held: await this.#held(tx, tenant(), did) }
        })
        this.#take(done.did, done.held)
        return done.value
      },
    }
  }

  /** A cloud that was put back knows less: all of it is added up again. */
  async putBack(store: CloudStore, tenant: TenantId): Promise<void> {
    const { read } = store
    for (const sums of [this.#accounts, this.#ofName, this.#ofCode, this.#amounts]) sums.clear()
    for (const sums of [this.#roots, this.#names, this.#short]) sums.clear()
    this.#ofBudgets.length = 0
    this.#bounds.forget()
    const step = new Step()
    for (const kind of ['lease', 'redemption', 'voucher_use'] as const)
      for (const { id, bytes, status } of await read.facts(tenant, { kind }, ALL)) {
        step.facts.push(decodeStoredFact(bytes))
        step.statuses.set(id, status)
      }
    step.activities.push(...(await read.activities(tenant, ALL)))
    // Some have facts and leases, and their enrolment is yet to come again (I-9).
    const members = [...this.#namesIn(step)]
    step.aliases.push(...(await store.write((tx) => tx.aliases(members))))
    this.#add(step)
    const holds = new Map<MemberId, readonly HoldRow[]>()
    for (const member of members) {
      this.#decided.add(member)
      const open = await read.openHolds(tenant, member, this.#now() as Millis)
      step.opened.push(...open)
      holds.set(member, open)
      const held = open.reduce(pointsAdded, 0)
      this.#short.set(member, Math.max(0, this.#outstanding(member) + held - this.#amount(member)))
    }
    const heldOf = await this.#heldOf(read, tenant)
    this.#bounds.take(step, this.#rights({ holds, heldOf }), this.#now(), false)
  }

  /** What open decisions hold of the members that were touched: asked inside the transaction, because a decision ends by the clock too. */
  async #held(tx: Writes, tenant: TenantId, step: Step): Promise<Held> {
    const renamed = new Map(step.aliases.map(({ member, root }) => [member, root]))
    const rootOf = (name: MemberId): MemberId => renamed.get(name) ?? this.#rootOf(name)
    for (const { member } of step.opened) this.#decided.add(member)
    const touched = new Set([...this.#namesIn(step)].map(rootOf))
    const holds = new Map<MemberId, readonly HoldRow[]>()
    for (const root of touched) {
      const decided = this.#isDecided(root, step)
      holds.set(root, decided ? await tx.openHolds(tenant, root, this.#now() as Millis) : [])
    }
    const concerned = step.facts.length > 0 || step.opened.length > 0
    return { holds, heldOf: concerned ? await this.#heldOf(tx, tenant) : new Map() }
  }

  async #heldOf(read: BudgetReads, tenant: TenantId): Promise<ReadonlyMap<RuleId, number>> {
    const held = new Map<RuleId, number>()
    for (const { perk } of this.#plan.budgets) {
      const counts = await read.heldOfPerk(tenant, perk, this.#now() as Millis)
      held.set(
        perk,
        counts.reduce((sum, { count }) => sum + count, 0),
      )
    }
    return held
  }

  #rights(held: Held): Rights {
    return {
      ...held,
      beyond: this.#beyond,
      lineOf: (lease) => this.#accounts.get(lease)?.line,
      left: (subject, item, root) => this.#left(subject, item, root),
      namesOf: (root) => this.#namesOf(root),
      rootOf: (name) => this.#rootOf(name),
    }
  }

  #isDecided(root: MemberId, { aliases }: Step): boolean {
    if (this.#decided.has(root)) return true
    for (const name of this.#names.get(root) ?? []) if (this.#decided.has(name)) return true
    return aliases.some((row) => row.root === root && this.#decided.has(row.member))
  }

  #namesIn(step: Step): Set<MemberId> {
    const names = new Set(step.opened.map(({ member }) => member))
    for (const { member } of step.activities) names.add(member)
    for (const { member, root } of step.aliases) names.add(member).add(root).add(this.#rootOf(member))
    for (const fact of step.facts) {
      if (fact.kind === 'lease') for (const { member } of fact.lines) names.add(member)
      else names.add(fact.member)
    }
    names.delete(NOBODY)
    return names
  }

  #take(step: Step, held: Held): void {
    const before = this.#shortBefore(step, held.holds)
    this.#add(step)
    for (const [lease, saved] of step.saved) this.#compare(lease, saved)
    this.#bounds.take(step, this.#rights(held), this.#now())
    for (const [member, open] of held.holds) {
      this.#audits += 1
      const holds = open.reduce(pointsAdded, 0)
      const leased = this.#outstanding(member)
      const short = Math.max(0, leased + holds - this.#amount(member))
      this.#short.set(member, short)
      const was = before.get(member) ?? 0
      // What was booked and taken is reckoned, from all of the step, only where it decides: not of each of the hundreds of members of a long one.
      if (short <= was && step.books.length === 0) continue
      const may = was + this.#riskedIn(step, member) + this.#takenIn(step, member)
      if (short > may)
        this.#wrong(
          `member ${member}: ${this.#amount(member)} less ${leased} leased and ${holds} held is ${-short}, where this commit allows ${-may}`,
        )
    }
  }

  /** Members that become one, or are no longer, have what was missing of either. */
  #shortBefore(step: Step, roots: ReadonlyMap<MemberId, unknown>): Map<MemberId, number> {
    const before = new Map<MemberId, number>()
    for (const root of roots.keys()) {
      if (step.aliases.length === 0) {
        before.set(root, this.#short.get(root) ?? 0)
        continue
      }
      const joined = step.aliases.filter((row) => row.root === root).map(({ member }) => this.#rootOf(member))
      const earlier = new Set([root, this.#rootOf(root), ...joined])
      before.set(
        root,
        [...earlier].reduce((sum, member) => sum + (this.#short.get(member) ?? 0), 0),
      )
    }
    return before
  }

  #riskedIn({ books }: Step, member: MemberId): number {
    return books.reduce((sum, row) => (this.#rootOf(row.member) === member ? sum + row.risk : sum), 0)
  }

  /** What facts that are no redemptions took, each in all, under whichever name of the member's; one that moves points between members takes nothing. */
  #takenIn({ activities }: Step, member: MemberId): number {
    const net = new Map<FactId, number>()
    for (const one of activities)
      if (this.#rootOf(one.member) === member && !this.#redemptions.has(one.fact))
        net.set(one.fact, (net.get(one.fact) ?? 0) + moved(one.effects))
    return [...net.values()].reduce((sum, amount) => sum + Math.max(0, -amount), 0)
  }

  #add(step: Step): void {
    for (const row of step.aliases) this.#rename(row)
    for (const { member, effects } of step.activities)
      this.#amounts.set(member, this.#amount(member) + moved(effects))
    this.#beyond.clear()
    for (const fact of step.facts) this.#replay(fact)
  }

  #rename({ member, root }: AliasRow): void {
    this.#names.get(this.#rootOf(member))?.delete(member)
    this.#roots.set(member, root)
    const names = this.#names.get(root) ?? new Set()
    this.#names.set(root, names.add(member))
  }

  #replay(fact: Fact): void {
    if (fact.kind === 'lease') {
      for (const line of fact.lines) {
        const account = this.#accounts.get(line.lease) ?? this.#open(line, fact.origin)
        const before = left(account)
        if (fact.stage === 'granted') account.granted += line.amount
        else if (fact.stage === 'written_off') account.writtenOff += line.amount
        else if (fact.stage !== 'recalled') account.returned += line.amount
        account.sum.left += left(account) - before
      }
      return
    }
    if (fact.kind !== 'redemption' && fact.kind !== 'voucher_use') return
    if (fact.kind === 'redemption') this.#redemptions.add(fact.id)
    const follows = fact.kind === 'redemption' && fact.of !== 0
    const sign = follows ? (fact.stage === 'cancelled' ? -1 : 0) : fact.hold === 0 ? 1 : 0
    for (const { lease, amount } of fact.rights) {
      const account = this.#accounts.get(lease)
      if (sign > 0 && (account === undefined || left(account) < amount)) this.#beyond.add(fact.id)
      if (account === undefined) continue
      const before = left(account)
      account.spent += sign * amount
      account.sum.left += left(account) - before
    }
  }

  #open({ lease, subject, member, item, code }: LeaseLine, origin: Origin): Account {
    const line = { subject, member, item, code }
    const sum = this.#sumOf(line)
    const account = { lease, sum, line, origin, granted: 0, spent: 0, returned: 0, writtenOff: 0 }
    this.#accounts.set(lease, account)
    if (code !== null) this.#ofCode.set(code, [...(this.#ofCode.get(code) ?? []), account])
    return account
  }

  #sumOf({ member, subject, item }: Pick<LeaseLine, 'member' | 'subject' | 'item'>): Sum {
    let sums = subject === 'budget' ? this.#ofBudgets : this.#ofName.get(member)
    if (sums === undefined) this.#ofName.set(member, (sums = []))
    let sum = sums.find((one) => one.subject === subject && one.item === item)
    if (sum === undefined) sums.push((sum = { subject, item, left: 0 }))
    return sum
  }

  /** P-LEASE-1, and P-LEASE-4. */
  #compare(lease: number, saved: Readonly<Totals>): void {
    const account = this.#accounts.get(lease)
    const same = ({ granted, spent, returned, writtenOff }: Readonly<Totals>): boolean =>
      account?.granted === granted &&
      account.spent === spent &&
      account.returned === returned &&
      account.writtenOff === writtenOff
    if (!same(saved))
      this.#wrong(
        `lease ${lease}: saved as ${JSON.stringify(saved)}, its facts come to ${JSON.stringify(account ?? null)}`,
      )
    const code = account?.line.code ?? null
    if (account === undefined || code === null || left(account) === 0) return
    const elsewhere = this.#ofCode.get(code)?.find((one) => one.origin !== account.origin && left(one) > 0)
    if (elsewhere !== undefined)
      this.#wrong(`voucher ${code} is leased twice: ${lease} and ${elsewhere.lease}`)
  }

  #rootOf(name: MemberId): MemberId {
    return this.#roots.get(name) ?? name
  }

  #amount(member: MemberId): number {
    return this.#amounts.get(member) ?? 0
  }

  #namesOf(root: MemberId): Set<MemberId> {
    const names = [root, ...(this.#names.get(root) ?? [])]
    return new Set(names.filter((name) => this.#rootOf(name) === root))
  }

  #outstanding(root: MemberId): number {
    return this.#left('points', POINTS, root)
  }

  #left(subject: LeaseSubject, item: number, root: MemberId | null): number {
    const sums =
      root === null
        ? this.#ofBudgets
        : [...this.#namesOf(root)].flatMap((name) => this.#ofName.get(name) ?? [])
    return sums.reduce((sum, one) => (one.subject === subject && one.item === item ? sum + one.left : sum), 0)
  }
}

function left({ granted, spent, returned, writtenOff }: Readonly<Totals>): number {
  return Math.max(0, granted - spent - returned - writtenOff)
}

function moved(effects: readonly Effect[]): number {
  return effects.reduce(
    (sum, { kind, index, amount }) => (index === POINTS && movesAmount(kind) ? sum + amount : sum),
    0,
  )
}

function pointsAdded(sum: number, { points }: Pick<HoldRow, 'points'>): number {
  return sum + points
}

/** The calls that write what is added up here; made once for each connection. */
function recorder(tx: Writes, step: () => Step): Writes {
  return {
    ...tx,
    insertFacts: (rows) => {
      for (const { id, kind, bytes, status } of rows)
        if (kind === 'lease' || kind === 'redemption' || kind === 'voucher_use') {
          step().facts.push(decodeStoredFact(bytes))
          step().statuses.set(id, status)
        }
      return tx.insertFacts(rows)
    },
    saveFactStanding: (rows) => {
      for (const { id, status } of rows) step().statuses.set(id, status)
      return tx.saveFactStanding(rows)
    },
    appendActivities: (rows) => {
      step().activities.push(...rows)
      return tx.appendActivities(rows)
    },
    saveLeases: (rows) => {
      for (const { lease, granted, spent, returned, writtenOff } of rows)
        step().saved.set(lease, { granted, spent, returned, writtenOff })
      return tx.saveLeases(rows)
    },
    saveAliases: (rows) => {
      step().aliases.push(...rows)
      return tx.saveAliases(rows)
    },
    addToBooks: (rows) => {
      step().books.push(...rows)
      return tx.addToBooks(rows)
    },
    insertHold: async (row) => {
      const hold = await tx.insertHold(row)
      step().opened.push(hold)
      return hold
    },
    settleHolds: (ids) => {
      step().settled.push(...ids)
      return tx.settleHolds(ids)
    },
    openConflicts: (rows) => {
      step().conflicts.push(...rows)
      return tx.openConflicts(rows)
    },
  }
}
