// Serves a dialect from its rows: one order of checks for every endpoint (DF-2). Path, verb, token, scopes, row, body, operation; what is refused anywhere leaves
// in the platform's own words. It knows no HTTP library: the mount gives it requests and sends its answers.
import { refuse } from '../../../protocol/result.ts'
import type { Form } from '../../../protocol/form.ts'
import type { Refusal } from '../../../protocol/result.ts'
import type { Collection, Json, Row, Schema } from '../../collections/collection.ts'
import { EVERYTHING, NOTHING, and, among, eq } from '../../collections/query.ts'
import type { Predicate } from '../../collections/query.ts'
import { permits } from '../../platform/principal.ts'
import type { Principal } from '../../platform/principal.ts'
import type { CollectionReads } from '../../store/collection-port.ts'
import type { Dialect, OneAddress } from './dialect.ts'
import { readFilters } from './filters.ts'
import { readInput } from './input.ts'
import type { Body, Input } from './input.ts'
import { objectOf } from './object.ts'
import type { Children } from './object.ts'
import { readPage } from './pages.ts'
import type { Call, Endpoint, Outcome, Page, Resource } from './resource.ts'
import { integerOf } from './values.ts'
import { asksForFew, narrowed, sightOf } from './visibility.ts'
import type { Sight } from './visibility.ts'

export interface DialectRequest {
  readonly method: string
  /** Behind the dialect's base: `perks/60/`. */
  readonly path: string
  readonly params: URLSearchParams
  readonly authorization: string | undefined
  readonly idempotencyKey: string
  readonly requestId: string
  /** Reads and parses the body when it is wanted; with one address all fields, of query and body. */
  readonly body: () => Promise<ReadBody>
}

export type ReadBody =
  | { readonly ok: true; readonly value: Body; readonly form: boolean }
  | { readonly ok: false; readonly refusal: Refusal }

export interface DialectAnswer {
  readonly status: number
  /** Null: no body. */
  readonly body: Json | null
  /** Content type where it is not JSON's. */
  readonly type?: string
}

export interface DialectParts<S> {
  readonly read: Pick<CollectionReads, 'rows'>
  readonly schema: Schema
  readonly services: S
  readonly principalOf: (token: string) => Promise<Principal | undefined>
  /** Businesses that are served in the dialect. */
  readonly tenants: () => Promise<readonly number[]>
}

interface Refused {
  readonly ok: false
  readonly refusals: readonly Refusal[]
}
const refused = (...refusals: readonly Refusal[]): Refused => ({ ok: false, refusals })

/** One call on its way through the checks. */
interface Under<S> {
  readonly resource: Resource<S>
  readonly endpoint: Endpoint<S>
  readonly principal: Principal
  readonly tenants: readonly number[]
  readonly request: DialectRequest
  readonly key: string
  readonly fields: Form | null
}

/** What a request names. */
interface Place<S> {
  readonly resource: Resource<S>
  readonly key: string
  /** All that was sent, where there is one address. */
  readonly fields: Form | null
}

export class DialectServer<S> {
  readonly #dialect: Dialect<S>
  readonly #parts: DialectParts<S>
  readonly #byName: ReadonlyMap<string, Resource<S>>

  constructor(dialect: Dialect<S>, parts: DialectParts<S>) {
    this.#dialect = dialect
    this.#parts = parts
    this.#byName = new Map(dialect.resources.map((resource) => [resource.name, resource]))
    for (const resource of dialect.resources) this.#check(resource)
  }

  /** Rows of no business are never seen for being staff of one. */
  #check({ name, collection, endpoints }: Resource<S>): void {
    if (collection === null || this.#parts.schema.of(collection).scope === 'tenant') return
    for (const { sees = {} } of endpoints)
      for (const one of Object.values(sees))
        if (one.kind === 'staff' && one.way === 'tenant')
          throw new Error(`${name}: ${collection} belongs to no business`)
  }

  get dialect(): Dialect<S> {
    return this.#dialect
  }

  async serve(request: DialectRequest): Promise<DialectAnswer> {
    const answer = await this.#answer(request)
    return 'ok' in answer ? this.#dialect.refused(answer.refusals, request.requestId) : answer
  }

  async #answer(request: DialectRequest): Promise<DialectAnswer | Refused> {
    const place = await this.#placeOf(request)
    if ('ok' in place) return place
    const { resource, key, fields } = place
    const on = key === '' ? 'list' : 'one'
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const found = resource.endpoints.find((row) => row.method === method && row.on === on)
    if (found === undefined)
      return refused(refuse('verb_unsupported', `${request.method} is not supported here.`).refusal)
    const endpoint = asked(found, request.params)
    const principal = await this.#principalOf(request.authorization, fields)
    if (!('kind' in principal)) return principal
    if (!permits(principal, endpoint.scopes))
      return refused(refuse('role_insufficient', 'The token has not the scopes that this needs.').refusal)
    const served = await this.#parts.tenants()
    const tenants =
      principal.tenants.length === 0 ? served : served.filter((tenant) => principal.tenants.includes(tenant))
    const under: Under<S> = { resource, endpoint, principal, tenants, request, key, fields }
    return endpoint.method === 'GET' && fields === null ? this.#read(under) : this.#write(under)
  }

  /** `perks`, `perks/`, `perks/60`, `batch/transactions/`; with one address nothing, and a field says which. */
  async #placeOf(request: DialectRequest): Promise<Place<S> | Refused> {
    const names = request.path.split('/').flatMap((name) => (name === '' ? [] : [decoded(name)]))
    const { oneAddress } = this.#dialect
    if (oneAddress !== undefined) return names.length > 0 ? NOTHING_HERE : this.#chosen(oneAddress, request)
    const whole = this.#byName.get(names.join('/'))
    if (whole !== undefined) return { resource: whole, key: '', fields: null }
    const key = names.pop() ?? ''
    const resource = this.#byName.get(names.join('/'))
    return resource === undefined ? NOTHING_HERE : { resource, key, fields: null }
  }

  async #chosen({ selector, unknown }: OneAddress, request: DialectRequest): Promise<Place<S> | Refused> {
    const sent = await request.body()
    if (!sent.ok) return refused(sent.refusal)
    // With one address all fields are texts.
    const fields = sent.value as Form
    const resource = this.#byName.get(fields[selector] ?? '')
    return resource === undefined ? refused(unknown) : { resource, key: '', fields }
  }

  async #principalOf(authorization = '', fields: Form | null): Promise<Principal | Refused> {
    const token =
      fields === null
        ? (/^(?:Bearer|OAuth) +([\x21-\x7e]{1,512})$/i.exec(authorization.trim())?.[1] ?? '')
        : (this.#dialect.oneAddress?.token(authorization, fields) ?? '')
    if (token === '')
      return refused(refuse('token_missing', 'Send the header Authorization: Bearer TOKEN.').refusal)
    const principal = await this.#parts.principalOf(token)
    // A token of another dialect, or of HQ, opens nothing here (PL-6).
    return principal?.dialect === this.#dialect.name
      ? principal
      : refused(refuse('token_unknown', 'The access token is unknown, revoked or expired.').refusal)
  }

  async #read(under: Under<S>): Promise<DialectAnswer | Refused> {
    const { endpoint, key, request } = under
    const { limit } = this.#dialect
    const { limitMax = limit?.max } = under.resource
    const page =
      limit === null || limitMax === undefined
        ? { ok: true as const, value: NO_PAGE }
        : readPage(request.params, { ...limit, max: limitMax })
    if (!page.ok) return refused(...page.refusals)
    if (endpoint.operation !== undefined) return this.#operated(under, null, {}, page.value)
    if (key !== '') {
      const row = await this.#one(under)
      return row === undefined ? refused(NOT_FOUND) : this.#shown(under, row)
    }
    return this.#list(under, page.value)
  }

  async #list(under: Under<S>, page: Page): Promise<DialectAnswer | Refused> {
    const { resource, endpoint, principal, request, tenants } = under
    const exempt = endpoint.requiresUnless !== undefined && principal.scopes.has(endpoint.requiresUnless)
    const requires = endpoint.requires ?? {}
    const filtered = readFilters(request.params, resource.filters, exempt ? {} : requires, {
      filtersOf: (name) => this.#byName.get(name)?.filters ?? this.#dialect.embedded[name] ?? {},
      me: principal.person,
      aside: [...ASIDE, ...(resource.aside ?? [])],
      aliases: this.#dialect.aliases,
    })
    if (!filtered.ok) return refused(...filtered.refusals)
    const sight = await this.#sight(under, narrowed(tenants, filtered.value), asksForFew(filtered.value))
    if (sight.where === NOTHING) return this.#listed(under, [], page)
    const rows = await this.#parts.read.rows(this.#collection(resource), {
      tenants: sight.tenants,
      where: and(sight.where, filtered.value),
      order: resource.order ?? [],
      limit: page.limit + 1,
      offset: page.offset,
    })
    return this.#listed(under, rows, page)
  }

  async #listed(under: Under<S>, rows: readonly Row[], page: Page): Promise<DialectAnswer> {
    const shown = rows.slice(0, page.limit)
    const objects = await this.#objects(under, shown)
    const next = rows.length > page.limit ? this.#nextOf(under, page) : null
    return { status: under.endpoint.status, body: this.#dialect.listed(objects, { ...page, next }) }
  }

  #nextOf({ resource, request }: Under<S>, { limit, offset }: Page): string {
    const params = new URLSearchParams(request.params)
    params.set('limit', String(limit))
    params.set('offset', String(offset + limit))
    return `${this.#dialect.base}/${resource.name}/?${params.toString()}`
  }

  /** The row that the path names, if the caller may see it. */
  async #one(under: Under<S>): Promise<Row | undefined> {
    const { resource, principal, tenants, key } = under
    const id = resource.me === true && key === 'me' ? principal.person : integerOf(key)
    if (id === null || id === undefined || id < 1) return undefined
    const sight = await this.#sight(under, tenants, true)
    if (sight.where === NOTHING) return undefined
    const where = and(eq('id', id), sight.where)
    const [row] = await this.#parts.read.rows(this.#collection(resource), { ...sight, where, limit: 1 })
    return row
  }

  async #sight(
    { endpoint, principal, resource }: Under<S>,
    tenants: readonly number[],
    few: boolean,
  ): Promise<Sight> {
    const sight = sightOf(principal, endpoint.sees ?? {}, tenants, few)
    const { where, now } = resource
    return sight.where === NOTHING || (where === undefined && now === undefined)
      ? sight
      : { ...sight, where: and(sight.where, await this.#isOne(resource, sight.tenants)) }
  }

  /** What a row must be to be one of the resource. */
  async #isOne({ where, now }: Resource<S>, tenants: readonly number[]): Promise<Predicate> {
    if (now === undefined) return where ?? EVERYTHING
    return and(where ?? EVERYTHING, await now(this.#parts.services, tenants))
  }

  async #write(under: Under<S>): Promise<DialectAnswer | Refused> {
    const { endpoint, key, request } = under
    const row = key === '' ? null : await this.#one(under)
    if (row === undefined) return refused(NOT_FOUND)
    let input: Input = {}
    if (endpoint.input !== undefined) {
      const body =
        under.fields === null
          ? await request.body()
          : { ok: true as const, value: under.fields, form: true as const }
      if (!body.ok) return refused(body.refusal)
      if (endpoint.form === true && !body.form)
        return refused(refuse('body_malformed', 'Send a form: application/x-www-form-urlencoded.').refusal)
      const read = readInput(endpoint.input, body.value)
      if (!read.ok) return refused(...read.refusals)
      input = read.value
    }
    return this.#operated(under, row, input, NO_PAGE)
  }

  async #operated(
    under: Under<S>,
    row: Row | null,
    input: Input,
    page: Page,
  ): Promise<DialectAnswer | Refused> {
    const { endpoint, principal, tenants, request, resource } = under
    if (endpoint.operation === undefined) throw new Error(`${resource.name} has no operation`)
    const call: Call<S> = {
      services: this.#parts.services,
      principal,
      tenants,
      row,
      input,
      params: request.params,
      page,
      base: this.#dialect.base,
      method: endpoint.method,
      idempotencyKey: request.idempotencyKey,
    }
    return this.#settled(under, await endpoint.operation(call), page)
  }

  async #settled(under: Under<S>, outcome: Outcome, page: Page): Promise<DialectAnswer | Refused> {
    const { status } = under.endpoint
    if (!outcome.ok) return refused(...outcome.refusals)
    if ('none' in outcome) return { status, body: null }
    if ('json' in outcome) return { status, body: outcome.json }
    if ('row' in outcome) return this.#shown(under, outcome.row)
    if ('rows' in outcome) return this.#listed(under, outcome.rows, page)
    const where = eq('id', outcome.id)
    const [row] = await this.#parts.read.rows(this.#collection(under.resource), {
      tenants: 'every',
      where,
      limit: 1,
    })
    if (row === undefined)
      throw new Error(`${under.resource.name} ${outcome.id} was written and is not there`)
    return this.#shown(under, row)
  }

  async #shown(under: Under<S>, row: Row): Promise<DialectAnswer> {
    const [object] = await this.#objects(under, [row])
    return { status: under.endpoint.status, body: object ?? null }
  }

  async #objects({ resource, principal, tenants }: Under<S>, rows: readonly Row[]): Promise<Json[]> {
    const children = await this.#childrenOf(resource, rows, principal, tenants)
    return rows.map((row) => objectOf(resource.fields, row, this.#dialect.base, children))
  }

  /** Children of all rows at once, each list only with what the caller may see of them. */
  async #childrenOf(
    resource: Resource<S>,
    rows: readonly Row[],
    principal: Principal,
    tenants: readonly number[],
  ): Promise<Children> {
    const children: Record<string, ReadonlyMap<number, readonly Row[]>> = {}
    if (rows.length === 0) return children
    for (const [name, field] of Object.entries(resource.fields)) {
      if (!('children' in field)) continue
      const ids = [...new Set(rows.map((row) => Number(row[field.through ?? 'id'])))]
      const target = this.#byName.get(field.of)
      const sees =
        field.fields === undefined ? target?.endpoints.find(({ on }) => on === 'one')?.sees : undefined
      const sight =
        sees === undefined ? { tenants, where: EVERYTHING } : sightOf(principal, sees, tenants, true)
      const found = await this.#parts.read.rows(this.#parts.schema.of(field.children), {
        tenants: sight.tenants,
        where: and(
          among(field.by, ids),
          sight.where,
          target ? await this.#isOne(target, sight.tenants) : EVERYTHING,
        ),
        order: field.order === undefined ? [] : [{ column: field.order, nulls: 'last' }],
        limit: CHILDREN_MAX,
      })
      children[name] = Map.groupBy(found, (row) => Number(row[field.by]))
    }
    return children
  }

  #collection({ collection, name }: Resource<S>): Collection {
    if (collection === null) throw new Error(`${name} is no collection`)
    return this.#parts.schema.of(collection)
  }
}

/** A name of a path as it was meant: %31 is 1. What cannot be decoded names nothing. */
function decoded(name: string): string {
  try {
    return name.includes('%') ? decodeURIComponent(name) : name
  } catch {
    return name
  }
}

/** An endpoint as its parameters make it. */
function asked<S>(endpoint: Endpoint<S>, params: URLSearchParams): Endpoint<S> {
  const [, instead] = Object.entries(endpoint.when ?? {}).find(([name]) => params.has(name)) ?? []
  return { ...endpoint, ...instead }
}

/** Children shown on one page, of all its rows together. */
const CHILDREN_MAX = 20_000
/** Parameters that filter nothing, anywhere. */
const ASIDE = ['limit', 'offset', 'format']
const NO_PAGE: Page = { limit: 0, offset: 0 }
const NOTHING_HERE = refused(refuse('route_unknown', 'There is nothing here.').refusal)
const NOT_FOUND = refuse('record_not_found', 'There is no such record, or it is not yours to see.').refusal
