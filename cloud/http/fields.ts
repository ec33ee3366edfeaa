// A caller's fields for the APIs whose clients put them anywhere: in the query, in a multipart or urlencoded body, or in JSON; on a GET too.
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { formOf, jsonFields } from '../../protocol/form.ts'
import type { Fields, Form } from '../../protocol/form.ts'
import { FORM_BYTES_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { checkDeclaredLength, readBody } from './body.ts'

type Ctx = Context<{ Bindings: HttpBindings }>

const decoder = new TextDecoder('utf-8', { fatal: true })

export async function fieldsOf(c: Ctx): Promise<Result<Form>> {
  const length = checkDeclaredLength(c.req.header('content-length'), FORM_BYTES_MAX)
  if (!length.ok) return length
  const bytes = await readBody(c.env.incoming, FORM_BYTES_MAX)
  if (!bytes.ok) return bytes
  const type = c.req.header('content-type') ?? ''
  const sent = bytes.value.length === 0 ? accept([]) : await bodyFields(type, bytes.value)
  return sent.ok ? formOf([...new URL(c.req.url).searchParams], sent.value) : sent
}

async function bodyFields(contentType: string, bytes: Uint8Array): Promise<Result<Fields>> {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
  if (type === 'multipart/form-data') return partsOf(contentType, bytes)
  const text = textOf(bytes)
  if (text === undefined) return refuse('body_malformed', 'The body is not UTF-8.')
  return type === 'application/json' ? jsonFields(text) : accept([...new URLSearchParams(text)])
}

async function partsOf(contentType: string, bytes: Uint8Array): Promise<Result<Fields>> {
  let form: FormData
  try {
    form = await new Response(Buffer.from(bytes), { headers: { 'content-type': contentType } }).formData()
  } catch {
    return refuse('body_malformed', 'The body is no multipart form.')
  }
  const fields: [string, string][] = []
  for (const [name, value] of form) {
    if (typeof value !== 'string') return refuse('body_malformed', 'A part of the form is no text.')
    fields.push([name, value])
  }
  return accept(fields)
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
