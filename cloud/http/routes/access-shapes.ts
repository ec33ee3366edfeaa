// Shapes of who may do what: businesses, clients, staff, as callers send and get them.
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { NameShape, closed, oneOf, orNull, text } from '../../../protocol/shapes.ts'
import { STAFF_MAILS } from '../../domain/accounts/mail-types.ts'
import { TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { REDIRECT_URIS_MAX, REDIRECT_URI_CHARS_MAX, STAFF_LOCATIONS_MAX } from '../../platform/limits.ts'
import { GRANTS, STAFF_ROLES } from '../../store/platform-port.ts'

const Id = Type.Integer({ minimum: 1 })
const Email = Type.String({ minLength: 3, maxLength: 120 })
const Secret = Type.String({ description: 'Shown here and never again' })
const HttpsUrl = Type.String({ maxLength: REDIRECT_URI_CHARS_MAX, pattern: '^https://[^\\s]+$' })
const Color = Type.String({ pattern: '^#[0-9a-fA-F]{6}$' })

export const TenantInputShape = Type.Object({ name: NameShape }, closed)
const tenant = { id: Id, name: Type.String(), dialects: Type.Array(Type.String()) }
export const TenantShape = Type.Object(tenant, closed)
export const TenantPageShape = pageOf(TenantShape)
export const NewTenantShape = Type.Object({ ...tenant, hq_token: Secret }, closed)
export const HqTokenShape = Type.Object({ hq_token: Secret }, closed)

export const DialectInputShape = Type.Object({ name: Type.String({ maxLength: 40 }) }, closed)

const profile = {
  logo_url: HttpsUrl,
  brand_color: Color,
  brand_secondary_color: Color,
  homepage_url: HttpsUrl,
  rewards_program_name: NameShape,
  fine_print: text(0, 4_000),
  app_connection_message: text(0, 1_000),
  cancelled_may_earn: Type.Boolean(),
  cancelled_may_redeem: Type.Boolean(),
  time_zone: Type.String({
    minLength: 1,
    maxLength: 64,
    description: 'Of locations that an API makes, which knows no zones',
  }),
  staff_emails_off: Type.Array(oneOf(STAFF_MAILS), {
    maxItems: STAFF_MAILS.length,
    description: 'E-mails that its staff do not want',
  }),
}
export const BusinessInputShape = Type.Partial(Type.Object({ name: NameShape, ...profile }), closed)
export const BusinessShape = Type.Object(
  { name: Type.String(), ...Type.Partial(Type.Object(profile)).properties },
  closed,
)

export const ClientInputShape = Type.Object(
  {
    name: NameShape,
    dialect: Type.String({ maxLength: 40, description: 'native, or the API it speaks' }),
    redirect_uris: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: REDIRECT_URI_CHARS_MAX }), {
        maxItems: REDIRECT_URIS_MAX,
      }),
    ),
    scopes: Type.Array(Type.String({ maxLength: 60 }), { minItems: 1, maxItems: 40 }),
    grants: Type.Array(oneOf(GRANTS), { minItems: 1, maxItems: GRANTS.length }),
    public: Type.Optional(Type.Boolean({ description: 'An app that cannot keep a secret' })),
    all_businesses: Type.Optional(
      Type.Boolean({ description: 'For every business of the node; the operator only' }),
    ),
  },
  closed,
)
export type ClientInput = Static<typeof ClientInputShape>
const client = {
  client_id: Type.String(),
  name: Type.String(),
  dialect: Type.String(),
  redirect_uris: Type.Array(Type.String()),
  scopes: Type.Array(Type.String()),
  grants: Type.Array(oneOf(GRANTS)),
  public: Type.Boolean(),
  disabled: Type.Boolean(),
}
export const ClientShape = Type.Object(client, closed)
export const ClientPageShape = pageOf(ClientShape)
export const NewClientShape = Type.Object({ ...client, client_secret: orNull(Secret) }, closed)
export const ClientSecretShape = Type.Object({ client_secret: Secret }, closed)
export const DisabledInputShape = Type.Object({ disabled: Type.Boolean() }, closed)

/** The only stores it counts at; null: all of the business. */
const Locations = orNull(Type.Array(Id, { minItems: 1, maxItems: STAFF_LOCATIONS_MAX, uniqueItems: true }))
export const InvitationInputShape = Type.Object(
  { email: Email, role: oneOf(STAFF_ROLES), locations: Type.Optional(Locations) },
  closed,
)
export const LocationsInputShape = Type.Object({ locations: Locations }, closed)
export const InvitationShape = Type.Object(
  {
    path: Type.String({
      description: 'Of the page where it is taken; works once. Shown here and never again',
    }),
    expires_at: TimeTextShape,
  },
  closed,
)
export const InvitedShape = Type.Object(
  { email: Email, role: oneOf(STAFF_ROLES), locations: Locations },
  closed,
)
export const StaffShape = Type.Object(
  {
    id: Id,
    role: oneOf(STAFF_ROLES),
    locations: Locations,
    first_name: Type.String(),
    last_name: Type.String(),
    emails: Type.Array(Type.String()),
  },
  closed,
)
export const StaffPageShape = pageOf(StaffShape)
export const DoneShape = Type.Object({ done: Type.Literal(true) }, closed)
