// The store's figures by local hour (TD-1): sums that survive, and up to which fact they are counted. Both change in one transaction, so that no fact is
// counted twice or not at all. Members served cannot be added up, for one who comes twice is one: of each saving's facts it is kept who was named and in which
// hour first, in one row a day, since a row a member would cost every sale.
import type { FactId, MemberId } from '../../protocol/ids.ts'
import type { Database, Statement } from './database.ts'

/** Those that are added up, in the order of their columns. */
const COLUMNS = [
  'sales',
  'amount',
  'returns',
  'points_given',
  'points_redeemed',
  'members_joined',
  'vouchers_used',
] as const
export const FIGURES = [...COLUMNS, 'members_served'] as const
export type Figure = (typeof FIGURES)[number]
export type Figures = Record<Figure, number>

/** `day`: days since 1970 in the store's zone; `hour`: 0 to 23. */
export interface HourRow extends Figures {
  readonly day: number
  readonly hour: number
}

/** Members who were named by facts of a day, each with the first hour of it. */
export type Served = Map<MemberId, number>

export function serve(served: Served, member: MemberId, hour: number): void {
  const first = served.get(member)
  if (first === undefined || hour < first) served.set(member, hour)
}

interface ServedRow {
  readonly members: Uint8Array
  readonly hours: Uint8Array
}

export function noFigures(): Figures {
  return {
    sales: 0,
    amount: 0,
    returns: 0,
    points_given: 0,
    points_redeemed: 0,
    members_joined: 0,
    vouchers_used: 0,
    members_served: 0,
  }
}

export function addFigures(to: Figures, from: Readonly<Figures>, times = 1): void {
  for (const figure of FIGURES) to[figure] += from[figure] * times
}

const SUMS = COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')
const PLACES = COLUMNS.map(() => '?').join(', ')

export class Hours {
  readonly #of: Statement<[number], HourRow>
  readonly #add: Statement<number[]>
  readonly #servedOn: Statement<[number], ServedRow>
  readonly #serve: Statement<[number, FactId, Uint8Array, Uint8Array]>
  readonly #counted: Statement<[], FactId>
  readonly #setCounted: Statement<[FactId]>

  constructor(database: Database) {
    this.#of = database.prepare('SELECT *, 0 AS members_served FROM hours WHERE day = ? ORDER BY hour')
    this.#add = database.prepare(
      `INSERT INTO hours (day, hour, ${COLUMNS.join(', ')}) VALUES (?, ?, ${PLACES}) ON CONFLICT (day, hour) DO UPDATE SET ${SUMS}`,
    )
    this.#servedOn = database.prepare('SELECT members, hours FROM served WHERE day = ?')
    this.#serve = database.prepare('INSERT INTO served (day, fact, members, hours) VALUES (?, ?, ?, ?)')
    this.#counted = database.prepare<[], FactId>('SELECT fact FROM hours_counted').pluck()
    this.#setCounted = database.prepare('UPDATE hours_counted SET fact = ? WHERE one = 1')
  }

  of(day: number): HourRow[] {
    return this.#of.all(day)
  }

  servedOn(day: number): Served {
    const served: Served = new Map()
    for (const { members, hours } of this.#servedOn.all(day)) {
      const ids = new DataView(members.buffer, members.byteOffset, members.byteLength)
      for (const [index, hour] of hours.entries())
        serve(served, ids.getFloat64(index * 8, true) as MemberId, hour)
    }
    return served
  }

  /** Facts up to here are in the rows. */
  counted(): FactId {
    return this.#counted.get() ?? (0 as FactId)
  }

  /** Inside a transaction. */
  save(rows: readonly HourRow[], served: ReadonlyMap<number, Served>, counted: FactId): void {
    for (const row of rows) this.#add.run(row.day, row.hour, ...COLUMNS.map((figure) => row[figure]))
    for (const [day, members] of served) {
      const ids = new DataView(new ArrayBuffer(members.size * 8))
      for (const [index, id] of [...members.keys()].entries()) ids.setFloat64(index * 8, id, true)
      this.#serve.run(day, counted, new Uint8Array(ids.buffer), Uint8Array.from(members.values()))
    }
    this.#setCounted.run(counted)
  }
}
