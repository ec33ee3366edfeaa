// Cold calls over HTTP to a node's public API: JSON in, JSON out. The nodes are separate processes and their answers are input like any
// other: what is read out of them goes through `pick`, which says where an answer differs from what was expected. By node:http, because loading
// `fetch` costs a tenth of a second at the very moment the nodes need both cores; a connection a call, because nodes are killed and restarted.
import { Agent, request } from 'node:http'
import { PlainFault } from './plain-fault.ts'

const ASK_WAIT_MS_MAX = 30_000
const agent = new Agent({ keepAlive: false })

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly token?: string
  readonly key?: string
  readonly body?: unknown
}

export interface Told {
  readonly status: number
  readonly body: unknown
}

/** A node answered otherwise than it should; the sentence names the call and what came. */
export class AskFault extends PlainFault {}

/** Any status; fails only when no answer came. */
export function ask(url: string, { method = 'GET', token, key, body }: Ask = {}): Promise<Told> {
  const headers: Record<string, string> = {}
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  if (key !== undefined) headers['idempotency-key'] = key
  if (body !== undefined) headers['content-type'] = 'application/json'
  const content = body === undefined ? '' : JSON.stringify(body)
  if (content !== '') headers['content-length'] = String(Buffer.byteLength(content))
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers, agent, signal: AbortSignal.timeout(ASK_WAIT_MS_MAX) })
    call.once('error', reject)
    call.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => void (text += piece))
      response.once('error', reject)
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: jsonOrText(text) }))
    })
    call.end(content)
  })
}

/** The body of a 2xx answer. */
export async function askOk(url: string, asked: Ask = {}): Promise<unknown> {
  const { status, body } = await ask(url, asked)
  if (status >= 200 && status < 300) return body
  throw new AskFault(`${asked.method ?? 'GET'} ${url} answered ${status}: ${sentenceOf(body)}`)
}

/** The sentence of a problem document, or the body as it is. */
export function sentenceOf(body: unknown): string {
  const detail = fieldOf(body, 'detail') ?? fieldOf(body, 'title')
  return typeof detail === 'string' ? detail : JSON.stringify(body).slice(0, 200)
}

export function codeOf(body: unknown): string | undefined {
  const code = fieldOf(body, 'code')
  return typeof code === 'string' ? code : undefined
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

/** Follows the names into an answer; `kind` is what must be there. */
export function pick(value: unknown, kind: 'string', ...names: string[]): string
export function pick(value: unknown, kind: 'number', ...names: string[]): number
export function pick(value: unknown, kind: 'list', ...names: string[]): readonly unknown[]
export function pick(value: unknown, kind: 'string' | 'number' | 'list', ...names: string[]): unknown {
  let found = value
  for (const name of names) found = fieldOf(found, name)
  const fits = kind === 'list' ? Array.isArray(found) : typeof found === kind
  if (!fits) throw new AskFault(`expected a ${kind} at ${names.join('.')}, not ${JSON.stringify(found)}`)
  return found
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
