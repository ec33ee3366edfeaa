// A conformance case is data: who asks what, and what must be answered. `{kind:name}` in paths and bodies stands for an id of the world; what a case
// saves, later cases of its file may name. A case says which operations, and which rules of the contract, it shows.
import { expect } from 'vitest'
import type { World } from './world.ts'

export interface ConformanceCase {
  /** What it shows, in words. */
  readonly name: string
  /** The token's name in the world; null: none. */
  readonly as: string | null
  /** `GET /v2/perks/?business={business:demo}` */
  readonly send: string
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Seconds that pass before it. */
  readonly later?: number
  /** E-mails that wait are sent before it. */
  readonly mailed?: true
  readonly status: number
  /** Part of the answer; of a redirect `to`, where it leads, and the parameters there. */
  readonly has?: unknown
  /** Exactly these objects, in this order, each by a part of it. */
  readonly lists?: readonly unknown[]
  /** How many objects are listed. */
  readonly count?: number
  /** Exactly the fields of the contract for this resource are in the object, or in each of the list; those that may be left out aside. */
  readonly fields?: true
  /** Fields that must not be there. */
  readonly lacks?: readonly string[]
  /** Code by field of the error envelope, and its type. */
  readonly errors?: Readonly<Record<string, string>>
  readonly type?: string
  /** Names for values of the answer, by their way in it. */
  readonly saves?: Readonly<Record<string, string>>
  /** The whole database is as before, but for these tables. Left out: of a write that is refused the whole one (DF-14). */
  readonly leaves?: readonly string[]
  /** Operations, as `GET one`, of the resource in the path are covered by themselves. Rules: their places in the contract's list, `perks 3`. */
  readonly rules?: readonly string[]
}

/** Token endpoints use up codes. */
const WRITES = /^(?!GET )\S+ \/v2\//

const NAME = /\{([a-z_]+:[^{}]+)\}/g

export function filled(text: string, world: World): string {
  return text.replaceAll(NAME, (_, name: string) => {
    const value = world.names.get(name)
    if (value === undefined) throw new Error(`nothing is called ${name} in the world`)
    return value
  })
}

function filledIn(value: unknown, world: World): unknown {
  if (typeof value === 'string') {
    // Alone, with `#`, it is a number.
    const number = /^#(\{[^{}]+\})$/.exec(value)?.[1]
    return number === undefined ? filled(value, world) : Number(filled(number, world))
  }
  if (Array.isArray(value)) return value.map((item) => filledIn(item, world))
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filledIn(item, world)]))
  return value
}

/** The resource and operation of a case: `perks`, `GET`, `one`. */
export function operationOf({ send }: ConformanceCase): {
  readonly method: string
  readonly resource: string
  readonly on: 'list' | 'one'
} {
  const [method = '', target = ''] = send.split(' ', 2)
  const names = (target.split('?')[0] ?? '')
    .replace(/^\/v2\//, '')
    .split('/')
    .filter((name) => name !== '')
  const nested = names[0] === 'batch'
  const resource = nested ? names.slice(0, 2).join('/') : (names[0] ?? '')
  return { method, resource, on: names.length > (nested ? 2 : 1) ? 'one' : 'list' }
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

async function ask(given: ConformanceCase, world: World): Promise<Answer> {
  const [method, target] = [
    given.send.slice(0, given.send.indexOf(' ')),
    given.send.slice(given.send.indexOf(' ') + 1),
  ]
  const body =
    given.form !== undefined
      ? new URLSearchParams(Object.entries(given.form).map(([name, value]) => [name, filled(value, world)]))
      : given.json === undefined
        ? undefined
        : JSON.stringify(filledIn(given.json, world))
  // HQ's own calls are the native API's.
  const mount = target.startsWith('/v1/') ? '' : '/perkville'
  const response = await fetch(`${world.cloud.url}${mount}${filled(target, world)}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(given.as === null ? {} : { authorization: `Bearer ${world.token(given.as)}` }),
      ...(given.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...Object.fromEntries(
        Object.entries(given.headers ?? {}).map(([name, value]) => [name, filled(value, world)]),
      ),
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  const { status } = response
  const answer = status === 303 ? leadsTo(response) : text === '' ? null : (JSON.parse(text) as unknown)
  return { status, headers: response.headers, body: answer }
}

function leadsTo({ url, headers }: Response): Readonly<Record<string, string>> {
  const to = new URL(headers.get('location') ?? '', url)
  const here = to.origin === new URL(url).origin
  return { to: (here ? '' : to.origin) + to.pathname, ...Object.fromEntries(to.searchParams) }
}

export async function check(given: ConformanceCase, world: World, fields: readonly string[]): Promise<void> {
  world.clock.now += (given.later ?? 0) * 1_000
  if (given.mailed === true) await world.mail()
  const refused = given.status >= 400 && WRITES.test(given.send)
  const { leaves = [] } = given
  const before = refused || given.leaves !== undefined ? world.file.dump(leaves) : null
  const { status, body, headers } = await ask(given, world)
  if (before !== null) expect(world.file.dump(leaves)).toEqual(before)
  expect({ status, body: status === given.status ? null : body }).toEqual({
    status: given.status,
    body: null,
  })
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  if (status === 204) expect(body).toBeNull()
  else if (status !== 303) expect(headers.get('content-type')).toMatch(/^application\/(?:problem\+)?json/)
  const objects = listed(body)
  if (given.has !== undefined) expect(body).toMatchObject(filledIn(given.has, world) as object)
  if (given.count !== undefined) expect(objects).toHaveLength(given.count)
  if (given.lists !== undefined) {
    const wanted = filledIn(given.lists, world) as object[]
    expect(objects.map((object, index) => ({ ...pickOf(object, wanted[index]) }))).toEqual(wanted)
  }
  const shown = objects.length > 0 ? objects : [body]
  if (given.fields === true)
    for (const object of shown)
      expect(Object.keys(object as object).filter((name) => !fields.includes(name))).toEqual([])
  for (const name of given.lacks ?? []) for (const object of shown) expect(object).not.toHaveProperty(name)
  if (status >= 400 && !given.send.includes(' /v1/')) checkErrors(given, body)
  for (const [name, way] of Object.entries(given.saves ?? {}))
    world.names.set(name, savedOf(at(body, way.replace('|key', '')), way))
}

/** A value, or with `|key` the key at the end of a URI. */
function savedOf(value: unknown, way: string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return way.endsWith('|key') ? (/(\d+)\/$/.exec(text)?.[1] ?? '') : text
}

function checkErrors(given: ConformanceCase, body: unknown): void {
  const { error_type: type, errors } = body as {
    error_type: string
    errors: Record<string, { code: string; message: string }[]>
  }
  const types = ['oauth_error', 'authorization_error', 'invalid_request_error', 'unknown_error']
  expect(types).toContain(type)
  if (given.type !== undefined) expect(type).toBe(given.type)
  const codes = Object.fromEntries(Object.entries(errors).map(([field, list]) => [field, list[0]?.code]))
  if (given.errors !== undefined) expect(codes).toEqual(given.errors)
  for (const list of Object.values(errors)) for (const { message } of list) expect(message).toMatch(/\S/)
}

/** The objects of a list, or the good rows of a batch. */
function listed(body: unknown): readonly unknown[] {
  const {
    objects,
    transactions,
    external_members: members,
  } = (body ?? {}) as Readonly<Record<string, unknown>>
  const list = [objects, transactions, members].find((one) => Array.isArray(one))
  return Array.isArray(list) ? list.filter((one: object) => !('errors' in one)) : []
}

function pickOf(object: unknown, wanted: object | undefined): object {
  const names = Object.keys(wanted ?? {})
  return Object.fromEntries(names.map((name) => [name, (object as Record<string, unknown>)[name]]))
}

function at(body: unknown, way: string): unknown {
  return way.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], body)
}
