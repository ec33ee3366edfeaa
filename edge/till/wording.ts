// How the till says things: titles of rules, names of tiers, amounts in the program's currency, times. Titles are made ready for JSON once per
// program, so that an answer is put together from finished pieces. A rule that the program in force no longer has keeps the title it had last.
import type { ProgramDocument } from '../../cloud/evaluation/document/program.ts'
import { DAY_MS } from '../../protocol/time.ts'
import { POINTS } from '../../cloud/evaluation/document/metrics.ts'
import type { Program } from '../../cloud/evaluation/compile.ts'
import type { EffectKind } from '../../cloud/evaluation/effects.ts'
import { titlesOf } from '../../cloud/evaluation/explanation/titles.ts'
import { fromScaled } from '../../protocol/numbers.ts'

const WITHOUT_RULE: Partial<Record<EffectKind, string>> = {
  grant: 'Points given by staff',
  adjust: 'Correction by head office',
  goodwill: 'Kept promise',
}

export class Wording {
  readonly #document: ProgramDocument | undefined
  readonly #titles: ReadonlyMap<number, string>
  readonly #escaped = new Map<number, string>()

  constructor(document: ProgramDocument | undefined, titles: ReadonlyMap<number, string>) {
    this.#document = document
    this.#titles = titles
  }

  /** Title of a perk or bonus, name of a tier. */
  title(rule: number): string {
    return this.#titles.get(rule) ?? `Rule ${rule}`
  }

  /** The title as the inside of a JSON string. */
  escapedTitle(rule: number): string {
    let text = this.#escaped.get(rule)
    if (text === undefined) {
      text = escaped(this.title(rule))
      this.#escaped.set(rule, text)
    }
    return text
  }

  /** The same for an entry of an answer; an effect without a rule is named after its kind. */
  entryTitle(kind: EffectKind, rule: number): string {
    return rule === 0 ? (WITHOUT_RULE[kind] ?? kind) : this.escapedTitle(rule)
  }

  /** What so much of a metric is: points, or `of Stamps`. */
  unit(metric: number): string {
    return metric === POINTS ? 'points' : `of ${this.title(metric)}`
  }

  /** `12.34 GBP`. Before the first program nobody has said which currency it is. */
  amount(minor: number): string {
    const document = this.#document
    return document === undefined
      ? `${minor} minor units`
      : `${fromScaled(minor, document.currency_digits)} ${document.currency}`
  }
}

/** The wording of every program version. */
export class Wordings {
  readonly #titles = new Map<number, string>()
  readonly #ofProgram = new WeakMap<Program, Wording>()
  #before = new Wording(undefined, this.#titles)

  /** Versions in rising order: the last title of a rule is kept. */
  learn(document: ProgramDocument): void {
    for (const [rule, title] of titlesOf(document)) this.#titles.set(rule, title)
  }

  of(program: Program | null): Wording {
    if (program === null) return this.#before
    let wording = this.#ofProgram.get(program)
    if (wording === undefined) {
      wording = new Wording(program.document, new Map([...this.#titles, ...titlesOf(program.document)]))
      this.#ofProgram.set(program, wording)
    }
    return wording
  }
}

/**
 * Text as the inside of a JSON string, in ASCII: one character outside Latin-1 would make every string it is joined to twice as wide, and a
 * commit's frame twice as slow.
 */
export function escaped(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `1 point`, `12 points`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${Math.abs(count) === 1 ? '' : 's'}`
}

const days = new Map<number, string>()
const DAYS_REMEMBERED_MAX = 64
const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

/** RFC 3339 in UTC with milliseconds. Puts together what Date.toISOString would, in a fifth of the time. */
export function timeText(ms: number): string {
  const day = Math.floor(ms / DAY_MS)
  let date = days.get(day)
  if (date === undefined) {
    if (days.size >= DAYS_REMEMBERED_MAX) days.clear()
    date = new Date(day * DAY_MS).toISOString().slice(0, -13)
    days.set(day, date)
  }
  const rest = ms - day * DAY_MS
  const milli = rest % 1000
  const seconds = (rest - milli) / 1000
  const second = seconds % 60
  const minutes = (seconds - second) / 60
  const minute = minutes % 60
  const tail = milli < 10 ? `00${milli}` : milli < 100 ? `0${milli}` : String(milli)
  return `${date}${two((minutes - minute) / 60)}:${two(minute)}:${two(second)}.${tail}Z`
}

/** What the feed shows of a member: initials and the last two characters of an identity (F-4). */
export function maskedMember(name: string | null, identity: string | undefined): string {
  const words = name?.trim().split(/\s+/) ?? []
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  const initials = ends
    .map((word) => Array.from(word ?? '')[0]?.toUpperCase())
    .filter((initial) => initial !== undefined)
  const parts = initials.map((initial) => `${initial}.`)
  if (identity !== undefined) parts.push(`…${Array.from(identity).slice(-2).join('')}`)
  return parts.length === 0 ? 'a member' : parts.join(' ')
}
