// The store's figures by local hour (TD-1): sums that survive, and up to which fact they are counted. Both change in one transaction, so that no fact is
// counted twice or not at all.
import type { FactId } from '../../protocol/ids.ts'
import type { Database, Statement } from './database.ts'

/** Names of the figures, in the order of their columns. */
export const FIGURES = [
  'sales',
  'amount',
  'returns',
  'points_given',
  'points_redeemed',
  'members_joined',
  'vouchers_used',
] as const
export type Figure = (typeof FIGURES)[number]
export type Figures = Record<Figure, number>

/** `day`: days since 1970 in the store's zone; `hour`: 0 to 23. */
export interface HourRow extends Figures {
  readonly day: number
  readonly hour: number
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
  }
}

export function addFigures(to: Figures, from: Readonly<Figures>, times = 1): void {
  for (const figure of FIGURES) to[figure] += from[figure] * times
}

const SUMS = FIGURES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')
const PLACES = FIGURES.map(() => '?').join(', ')

export class Hours {
  readonly #of: Statement<[number], HourRow>
  readonly #add: Statement<number[]>
  readonly #counted: Statement<[], FactId>
  readonly #setCounted: Statement<[FactId]>

  constructor(database: Database) {
    this.#of = database.prepare('SELECT * FROM hours WHERE day = ? ORDER BY hour')
    this.#add = database.prepare(
      `INSERT INTO hours (day, hour, ${FIGURES.join(', ')}) VALUES (?, ?, ${PLACES}) ON CONFLICT (day, hour) DO UPDATE SET ${SUMS}`,
    )
    this.#counted = database.prepare<[], FactId>('SELECT fact FROM hours_counted').pluck()
    this.#setCounted = database.prepare('UPDATE hours_counted SET fact = ? WHERE one = 1')
  }

  of(day: number): HourRow[] {
    return this.#of.all(day)
  }

  /** Facts up to here are in the rows. */
  counted(): FactId {
    return this.#counted.get() ?? (0 as FactId)
  }

  /** Inside a transaction. */
  save(rows: readonly HourRow[], counted: FactId): void {
    for (const row of rows) this.#add.run(row.day, row.hour, ...FIGURES.map((figure) => row[figure]))
    this.#setCounted.run(counted)
  }
}
