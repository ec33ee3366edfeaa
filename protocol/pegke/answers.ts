// What Pegke's clients are answered, the same at the cloud and in a store (PG): shapes, and how they are made of what both sides know of a customer.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import type { Identity, IdentityKind } from '../facts.ts'
import { closed, oneOf, orNull } from '../shapes.ts'
import type { PegkeCallName } from './calls.ts'

const Text = Type.String()
const Int = Type.Integer()
/** PG-8. */
const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$' })
/** PG-11. */
const StatusShape = oneOf(['confirmed', 'provisional'])

const historyRow = { id: Text, type: Text, date: Time, amount: orNull(Int), points: Int, status: StatusShape }
const page = { page: Int, next_page: orNull(Int) }

export const HistoryRowShape = Type.Object(historyRow, closed)
export const StoreRowShape = Type.Object({ ...historyRow, phone: orNull(Text), store: orNull(Int) }, closed)
export const PEGKE_ANSWER_SHAPES = {
  authenticate: Type.Object({ username: Text, created_at: Time }, closed),
  give_points: Type.Object(
    {
      success: Type.Literal(true),
      id: Text,
      phone: Text,
      points_given: Int,
      points: orNull(Int),
      status: StatusShape,
    },
    closed,
  ),
  check_points: Type.Object(
    {
      phone: orNull(Text),
      name: orNull(Text),
      points: Int,
      lifetime_points: Int,
      level: orNull(Text),
      status: StatusShape,
    },
    closed,
  ),
  check_history: Type.Object(
    {
      customer: Type.Object({ phone: Text, name: orNull(Text), points: Int }, closed),
      ...page,
      history: Type.Array(HistoryRowShape),
    },
    closed,
  ),
  my_offers: Type.Object(
    {
      offers: Type.Array(
        Type.Object({ id: Int, title: Text, points: Int, available: Type.Boolean() }, closed),
      ),
    },
    closed,
  ),
  search_user: Type.Object(
    {
      users: Type.Array(
        Type.Object(
          {
            phone: orNull(Text),
            email: orNull(Text),
            name: orNull(Text),
            points: Int,
            level: orNull(Text),
          },
          closed,
        ),
      ),
    },
    closed,
  ),
  validate_redeem: Type.Object(
    { valid: Type.Boolean(), used: Type.Boolean(), code: Text, title: orNull(Text), status: Text },
    closed,
  ),
  store_history: Type.Object({ ...page, history: Type.Array(StoreRowShape) }, closed),
} as const satisfies Readonly<Record<PegkeCallName, TSchema>>

export type PegkeAnswer<N extends PegkeCallName> = Readonly<Static<(typeof PEGKE_ANSWER_SHAPES)[N]>>
export type HistoryRow = Readonly<Static<typeof HistoryRowShape>>
export type StoreRow = Readonly<Static<typeof StoreRowShape>>
type Status = Static<typeof StatusShape>

/** What both sides know of a customer. */
export interface Customer {
  readonly name: string | null
  readonly identities: readonly Identity[]
  readonly balance: number
  readonly lifetime: number
  readonly tier: { readonly name: string } | null
}

/** What both sides know of a record. */
export interface HistoryFact {
  readonly id: string
  readonly kind: string
  /** RFC 3339. */
  readonly at: string
  readonly amount: number | null
  readonly points: number
}

export function identityOf({ identities }: Pick<Customer, 'identities'>, kind: IdentityKind): string | null {
  return identities.find((identity) => identity.kind === kind)?.value ?? null
}

/** PG-8: `2013-01-01 15:30:27`, of RFC 3339. */
export function pegkeTime(text: string): string {
  return text.slice(0, 19).replace('T', ' ')
}

export const pegkeTimeOf = (ms: number): string => pegkeTime(new Date(ms).toISOString())

export const pointsAnswer = (customer: Customer, status: Status): PegkeAnswer<'check_points'> => ({
  phone: identityOf(customer, 'phone'),
  name: customer.name,
  points: customer.balance,
  lifetime_points: customer.lifetime,
  level: customer.tier?.name ?? null,
  status,
})

export const userAnswer = (customer: Customer): PegkeAnswer<'search_user'>['users'][number] => ({
  phone: identityOf(customer, 'phone'),
  email: identityOf(customer, 'email'),
  name: customer.name,
  points: customer.balance,
  level: customer.tier?.name ?? null,
})

export const historyRowOf = (fact: HistoryFact, status: Status): HistoryRow => ({
  id: fact.id,
  type: fact.kind,
  date: pegkeTime(fact.at),
  amount: fact.amount,
  points: fact.points,
  status,
})

/** PG-9: RFC 6749's answer, and its word for what is wrong. */
export const tokenAnswer = (access: string, refresh: string | null, seconds: number | null) => ({
  access_token: access,
  token_type: 'Bearer',
  ...(seconds === null ? {} : { expires_in: seconds }),
  ...(refresh === null ? {} : { refresh_token: refresh }),
})

export const tokenFault = (error: string, description: string) => ({ error, error_description: description })
