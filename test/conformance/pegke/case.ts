// A case of Pegke is data: who calls what, however it is sent, and what must be answered. It holds at HQ and in a store without the internet, unless it says
// where. `{kind:name}` stands for something of the world; what a case saves, later cases of its place may name.
import { request } from 'node:http'
import { expect } from 'vitest'
import { PEGKE_ANSWER_SHAPES } from '../../../protocol/pegke/answers.ts'
import type { PegkeCallName } from '../../../protocol/pegke/calls.ts'
import { validator } from '../../../protocol/validation.ts'
import type { Place, PlaceName } from './world.ts'

type How = 'multipart' | 'urlencoded' | 'json' | 'query'

export interface PegkeCase {
  /** What it shows, in words. */
  readonly name: string
  /** Left out: at both. */
  readonly at?: PlaceName
  /** What comes after Bearer; null: nothing. Left out: the merchant's key. */
  readonly as?: string | null
  readonly method: string
  /** The call; left out where there is a path. */
  readonly q?: PegkeCallName | 'nothing'
  readonly path?: string
  readonly fields?: Readonly<Record<string, string>>
  /** A body as it is, as JSON. */
  readonly raw?: string
  /** Left out: multipart. */
  readonly how?: How
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  /** The whole answer, or a part of it. */
  readonly is?: unknown
  readonly has?: unknown
  /** Of a list in the answer: how many, and parts of its rows in this order. */
  readonly list?: string
  readonly count?: number
  readonly rows?: readonly unknown[]
  /** Of a refusal. */
  readonly code?: string
  readonly saves?: Readonly<Record<string, string>>
  /** Statements of the contract that it shows, by their names in pegke-contract.json. */
  readonly shows?: readonly string[]
}

const SHAPES = Object.fromEntries(
  Object.entries(PEGKE_ANSWER_SHAPES).map(([name, shape]) => [name, validator(shape)]),
)
const NAME = /\{([a-z_]+:[^{}]+)\}/g

export function filled(text: string, { names }: Place): string {
  return text.replaceAll(NAME, (_, name: string) => {
    const value = names.get(name)
    if (value === undefined) throw new Error(`nothing is called ${name} in the world`)
    return value
  })
}

function filledIn(value: unknown, place: Place): unknown {
  return JSON.parse(filled(JSON.stringify(value), place))
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: unknown
}

/** By hand: a GET with a body is what fetch refuses and Pegke's clients send. */
function ask(given: PegkeCase, place: Place): Promise<Answer> {
  const { method, q, path = '/pegke/apiv1/', as = '{key:merchant}', how = 'multipart', headers = {} } = given
  const fields = filledIn(given.fields ?? {}, place) as Record<string, string>
  const [type, body] = given.raw === undefined ? bodyOf(how, fields) : ['application/json', given.raw]
  const query = new URLSearchParams({ ...(q === undefined ? {} : { q }), ...(how === 'query' ? fields : {}) })
  return new Promise((resolve, reject) => {
    const sent = request(
      `${place.url}${filled(path, place)}${query.size === 0 ? '' : `?${query}`}`,
      {
        method,
        headers: {
          ...(body === '' ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
          ...(as === null ? {} : { authorization: `Bearer ${filled(as, place)}` }),
          ...(filledIn(headers, place) as Record<string, string>),
        },
      },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('end', () => {
          const text = Buffer.concat(pieces).toString('utf8')
          const { statusCode = 0, headers: got } = response
          resolve({
            status: statusCode,
            type: got['content-type'] ?? '',
            body: text === '' ? null : JSON.parse(text),
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function bodyOf(how: How, fields: Readonly<Record<string, string>>): [type: string, body: string] {
  if (how === 'query' || Object.keys(fields).length === 0) return ['', '']
  if (how === 'json') return ['application/json', JSON.stringify(fields)]
  if (how === 'urlencoded')
    return ['application/x-www-form-urlencoded', new URLSearchParams(fields).toString()]
  const parts = Object.entries(fields).map(
    ([name, value]) => `--XyZ\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  return ['multipart/form-data; boundary=XyZ', `${parts.join('')}--XyZ--\r\n`]
}

export async function check(given: PegkeCase, place: Place): Promise<void> {
  const { status, type, body } = await ask(given, place)
  expect({ status, body: status === given.status ? null : body }).toEqual({
    status: given.status,
    body: null,
  })
  if (given.code !== undefined) {
    expect(type).toBe('application/problem+json')
    expect(body).toMatchObject({ code: given.code, status })
  }
  const shape = given.q === undefined || status !== 200 ? undefined : SHAPES[given.q]
  // Everything that a call answers is of its one shape, wherever it was asked.
  if (shape !== undefined) expect(shape.accepts(body) ? null : [shape.explain(body), body]).toBeNull()
  if (given.is !== undefined) expect(body).toEqual(filledIn(given.is, place))
  if (given.has !== undefined) expect(body).toMatchObject(filledIn(given.has, place) as object)
  if (given.list !== undefined) {
    const list = (body as Readonly<Record<string, unknown[]>>)[given.list] ?? []
    if (given.count !== undefined) expect(list).toHaveLength(given.count)
    if (given.rows !== undefined)
      expect(list.slice(0, given.rows.length)).toMatchObject(filledIn(given.rows, place) as object)
  }
  for (const [name, member] of Object.entries(given.saves ?? {}))
    place.names.set(name, String((body as Readonly<Record<string, unknown>>)[member]))
}
