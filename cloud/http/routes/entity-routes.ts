// What a business configures beside its program: for each kind a list, a way to make one where the program does not, and a way to change one. What is left out of a change stays.
import { Type } from 'typebox'
import type { TProperties, TSchema } from 'typebox'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { NameShape, closed, oneOf, orNull, text } from '../../../protocol/shapes.ts'
import type { EntityFields, EntityKind, EntityRow } from '../../domain/configuration/entities.ts'
import { entityField } from '../../domain/configuration/entities.ts'
import { TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { timeText } from '../../domain/views.ts'
import type { Principal } from '../../platform/principal.ts'
import { PageQueryShape, listOf, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Route } from '../route.ts'

const Id = Type.Integer({ minimum: 1 })
const Rank = orNull(Type.Integer({ minimum: 0, maximum: 1_000_000 }))
const AGREEMENT_CHARS_MAX = 20_000
const Words = text(0, 4_000)
const Link = text(0, 2_000)
const LOCATIONS_MAX = 1_000

interface EntityRoutes {
  readonly kind: EntityKind
  readonly path: string
  readonly what: string
  /** What must be said of a new one, and what may be. */
  readonly needs: TProperties
  readonly takes: TProperties
  /** What a change may not touch. */
  readonly stays?: readonly string[]
  /** The program makes them: they are listed with what it calls them, and changed here in what it does not say. */
  readonly ofProgram?: 'title' | 'name' | 'rule'
}

const KINDS: readonly EntityRoutes[] = [
  {
    kind: 'agreements',
    path: '/v1/agreements',
    what: 'an agreement that customers are asked for',
    needs: { internal_name: NameShape, type: oneOf(['REQUIRED-OPT-IN', 'OPTIONAL-OPT-IN']) },
    takes: {},
  },
  {
    kind: 'agreement_versions',
    path: '/v1/agreement-versions',
    what: "a version of an agreement's text; an active one takes the place of the active one before",
    needs: { agreement: Id, label: text(1, 64), text: text(1, AGREEMENT_CHARS_MAX) },
    takes: { is_active: Type.Boolean() },
    // What somebody agreed to stays as they read it.
    stays: ['agreement', 'text'],
  },
  {
    kind: 'promotions',
    path: '/v1/promotions',
    what: 'what a referral offers, everywhere or at some locations',
    needs: { perk: Id, title: NameShape },
    takes: {
      detail: text(0, 4_000),
      fine_print: text(0, 4_000),
      picture_url: text(0, 2_000),
      eligible_at_all_locations: Type.Boolean(),
      eligible_locations: Type.Array(Id, { maxItems: LOCATIONS_MAX }),
    },
  },
  {
    kind: 'perk_categories',
    path: '/v1/perk-categories',
    what: 'a category of perks',
    needs: { name: NameShape },
    takes: { display_order: Rank },
  },
  {
    kind: 'external_locations',
    path: '/v1/external-locations',
    what: "another system's name of a location",
    needs: { external_system_id: text(1, 64), external_location_id: text(1, 128), location: Id },
    takes: {},
  },
  {
    kind: 'custom_attributes',
    path: '/v1/custom-attributes',
    what: 'an attribute of customers',
    needs: { slug: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$' }), display_name: NameShape },
    takes: { description: text(0, 4_000), display_action: oneOf(['', 'DISPLAY_AS_BIZ_PROFILE_TAB']) },
  },
  {
    kind: 'custom_attribute_values',
    path: '/v1/custom-attribute-values',
    what: 'a value that an attribute may have',
    needs: { custom_attribute: Id, display_name: NameShape },
    takes: { rank: Rank },
    stays: ['custom_attribute'],
  },
  {
    kind: 'levels',
    path: '/v1/shown/levels',
    what: "a level's badge",
    needs: {},
    takes: { badge_url: Link },
    ofProgram: 'name',
  },
  {
    kind: 'perks',
    path: '/v1/shown/perks',
    what: 'how a perk is shown, and whether customers get e-mails about it (silent: none)',
    needs: {},
    takes: {
      category: orNull(Id),
      display_order: Rank,
      invisible: Type.Boolean(),
      silent: Type.Boolean(),
      display_name: orNull(NameShape),
      description: Words,
      fine_print: Words,
      redemption_instructions: Words,
      picture_card: orNull(Link),
    },
    ofProgram: 'title',
  },
  {
    kind: 'challenges',
    path: '/v1/shown/challenges',
    what: 'the words of a challenge',
    needs: {},
    takes: {
      description: Words,
      fine_print: Words,
      join_message: Words,
      ineligible_message: Words,
      success_message: Words,
      incomplete_message: Words,
    },
    ofProgram: 'name',
  },
  {
    kind: 'challenge_requirements',
    path: '/v1/shown/challenge-requirements',
    what: 'how a requirement of a challenge is shown',
    needs: {},
    takes: { description: Words, detail_link: Link, display_order: Rank },
    ofProgram: 'rule',
  },
]

const HEAD = { id: Id, version: Id, created_at: TimeTextShape, modified_at: TimeTextShape } as const

function routesOf({ kind, path, what, needs, takes, stays = [], ofProgram }: EntityRoutes): Route[] {
  const fields = { ...needs, ...takes }
  const names = Object.keys(fields)
  const shown = Object.fromEntries(
    Object.entries(fields).map(([name, shape]) => [name, orNull<TSchema>(shape)]),
  )
  const named =
    ofProgram === undefined ? {} : { rule: Id, [ofProgram]: ofProgram === 'rule' ? Id : Type.String() }
  const Shape = Type.Object({ ...HEAD, ...named, ...shown }, closed)
  const view = (row: EntityRow): unknown => ({
    id: row.id,
    version: row.version,
    created_at: timeText(Number(row.created)),
    modified_at: timeText(Number(row.modified)),
    ...Object.fromEntries([...Object.keys(named), ...names].map((name) => [name, entityField(row, name)])),
  })
  const changeable = Object.entries(fields).filter(([name]) => !stays.includes(name))
  const making = route({
    method: 'POST',
    path,
    needs: 'program:write',
    summary: `Makes ${what}`,
    input: Type.Object({ ...needs, ...Type.Partial(Type.Object(takes)).properties }, closed),
    answer: { status: 201, shape: Shape },
    async handle({ services, tenant, principal, input }) {
      const made = await services.entities.create(tenant, kind, input as EntityFields, authorOf(principal))
      return made.ok ? answered(201, view(made.value)) : made
    },
  })
  return [
    route({
      method: 'GET',
      path,
      needs: 'program:read',
      summary: `The business's ${kind.replaceAll('_', ' ')}`,
      query: PageQueryShape,
      answer: { status: 200, shape: pageOf(Shape) },
      async handle({ services, tenant, query }) {
        const page = pageOfQuery(query)
        const rows = await services.entities.list(tenant, kind, page)
        return answered(
          200,
          listOf(rows, page, ({ id }) => Number(id), view),
        )
      },
    }),
    ...(ofProgram === undefined ? [making] : []),
    route({
      method: 'POST',
      path: `${path}/:id`,
      needs: 'program:write',
      summary: `Changes ${what}`,
      input: Type.Partial(Type.Object(Object.fromEntries(changeable)), closed),
      answer: { status: 200, shape: Shape },
      refuses: ['record_not_found'],
      async handle({ services, tenant, principal, params, input }) {
        const id = idOf(params.id)
        if (!id.ok) return id
        const told = input as EntityFields
        const changed = await services.entities.change(tenant, kind, id.value, told, authorOf(principal))
        return changed.ok ? answered(200, view(changed.value)) : changed
      },
    }),
  ]
}

export const ENTITY_ROUTES: readonly Route[] = KINDS.flatMap(routesOf)

function idOf(given: string | undefined): Result<number> {
  return /^[1-9][0-9]{0,14}$/.test(given ?? '')
    ? accept(Number(given))
    : refuse('input_invalid', 'The id is a number', 'id')
}

function authorOf({ person, kind }: Principal): string {
  return person === null ? kind : `person ${person}`
}
