// What every write of the till works on. The link is put in later, because it needs the till.
import type { Program } from '../../cloud/evaluation/compile.ts'
import { EffectBuffer } from '../../cloud/evaluation/effects.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { checkDocument } from '../../cloud/evaluation/check/check.ts'
import type { FactId, ProgramVersion } from '../../protocol/ids.ts'
import { CLOCK_SKEW_MS_MAX, CONFIRM_FRESH_MS_MAX } from '../../protocol/limits.ts'
import { assert } from '../../protocol/result.ts'
import type { HybridTime } from '../../protocol/time.ts'
import { HybridClock, hybridTime, millisOf } from '../../protocol/time.ts'
import { FeedLog } from '../feed/feed-log.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { EdgeClock } from '../clock.ts'
import type { EdgeIdentity } from '../ledger/meta.ts'
import type { System } from '../system.ts'
import { Cards } from './cards.ts'
import type { CloudLink } from './cloud-link.ts'
import { NO_LINK } from './cloud-link.ts'
import { DayBook } from './day-book.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { Reservations } from './reservations.ts'
import type { Wording } from './wording.ts'
import { Wordings, timeText } from './wording.ts'

export class Books {
  readonly ledger: Ledger
  readonly system: System
  /** The time of the store (CLK). */
  readonly clock: EdgeClock
  /** The times of facts. */
  readonly ticks: HybridClock
  readonly programs: Programs
  readonly wordings = new Wordings()
  readonly cards: Cards
  readonly feed: FeedLog
  readonly reservations: Reservations
  readonly dayBook: DayBook
  readonly keeper: LeaseKeeper
  readonly backdateMs: number
  /** Effects of the fact being recorded. */
  readonly effects = new EffectBuffer()
  link: CloudLink = NO_LINK

  /** Since the welcome the cloud has told all that changed of members while this store was away (P-SYNC-12). */
  told = true

  constructor(ledger: Ledger, system: System, backdateMs: number) {
    const identity = ledger.identity()
    assert(identity !== undefined, 'a till belongs to an enrolled edge')
    this.ledger = ledger
    this.system = system
    this.backdateMs = backdateMs
    this.clock = new EdgeClock(system, ledger.meta.time, ledger.meta.word)
    this.ticks = new HybridClock(this.clock, ledger.meta.clock)
    const records = ledger.programs.all()
    this.programs = new Programs(records)
    for (const { document } of records) this.learn(document)
    this.cards = new Cards(ledger, this.programs)
    this.reservations = new Reservations(ledger, system, this.clock)
    this.dayBook = new DayBook(ledger)
    this.keeper = new LeaseKeeper(ledger, system, this.clock)
    this.feed = new FeedLog(ledger.frames, identity.epoch)
  }

  /** Who this edge is now: its life may end and another begin. */
  get identity(): EdgeIdentity {
    const identity = this.ledger.identity()
    assert(identity !== undefined, 'a till belongs to an enrolled edge')
    return identity
  }

  /** The id of the next fact, which is its position. */
  nextId(): FactId {
    return this.ledger.nextId()
  }

  /** The version that is in force at a time, 0 before the first. */
  versionAt(at: HybridTime): ProgramVersion {
    return this.programs.inForce(at)?.record.version ?? (0 as ProgramVersion)
  }

  /** The program in force at a time, as it is told. */
  programTold(at: HybridTime): { version: number; name: string } | null {
    const found = this.programs.inForce(at)
    return found === undefined ? null : { version: found.record.version, name: found.program.document.name }
  }

  now(): HybridTime {
    return hybridTime(this.clock.now())
  }

  /** A fact counted at that time is made under a suspect clock, or by one that was ahead and is waited for (CLK-5). */
  suspects(at: HybridTime): boolean {
    return this.clock.suspect || millisOf(at) > this.clock.now() + CLOCK_SKEW_MS_MAX
  }

  programNow(): Program | null {
    return this.programs.program(this.now())
  }

  /** How things are called now. */
  wording(): Wording {
    return this.wordings.of(this.programNow())
  }

  /** Connected, told what changed meanwhile, and the cloud's last word is recent. */
  fresh(): boolean {
    const last = this.link.lastWordAt()
    return last !== null && this.link.live() && this.told && this.clock.now() - last <= CONFIRM_FRESH_MS_MAX
  }

  /** The time of the cloud's last word, in this life of the process or before. */
  lastWordAt(): number | null {
    return this.link.lastWordAt() ?? this.ledger.meta.lastWordAt
  }

  asOf(): string | null {
    const last = this.lastWordAt()
    return last === null ? null : timeText(last)
  }

  learn(document: string): void {
    const checked = checkDocument(JSON.parse(document))
    if (checked.ok) this.wordings.learn(checked.document)
  }
}
