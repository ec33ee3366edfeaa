// Activities by columns instead of rows: a fifth to a seventh of the bytes, for readers that ask for it (edge F-12). With many readers a feed costs
// what the kernel copies, so what all activities of a frame have in common travels once, and what follows from their other fields not at
// all. What would not come back exactly as it was is not packed. Both halves stand here; the store's page carries the second alone.
// Hot: pack runs once per commit, whatever the number of readers. Budget: 2 microseconds an activity (bench/feed.ts).
import type { FeedPacked } from './feed-frames.ts'

/** An activity of a store. */
export interface PackedRow {
  readonly position: number
  readonly epoch: number
  readonly time: string
  readonly kind: string
  readonly fact: string | null
  readonly terminal: string | null
  readonly member: string | null
  readonly amount: number | null
  readonly points: number
  readonly status: string | null
  readonly tier: string | null
  readonly vouchers: number
  readonly text: string
}

/** Stand in a text, in this order, for the member, the amount with two decimals, the amount as it is, and the points without their sign. */
const SLOTS = ['\u0001', '\u0002', '\u0003', '\u0004'] as const
// eslint-disable-next-line no-control-regex -- the slots are control characters because texts have none
const HAS_SLOT = /[\u0001-\u0004]/

type Said = Pick<PackedRow, 'member' | 'amount' | 'points'>

/** What a slot stands for; '' where there is nothing to say. */
function filling(slot: number, { member, amount, points }: Said): string {
  if (slot === 0) return member ?? ''
  if (slot === 3) return points === 0 ? '' : String(Math.abs(points))
  const minor = amount === null ? '' : String(amount)
  const whole = minor.length - 2
  return slot === 2 ? minor : whole > 0 ? `${minor.slice(0, whole)}.${minor.slice(whole)}` : ''
}

function exchanged(text: string, found: string, by: string): string {
  const at = found === '' ? -1 : text.indexOf(found)
  return at < 0 ? text : text.slice(0, at) + by + text.slice(at + found.length)
}

/** The text without what its other fields say. The member goes first: a name may hold the digits of an amount. */
function templateOf(row: PackedRow): string {
  let { text } = row
  for (let slot = 0; slot < SLOTS.length; slot++)
    text = exchanged(text, filling(slot, row), SLOTS[slot] ?? '')
  return text
}

/** What stood in no slot's place has none, so filling them one after the other meets no slot within a filling. */
function filled(template: string, said: Said): string {
  let text = template
  if (HAS_SLOT.test(text))
    for (let slot = 0; slot < SLOTS.length; slot++)
      text = exchanged(text, SLOTS[slot] ?? '', filling(slot, said))
  return text
}

/** One value where all have the same. */
function column<T>(values: T[]): T[] {
  const [first] = values
  for (const value of values) if (value !== first) return values
  return values.slice(0, 1)
}

/** A text that stood in the column before is the place where it stood. */
function words(values: (string | null)[]): (string | number | null)[] {
  const all = column(values)
  if (all.length === 1) return all
  const places = new Map<string, number>()
  return all.map((word, index) => {
    if (word === null) return null
    const place = places.get(word)
    if (place === undefined) places.set(word, index)
    return place ?? word
  })
}

/** Times as milliseconds; undefined where one is not written as Date does. */
function millisOf(rows: readonly PackedRow[]): number[] | undefined {
  const all: number[] = []
  let last = ''
  let ms = 0
  for (const { time } of rows) {
    // The activities of a commit happened within a few milliseconds of each other.
    if (time !== last) {
      ms = Date.parse(time)
      if (Number.isNaN(ms) || new Date(ms).toISOString() !== time) return undefined
      last = time
    }
    all.push(ms)
  }
  return all
}

/** Fact ids as numbers; undefined where one is not a plain decimal. */
function factsOf(rows: readonly PackedRow[]): (number | null)[] | undefined {
  const all: (number | null)[] = []
  for (const { fact } of rows) {
    const id = fact === null ? null : Number(fact)
    if (id !== null && (!Number.isSafeInteger(id) || String(id) !== fact)) return undefined
    all.push(id)
  }
  return all
}

/** `rows`: at least one. Undefined where they would not come back as they are: then they travel as rows. */
export function pack(
  { epoch, from, to }: { readonly epoch: number; readonly from: number; readonly to: number },
  rows: readonly PackedRow[],
): FeedPacked | undefined {
  const times = millisOf(rows)
  const facts = factsOf(rows)
  if (times === undefined || facts === undefined || rows.some(({ text }) => HAS_SLOT.test(text)))
    return undefined
  const time = times[0] ?? 0
  const known = facts.findIndex((id) => id !== null)
  const fact = (facts[known] ?? 0) - Math.max(known, 0)
  const shifts = facts.map((id, index) => (id === null ? null : id - fact - index))
  if (shifts.some((shift) => shift !== null && !Number.isSafeInteger(shift))) return undefined
  return {
    type: 'packed',
    epoch,
    from,
    to,
    count: rows.length,
    time,
    fact,
    columns: {
      position: column(rows.map(({ position }, index) => position - from - index)),
      epoch: column(rows.map((row) => row.epoch)),
      time: column(times.map((ms) => ms - time)),
      kind: words(rows.map(({ kind }) => kind)),
      fact: column(shifts),
      terminal: words(rows.map(({ terminal }) => terminal)),
      member: words(rows.map(({ member }) => member)),
      amount: column(rows.map(({ amount }) => amount)),
      points: column(rows.map(({ points }) => points)),
      status: words(rows.map(({ status }) => status)),
      tier: words(rows.map(({ tier }) => tier)),
      vouchers: column(rows.map(({ vouchers }) => vouchers)),
      text: words(rows.map(templateOf)),
    },
  }
}

/** The value of an activity in a column of its own values, or of one. */
function valueAt<T>(all: readonly T[], index: number): T | undefined {
  return all[all.length === 1 ? 0 : index]
}

function wordAt(all: readonly (string | number | null)[], index: number): string | null {
  const value = valueAt(all, index)
  const word = typeof value === 'number' ? all[value] : value
  return typeof word === 'string' ? word : null
}

/** The activities of a packed frame, as they were. */
export function unpack({ from, count, time, fact, columns }: FeedPacked): PackedRow[] {
  const rows: PackedRow[] = []
  let ms = NaN
  let timeText = ''
  for (let index = 0; index < count; index++) {
    const after = valueAt(columns.time, index) ?? 0
    if (after !== ms) {
      ms = after
      timeText = new Date(time + after).toISOString()
    }
    const id = valueAt(columns.fact, index) ?? null
    const row = {
      position: from + index + (valueAt(columns.position, index) ?? 0),
      epoch: valueAt(columns.epoch, index) ?? 0,
      time: timeText,
      kind: wordAt(columns.kind, index) ?? '',
      // In this order no sum leaves the safe integers.
      fact: id === null ? null : String(fact + id + index),
      terminal: wordAt(columns.terminal, index),
      member: wordAt(columns.member, index),
      amount: valueAt(columns.amount, index) ?? null,
      points: valueAt(columns.points, index) ?? 0,
      status: wordAt(columns.status, index),
      tier: wordAt(columns.tier, index),
      vouchers: valueAt(columns.vouchers, index) ?? 0,
      text: wordAt(columns.text, index) ?? '',
    }
    row.text = filled(row.text, row)
    rows.push(row)
  }
  return rows
}
