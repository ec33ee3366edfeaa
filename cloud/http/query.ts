// Query parameters to a value of the row's query shape. Whole numbers are read as such where the shape wants one; a parameter that is unknown or given
// twice is refused, because a misspelt filter that is ignored answers the wrong question.
import type { TSchema } from 'typebox'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Validator } from '../../protocol/validation.ts'
import { propertiesOf } from './openapi.ts'

export function readQuery(
  params: URLSearchParams,
  shape: Validator<unknown> | null,
  alsoKnown: readonly string[],
): Result<unknown> {
  const properties = propertiesOf(shape?.shape ?? null)
  const values: Record<string, unknown> = {}
  for (const [name, text] of params) {
    if (alsoKnown.includes(name)) continue
    if (!Object.hasOwn(properties, name))
      return refuse(
        'input_invalid',
        `There is no query parameter "${name.slice(0, 64)}" here`,
        name.slice(0, 64),
      )
    if (Object.hasOwn(values, name)) return refuse('input_invalid', `"${name}" is given twice`, name)
    values[name] = wantsInteger(properties[name]) && /^-?[0-9]{1,16}$/.test(text) ? Number(text) : text
  }
  if (shape !== null && !shape.accepts(values)) {
    const { path, message } = shape.explain(values)
    return refuse('input_invalid', `${path.slice(1)} ${message}`.trim(), path.slice(1))
  }
  return accept(values)
}

function wantsInteger(shape: (TSchema & { readonly type?: unknown }) | undefined): boolean {
  return shape?.type === 'integer'
}
