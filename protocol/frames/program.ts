import { Type } from 'typebox'
import type { Static } from 'typebox'
import { HybridTimeShape, ProgramVersionShape, closed } from '../shapes.ts'

/** One immutable version of the program, effective from a time on. `document` is its JSON text, byte for byte as published. */
export const ProgramShape = Type.Object(
  {
    type: Type.Literal('program'),
    version: ProgramVersionShape,
    effective_from: HybridTimeShape,
    document: Type.String({ maxLength: 4 * 1024 * 1024 }),
  },
  closed,
)
export type ProgramFrame = Readonly<Static<typeof ProgramShape>>
