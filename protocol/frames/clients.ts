import { Type } from 'typebox'
import type { Static } from 'typebox'
import { STORE_CLIENTS_MAX } from '../limits.ts'
import { HashShape, MillisShape, NameShape, closed, text } from '../shapes.ts'

/** An API client of the business that its stores serve too. */
export const StoreClientShape = Type.Object(
  {
    /** The API it speaks. */
    dialect: text(1, 40),
    /** What it calls itself, which is no secret. */
    key: text(1, 64),
    name: NameShape,
    /** SHA-256 of its secret. */
    secret_hash: HashShape,
    /** When it was registered. */
    created: MillisShape,
  },
  closed,
)
export type StoreClient = Readonly<Static<typeof StoreClientShape>>

/** All of them, which replace those that were sent before: who is not among them is no client any more (P-SYNC-11). */
export const ClientsShape = Type.Object(
  { type: Type.Literal('clients'), clients: Type.Array(StoreClientShape, { maxItems: STORE_CLIENTS_MAX }) },
  closed,
)
export type Clients = Readonly<Static<typeof ClientsShape>>
