// A caller's fields, from wherever older clients put them: the query, a multipart or urlencoded body, or JSON; on a GET too. Everything is text here; who asked
// for a field reads it. The library reads the parts of a multipart body.
import { isUtf8 } from 'node:buffer'
import { getParts } from 'uWebSockets.js'
import { FORM_FIELDS_MAX, FORM_VALUE_CHARS_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'

export type Form = Readonly<Record<string, string>>

const FIELD = /^[A-Za-z0-9_]{1,64}$/

/** A field of the body goes before one of the query. */
export function formOf(query: string, contentType: string, body: Buffer): Result<Form> {
  const fields = body.length === 0 ? accept<[string, string][]>([]) : fieldsOf(contentType, body)
  if (!fields.ok) return fields
  const form = Object.create(null) as Record<string, string>
  const all = [...new URLSearchParams(query), ...fields.value]
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

function fieldsOf(contentType: string, body: Buffer): Result<[string, string][]> {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'multipart/form-data') return partsOf(contentType, body)
  if (!isUtf8(body)) return refuse('body_malformed', 'The body is not UTF-8.')
  if (type === 'application/json') return jsonFields(body.toString('utf8'))
  return accept([...new URLSearchParams(body.toString('utf8'))])
}

function partsOf(contentType: string, body: Buffer): Result<[string, string][]> {
  const parts = getParts(body, contentType)
  if (parts === undefined) return refuse('body_malformed', 'The body is no multipart form.')
  const fields: [string, string][] = []
  for (const { name, data, filename } of parts) {
    const bytes = Buffer.from(data)
    if (filename !== undefined || !isUtf8(bytes))
      return refuse('body_malformed', 'A part of the form is no text.')
    fields.push([name, bytes.toString('utf8')])
  }
  return accept(fields)
}

function jsonFields(text: string): Result<[string, string][]> {
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
