// A caller's fields for the APIs whose clients put them anywhere: in the query, in a multipart or urlencoded body, or in JSON; on a GET too.
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { readForm } from '../../protocol/form-body.ts'
import type { Form } from '../../protocol/form.ts'
import { FORM_BYTES_MAX } from '../../protocol/limits.ts'
import type { Result } from '../../protocol/result.ts'
import { checkDeclaredLength, readBody } from './body.ts'

export async function fieldsOf(c: Context<{ Bindings: HttpBindings }>): Promise<Result<Form>> {
  const length = checkDeclaredLength(c.req.header('content-length'), FORM_BYTES_MAX)
  if (!length.ok) return length
  const bytes = await readBody(c.env.incoming, FORM_BYTES_MAX)
  if (!bytes.ok) return bytes
  const query = [...new URL(c.req.url).searchParams]
  return readForm(query, c.req.header('content-type') ?? '', bytes.value)
}
