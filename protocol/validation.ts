// Schemas compiled once at start into plain checking code; the error text is only worked out when a check has failed.
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

export interface InvalidInput {
  /** JSON pointer of the value at fault, '' for the whole. */
  readonly path: string
  readonly message: string
}

export interface Validator<T> {
  readonly shape: TSchema
  accepts(value: unknown): value is T
  /** The first thing wrong with a value that `accepts` refused. */
  explain(value: unknown): InvalidInput
}

export function validator<S extends TSchema>(shape: S): Validator<Static<S>> {
  const compiled = Compile(shape)
  return {
    shape,
    accepts: (value): value is Static<S> => compiled.Check(value),
    explain(value) {
      const errors = compiled.Errors(value)
      // The library lists an unknown field first as "schema is false"; the sentence about the object says more.
      const unknownField = errors.find((error) => error.keyword === 'additionalProperties')
      if (unknownField !== undefined) {
        const fields = unknownField.params.additionalProperties
        return {
          path: unknownField.instancePath,
          message: `unknown field ${fields.map((f) => `"${f}"`).join(', ')}`,
        }
      }
      // A union reports every branch; the deepest path is the branch the caller meant.
      const deepest = errors.toSorted((a, b) => b.instancePath.length - a.instancePath.length)[0]
      return deepest === undefined
        ? { path: '', message: 'does not fit the schema' }
        : { path: deepest.instancePath, message: deepest.message }
    },
  }
}
