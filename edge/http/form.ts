// A call's fields out of its query and body; the library reads the parts of a multipart body.
import { isUtf8 } from 'node:buffer'
import { getParts } from 'uWebSockets.js'
import { formOf, jsonFields } from '../../protocol/form.ts'
import type { Fields, Form } from '../../protocol/form.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'

export function readForm(query: string, contentType: string, body: Buffer): Result<Form> {
  const fields = body.length === 0 ? accept<Fields>([]) : fieldsOf(contentType, body)
  return fields.ok ? formOf([...new URLSearchParams(query)], fields.value) : fields
}

function fieldsOf(contentType: string, body: Buffer): Result<Fields> {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'multipart/form-data') return partsOf(contentType, body)
  if (!isUtf8(body)) return refuse('body_malformed', 'The body is not UTF-8.')
  if (type === 'application/json') return jsonFields(body.toString('utf8'))
  return accept([...new URLSearchParams(body.toString('utf8'))])
}

function partsOf(contentType: string, body: Buffer): Result<Fields> {
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
