// A caller's fields as older clients send them: in the query, in a body that is a form or JSON, or in both. Everything is text here; who asked for a field
// reads it. Taking a body apart: form-body.ts.
import { FORM_FIELDS_MAX, FORM_VALUE_CHARS_MAX } from './limits.ts'
import { accept, refuse } from './result.ts'
import type { Result } from './result.ts'

export type Form = Readonly<Record<string, string>>
export type Fields = readonly (readonly [name: string, value: string])[]

const FIELD = /^[A-Za-z0-9_]{1,64}$/

/** A field of the body goes before one of the query. */
export function formOf(query: Fields, body: Fields): Result<Form> {
  const form = Object.create(null) as Record<string, string>
  const all = [...query, ...body]
  if (all.length > FORM_FIELDS_MAX)
    return refuse('input_invalid', `A call may have ${FORM_FIELDS_MAX} fields.`)
  for (const [name, value] of all) {
    if (!FIELD.test(name) || value.length > FORM_VALUE_CHARS_MAX)
      return refuse(
        'input_invalid',
        'A field has a name or a value that no field here has.',
        name.slice(0, 64),
      )
    form[name] = value
  }
  return accept(form)
}

/** The members of a JSON object, each as text. */
export function jsonFields(text: string): Result<Fields> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return accept(Object.entries(value).map(([name, field]) => [name, textOf(field)]))
  } catch {
    // As anything else that is no object.
  }
  return refuse('body_malformed', 'The body cannot be parsed as a JSON object.')
}

function textOf(field: unknown): string {
  return typeof field === 'string' ? field : (JSON.stringify(field) ?? '')
}
