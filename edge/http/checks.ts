// Hot: the checks of H-2 from the token on, over plain values: token, role, JSON, key, schema. The body's size comes before all of them and
// is the server's business, which must stop reading. Budget: bench/sales.ts.
import { isUtf8 } from 'node:buffer'
import { createHash, hash } from 'node:crypto'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import type { Validator } from '../../protocol/validation.ts'
import type { Terminal } from '../ledger/terminals.ts'
import type { QueryRule, Route } from './route.ts'
import type { Tokens } from './tokens.ts'

const SCHEME = 'bearer '
const KEY = /^[\x21-\x7e]{1,64}$/
const INTEGER = /^(0|[1-9][0-9]{0,15})$/
const DETAIL_CHARS_MAX = 300
const NOBODY: Terminal = { name: '', role: 'terminal' }

/** Token, then role. An admin may do everything. */
export function admit(route: Route, tokens: Tokens, authorization: string): Result<Terminal> {
  if (route.roles === 'public') return accept(NOBODY)
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME)
    return refuse('token_missing', 'Send the header "Authorization: Bearer TOKEN".')
  const terminal = tokens.find(authorization.slice(SCHEME.length))
  if (terminal === undefined) return refuse('token_unknown', 'This token is not, or no longer, valid here.')
  if (terminal.role !== 'admin' && !route.roles.includes(terminal.role))
    return refuse('role_insufficient', `This needs a token of role ${route.roles.join(' or ') || 'admin'}.`)
  return accept(terminal)
}

export function readJson(route: Route, raw: Buffer): Result<unknown> {
  if (raw.length === 0 && route.bodyOptional) return accept({})
  if (!isUtf8(raw)) return refuse('body_malformed', 'The body is not UTF-8.')
  try {
    return accept(JSON.parse(raw.toString('utf8')))
  } catch {
    // The parser's own sentence quotes the body, which may hold personal data.
    return refuse('body_malformed', 'The body cannot be parsed as JSON.')
  }
}

/** K-1: the header, or `id` in the body. */
export function readKey(header: string, body: unknown): Result<string> {
  const given = typeof body === 'object' && body !== null ? (body as { id?: unknown }).id : undefined
  const id = typeof given === 'string' ? given : ''
  if (header === '' && id === '')
    return refuse('key_missing', 'Send an Idempotency-Key header, or "id" in the body.', 'Idempotency-Key')
  const key = header === '' ? id : header
  if (!KEY.test(key))
    return refuse('key_missing', 'The key must have 1 to 64 visible ASCII characters.', 'Idempotency-Key')
  if (header !== '' && id !== '' && id !== header)
    return refuse('input_invalid', 'The header Idempotency-Key and "id" in the body differ.', '/id')
  return accept(key)
}

export function checkShape(shape: Validator<unknown>, value: unknown): Result<unknown> {
  if (shape.accepts(value)) return accept(value)
  const { path, message } = shape.explain(value)
  return refuse('input_invalid', `${path} ${message}`.trim().slice(0, DETAIL_CHARS_MAX), path)
}

export function readQuery(rule: QueryRule, text: string): Result<unknown> {
  const query: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(query, name)) return refuse('input_invalid', `"${name}" is given twice.`, name)
    query[name] = rule.integers.has(name) && INTEGER.test(value) ? Number(value) : value
  }
  if (rule.validator.accepts(query)) return accept(query)
  const { path, message } = rule.validator.explain(query)
  const name = path.slice(1)
  return refuse('input_invalid', `${name} ${message}`.trim().slice(0, DETAIL_CHARS_MAX), name)
}

const scratch = Buffer.allocUnsafe(64 * 1024)

/**
 * K-2: SHA-256 of method, path and the body as it came. One-shot over a copy is a third faster than three updates of a hash object, and a binary
 * string is the cheapest way out of it.
 */
export function requestHash(method: string, path: string, raw: Buffer): Uint8Array {
  const start = `${method} ${path}\n`
  if (start.length + raw.length > scratch.length)
    return createHash('sha256').update(start, 'latin1').update(raw).digest()
  const length = scratch.write(start, 0, 'latin1')
  raw.copy(scratch, length)
  return Buffer.from(hash('sha256', scratch.subarray(0, length + raw.length), 'binary'), 'binary')
}
