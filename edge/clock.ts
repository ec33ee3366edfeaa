// The only clock of the edge's domain (CLK). It runs on the machine's monotonic time, so a wall clock that jumps while it runs moves nothing; the
// cloud's signed time sets it right, by slewing where that takes minutes and by a step where it does not. What it cannot vouch for it says: a
// suspect clock still serves the store, but nothing expires by it and no bonus rests on it. It has no timers: whoever owns it lets it look.
// Hot: now. It reads the monotonic time and nothing else.
import { CLOCK_SKEW_MS_MAX, CLOCK_SLEW_MS_MAX } from '../protocol/limits.ts'
import type { Clock, Millis } from '../protocol/time.ts'
import type { System } from './system.ts'

/** No clock of this software is right before it (CLK-1). Moved on with each release. */
export const BUILD_TIME = Date.UTC(2026, 0, 1) as Millis

/** A machine that was off may find this much later on its wall clock than it last knew; more is not believed without the cloud. */
export const OFF_MS_MAX = 14 * 86_400_000
/** The wall clock may lie this much before the floor: the cloud's time was ahead of it when the floor was saved. */
const BEHIND_MS_MAX = 2 * 60_000
/** The wall clock moved this much against the monotonic one between two looks: it jumped. Slewing by NTP moves it 2.5 ms in that time. */
const JUMP_MS_MIN = 2_000
/** Milliseconds of correction a millisecond: ten seconds are made up in 200, and no interval is off by more than a twentieth. */
const SLEW_RATE = 0.05
/** A round trip longer than this says too little about the time. */
export const ROUND_MS_MAX = 10_000
/** Crystals of cheap hardware, with their warmth. */
const DRIFT_RATE = 200e-6

export type Doubt =
  /** The machine's clock is before the floor: a dead battery. */
  | 'behind'
  /** It is further ahead than a machine is ever off. */
  | 'ahead'
  /** It jumped while the node ran, before the cloud had set this clock. */
  | 'jumped'

export interface Jump {
  /** How far the machine's clock moved. */
  readonly ms: number
  /** This clock did not follow: the cloud had set it. */
  readonly trusted: boolean
}

/** What the cloud's time did to this clock. */
export type Disciplined = 'refused' | 'kept' | 'slewed' | 'stepped'

/** Where cloud time minus monotonic time lies, for sure when it was found out. */
interface Anchor {
  readonly mono: number
  readonly low: number
  readonly high: number
}

export class EdgeClock implements Clock {
  readonly #system: System
  readonly #startMono: number
  readonly #floor: number
  /** The cloud's latest time, and when on the monotonic clock it was certain to have come. */
  #word: { readonly time: number; readonly mono: number }
  #baseMono: number
  #baseTime: number
  /** Correction that is still to be made up, from #baseMono on. */
  #slew = 0
  #anchor: Anchor | null = null
  #doubt: Doubt | null
  /** The machine's clock minus the monotonic one, at the last look. */
  #lead: number

  /**
   * `saved` is what `least` was when it was last stored, `word` what `word` was; null for a ledger that has seen no time yet, and for one that the
   * cloud has told none.
   */
  constructor(
    system: System,
    saved: number | null,
    word: number | null = null,
    buildTime: number = BUILD_TIME,
  ) {
    this.#system = system
    const wall = system.clock.now()
    const mono = system.monotonic()
    this.#floor = Math.max(buildTime, saved ?? buildTime)
    this.#startMono = mono
    this.#word = { time: Math.max(buildTime, word ?? buildTime), mono }
    this.#baseMono = mono
    this.#lead = wall - mono
    this.#doubt =
      wall < this.#floor - BEHIND_MS_MAX
        ? 'behind'
        : saved !== null && wall > this.#floor + OFF_MS_MAX
          ? 'ahead'
          : null
    this.#baseTime = this.#doubt === null ? Math.max(wall, this.#floor) : this.#floor
  }

  now(): number {
    const passed = this.#system.monotonic() - this.#baseMono
    const most = passed * SLEW_RATE
    const slew = this.#slew
    return Math.floor(this.#baseTime + passed + (slew > most ? most : slew < -most ? -most : slew))
  }

  get suspect(): boolean {
    return this.#doubt !== null
  }

  get doubt(): Doubt | null {
    return this.#doubt
  }

  /** The latest time that is certain to have come: the floor of the next start (CLK-1). */
  least(): number {
    if (this.#doubt === null) return this.now()
    return Math.floor(this.#floor + this.#system.monotonic() - this.#startMono)
  }

  /** The latest time that the cloud has told and that has passed since: nothing earlier is believed of it. */
  word(): number {
    return Math.floor(this.#word.time + this.#system.monotonic() - this.#word.mono)
  }

  /** By how much it may be off; null until the cloud has set it. */
  errorMs(): number | null {
    if (this.#anchor === null) return null
    const { low, high, mono } = this.#anchor
    return Math.ceil((high - low) / 2 + (this.#system.monotonic() - mono) * DRIFT_RATE)
  }

  /** The machine's clock minus this one. */
  wallAheadMs(): number {
    return this.#system.clock.now() - this.now()
  }

  /** Compares the machine's clocks (CLK-4). */
  look(): Jump | null {
    const mono = this.#system.monotonic()
    const wall = this.#system.clock.now()
    const ms = wall - mono - this.#lead
    this.#lead = wall - mono
    if (Math.abs(ms) < JUMP_MS_MIN) return null
    if (this.#anchor !== null) return { ms, trusted: true }
    const now = this.now()
    // Somebody set it, and nothing speaks against the new time: it is nearer to the truth than a floor that stood still while the machine was off.
    if (wall > now && wall <= this.#floor + OFF_MS_MAX) this.#set(mono, wall)
    this.#doubt ??= 'jumped'
    return { ms, trusted: false }
  }

  /**
   * The cloud answered a question of ours with its time: it was that time there somewhen between `askedMono` and now (CLK-3). A time before what the cloud
   * said earlier is a cloud gone wrong: it is refused. One before the floor is not: the floor may be what this machine's clock said, and that may have been wrong.
   */
  heard(cloudTime: number, askedMono: number): Disciplined {
    const mono = this.#system.monotonic()
    if (cloudTime < this.word() - CLOCK_SKEW_MS_MAX || mono - askedMono > ROUND_MS_MAX) return 'refused'
    this.#word = { time: cloudTime, mono }
    this.#anchor = narrowed(this.#anchor, { mono, low: cloudTime - mono, high: cloudTime - askedMono })
    const now = this.now()
    const off = (this.#anchor.low + this.#anchor.high) / 2 + mono - now
    this.#doubt = null
    if (Math.abs(off) > CLOCK_SLEW_MS_MAX) {
      this.#set(mono, now + off)
      return 'stepped'
    }
    this.#set(mono, now)
    this.#slew = off
    return Math.abs(off) < 1 ? 'kept' : 'slewed'
  }

  #set(mono: number, time: number): void {
    this.#baseMono = mono
    this.#baseTime = time
    this.#slew = 0
  }
}

/** Both hold; where they cannot, because one of the clocks was set, the later one does. */
function narrowed(before: Anchor | null, fresh: Anchor): Anchor {
  if (before === null) return fresh
  const drift = (fresh.mono - before.mono) * DRIFT_RATE
  const low = Math.max(fresh.low, before.low - drift)
  const high = Math.min(fresh.high, before.high + drift)
  return low <= high ? { mono: fresh.mono, low, high } : fresh
}
