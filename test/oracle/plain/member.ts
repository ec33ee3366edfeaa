// What the oracle writes down about one member while it reads the facts: one journal of everything that was ever given or taken, from which sums are made
// anew whenever they are asked for, and the few things that are lists by nature (lots, pending amounts, entitlements).
import type { BonusDocument } from '../../../cloud/evaluation/document/earning.ts'
import type { NamedMetricDocument, MetricDocument } from '../../../cloud/evaluation/document/metrics.ts'
import type { ProgramDocument } from '../../../cloud/evaluation/document/program.ts'
import type { WindowDocument } from '../../../cloud/evaluation/document/conditions.ts'
import type { Fact } from '../../../protocol/facts.ts'
import { inWindow, msOf } from './calendar.ts'

export interface Version {
  /** Milliseconds since 1970. */
  readonly from: number
  readonly document: ProgramDocument
}

/** One effect of a fact. */
export interface Entry {
  readonly fact: number
  readonly kind: string
  readonly rule: number
  /** The metric, for what moves one. */
  readonly index: number
  readonly amount: number
  /** The fact an amount was taken back from. */
  readonly of: number
  /** The local day it counts for. */
  readonly day: string
  /** Given by the fact itself, so that a return or a void takes it back. */
  readonly own: boolean
}

export interface Lot {
  readonly expires: number
  amount: number
}

export interface Pending {
  readonly fact: number
  readonly metric: number
  readonly day: string
  readonly due: number
  readonly expires: number
  amount: number
}

export interface Entitlement {
  readonly code: string
  readonly perk: number
  expires: number
  status: string
  /** What a release of its reservation goes back to. */
  before: string
  uses: number
  readonly index: number
  /** Day (UTC) on which it came to the status it is over in; undefined: it is not over. */
  ended: string | undefined
  /** A use of it was booked. */
  touched: boolean
}

/** A redemption that was not given back. */
export interface Redeemed {
  /** Its first fact. */
  readonly fact: number
  readonly perk: number
  readonly metric: number
  readonly points: number
  readonly burned: readonly Lot[]
  readonly day: string
  stage: 'reserved' | 'captured'
  /** Of what it issued; empty: nothing. */
  code: string
}

export interface Answer {
  readonly challenge: number
  readonly fact: number
  readonly day: string
  settled: boolean
  drawn: boolean
  /** It counts, but waits for no verdict any more (E-MEM-2). */
  forgotten: boolean
}

export class Member {
  readonly id: number
  readonly versions: readonly Version[]
  readonly facts: readonly Fact[]
  /** In force at the fact that is being read. */
  document: ProgramDocument | undefined
  /** Instant of the fact before; undefined at the first. */
  before: number | undefined

  readonly journal: Entry[] = []
  readonly lots = new Map<number, Lot[]>()
  readonly deficits = new Map<number, number>()
  pending: Pending[] = []
  readonly warned = new Set<string>()

  tier = 0
  readonly tiersEntered = new Set<number>()
  /** What entering tiers gave that a return may take back. */
  readonly entryPoints = new Map<number, number>()
  readonly entries = new Map<number, Entitlement[]>()
  tierEnd: { readonly ms: number; readonly offset: number } | undefined

  enrolled: string | undefined
  homeStore: number | undefined
  birthday: string | undefined
  /** The last birthday that was kept, or from before it was known. */
  birthdayDone = '0000-01-01'
  birthdayYear = 0
  readonly attributes = new Map<string, string>()
  active = true
  membershipStart: string | undefined

  /** `rule day` of every once-a-day award. */
  readonly marks: string[] = []
  /** What frequency bonuses counted, by `bonus window`; and what can be given back of it. */
  readonly frequencies = new Map<string, number>()
  readonly counted: {
    readonly bonus: BonusDocument & { readonly type: 'FREQUENCY' }
    readonly window: string
    readonly fact: number
  }[] = []
  readonly applied: { readonly rule: number; readonly day: string }[] = []
  readonly capped: { readonly key: string; readonly day: string; readonly amount: number }[] = []

  readonly returned = new Map<string, number>()
  readonly voided = new Set<number>()
  readonly done = new Set<number>()
  readonly visits: { readonly fact: Fact; readonly day: string }[] = []

  redemptions: Redeemed[] = []
  /** First facts of redemptions that were given back, and the days these began on. */
  readonly givenBack = new Map<number, string>()
  readonly entitlements: Entitlement[] = []

  openReferral: { readonly fact: number; readonly of: number } | undefined
  readonly joined = new Map<number, boolean>()
  readonly progress = new Map<number, number>()
  readonly requirementsDone = new Set<number>()
  readonly challengesDone = new Set<number>()
  readonly answers: Answer[] = []

  readonly overrides = new Map<number, boolean>()
  /** Segments put in by a rule, and until when. */
  readonly explicit = new Map<number, number>()
  readonly byCondition = new Set<number>()
  readonly segmentsTold = new Set<number>()

  constructor(id: number, versions: readonly Version[], facts: readonly Fact[]) {
    this.id = id
    this.versions = versions
    this.facts = facts
  }

  /** E-PROF-2. */
  learn(attribute: string, value: string): void {
    if (this.attributes.has(attribute) || this.attributes.size < 100) this.attributes.set(attribute, value)
  }

  documentAt(fact: Fact): ProgramDocument | undefined {
    let found: Version | undefined
    for (const version of this.versions)
      if (version.from <= msOf(fact) && (found === undefined || version.from >= found.from)) found = version
    return found?.document
  }

  /** A fact of this member that was read already. */
  known(id: number): Fact | undefined {
    return this.done.has(id) ? this.facts.find((fact) => fact.id === id) : undefined
  }

  balance(metric: number): number {
    const lots = this.lots.get(metric) ?? []
    return lots.reduce((sum, { amount }) => sum + amount, 0) - (this.deficits.get(metric) ?? 0)
  }

  pendingOf(metric: number): number {
    return this.pending.reduce((sum, one) => sum + (one.metric === metric ? one.amount : 0), 0)
  }

  lifetime(metric: number): number {
    return this.sum(metric, EARNED)
  }

  spent(metric: number): number {
    return 0 - this.sum(metric, ['spend', 'restore'])
  }

  goodwill(): number {
    return this.sum(0, ['goodwill'])
  }

  earned(metric: number, window: WindowDocument | undefined, today: string): number {
    return this.journal
      .filter(({ kind, index }) => EARNED.includes(kind) && index === metric)
      .filter(({ day }) => inWindow(window, day, today, this.enrolled))
      .reduce((sum, { amount }) => sum + amount, 0)
  }

  sum(metric: number, kinds: readonly string[]): number {
    return this.journal
      .filter(({ kind, index }) => kinds.includes(kind) && index === metric)
      .reduce((sum, { amount }) => sum + amount, 0)
  }

  /** Place of the member's tier in the document; -1 without one. */
  tierPlace(document: ProgramDocument, tier = this.tier): number {
    return document.tiers.findIndex(({ id }) => id === tier)
  }
}

/** What raises and lowers lifetime and the day it belongs to. */
export const EARNED = ['earn', 'bonus', 'grant', 'reward', 'tier_points', 'reverse']

export function metricOf(
  document: ProgramDocument | undefined,
  metric: number,
): MetricDocument | NamedMetricDocument {
  return (metric === 0 ? document?.points : document?.metrics?.find(({ id }) => id === metric)) ?? {}
}

/** Statuses an entitlement does not leave by itself. */
export const isLive = ({ status }: Entitlement): boolean =>
  !['used', 'fulfilled', 'cancelled', 'expired'].includes(status)
