import { Type } from 'typebox'
import type { Static } from 'typebox'
import { MillisShape, closed, orNull } from '../shapes.ts'

/** A certificate as both sides name it. */
export const HeldShape = Type.Object(
  {
    /** In hexadecimal. */
    serial: Type.String({ minLength: 1, maxLength: 64, pattern: '^[0-9a-f]+$' }),
    /** Name of the CA that proves it. */
    ca: Type.String({ maxLength: 64 }),
    until: MillisShape,
  },
  closed,
)
export type Held = Readonly<Static<typeof HeldShape>>

/** Says which certificate the store serves, none as null: what was sent may never have come (cloud G-13). */
export const HoldsShape = Type.Object({ type: Type.Literal('holds'), certificate: orNull(HeldShape) }, closed)
export type Holds = Readonly<Static<typeof HoldsShape>>
