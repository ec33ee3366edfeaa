// A call's fields out of its query and its body: multipart parts, urlencoded, or the members of a JSON object, on a GET too, as clients of older APIs send
// them. Both nodes read them here, so that they refuse the same bodies.
import { isUtf8 } from 'node:buffer'
import { Busboy } from '@fastify/busboy'
import type { BusboyInstance } from '@fastify/busboy'
import { formOf, jsonFields } from './form.ts'
import type { Fields, Form } from './form.ts'
import { accept, refuse } from './result.ts'
import type { Result } from './result.ts'

/** `body` has at most FORM_BYTES_MAX; an empty one has no fields, whatever its type. */
export async function readForm(query: Fields, contentType: string, body: Buffer): Promise<Result<Form>> {
  const fields = body.length === 0 ? accept<Fields>([]) : await fieldsOf(contentType, body)
  return fields.ok ? formOf(query, fields.value) : fields
}

function fieldsOf(contentType: string, body: Buffer): Result<Fields> | Promise<Result<Fields>> {
  if (!isUtf8(body)) return refuse('body_malformed', 'The body is not UTF-8.')
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'multipart/form-data') return partsOf(contentType, body)
  const text = body.toString('utf8')
  return type === 'application/json' ? jsonFields(text) : accept([...new URLSearchParams(text)])
}

/** What ends a part is a line that begins with the boundary; its text within a line belongs to the value (RFC 2046, 5.1.1). */
async function partsOf(contentType: string, body: Buffer): Promise<Result<Fields>> {
  try {
    return await new Promise((resolve, reject) => {
      const fields: [name: string, value: string][] = []
      const parts: BusboyInstance = new Busboy({ headers: { 'content-type': contentType } })
      parts
        .on('field', (name, value) => fields.push([name, value]))
        .on('file', (name, content) => {
          content.resume()
          resolve(refuse('body_malformed', 'A part of the form is no text.', name.slice(0, 64)))
        })
        .on('error', reject)
        .on('finish', () => resolve(accept(fields)))
        .end(body)
    })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return refuse('body_malformed', `The body is no multipart form: ${why}.`)
  }
}
