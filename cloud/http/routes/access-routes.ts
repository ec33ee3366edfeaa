// Who may do what: businesses by the operator; a business's looks, API clients and staff by its HQ or an administrator. Secrets are in the answer that
// makes them and nowhere else.
import type { StoreId } from '../../../protocol/ids.ts'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { zoneKnown } from '../../../protocol/time.ts'
import { timeText } from '../../domain/views.ts'
import { businessProfile } from '../../platform/tenants.ts'
import type { Post, StaffMember } from '../../platform/people.ts'
import type { ClientRow, StaffRole } from '../../store/platform-port.ts'
import type { Reads, TenantId } from '../../store/port.ts'
import { PageQueryShape, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'
import {
  BusinessInputShape,
  BusinessShape,
  ClientInputShape,
  ClientPageShape,
  ClientSecretShape,
  ClientShape,
  DialectInputShape,
  DisabledInputShape,
  DoneShape,
  HqTokenShape,
  InvitationInputShape,
  InvitationShape,
  InvitedShape,
  LocationsInputShape,
  NewClientShape,
  NewTenantShape,
  StaffPageShape,
  TenantInputShape,
  TenantPageShape,
  TenantShape,
} from './access-shapes.ts'

function clientView(row: ClientRow): unknown {
  const { key, name, dialect, redirectUris, scopes, grants, secretHash, disabled } = row
  return {
    client_id: key,
    name,
    dialect,
    redirect_uris: redirectUris,
    scopes,
    grants,
    public: secretHash === null,
    disabled,
  }
}

function numberOf(text: string | undefined, what: string): Result<number> {
  return /^[1-9][0-9]{0,14}$/.test(text ?? '')
    ? accept(Number(text))
    : refuse('input_invalid', `The id of a ${what} is a number`, 'id')
}

const TENANT_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/tenants',
    needs: 'operator',
    summary: 'Another business on this node, with an HQ token of its own',
    input: TenantInputShape,
    answer: { status: 201, shape: NewTenantShape },
    async handle({ services, input }) {
      const { tenant, token } = await services.platform.tenants.create(input.name)
      const { id, name, dialects } = tenant
      return answered(201, { id, name, dialects, hq_token: token })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/tenants',
    needs: 'operator',
    summary: 'The businesses of this node',
    query: PageQueryShape,
    answer: { status: 200, shape: TenantPageShape },
    async handle({ services, query }) {
      const page = pageOfQuery(query)
      const rows = await services.platform.tenants.list(page)
      const items = rows.map(({ id, name, dialects }) => ({ id, name, dialects }))
      return answered(200, { items, next: nextOf(rows, page.limit) })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/tenants/:id/token',
    needs: 'operator',
    summary:
      "A new HQ token for a business; the one before is no token any more. The first business's is hq.token",
    answer: { status: 201, shape: HqTokenShape },
    refuses: ['tenant_not_found'],
    async handle({ services, params }) {
      const id = numberOf(params.id, 'business')
      if (!id.ok) return id
      const token = await services.platform.tenants.renewToken(id.value)
      return token.ok ? answered(201, { hq_token: token.value }) : token
    },
  }),
  route({
    method: 'POST',
    path: '/v1/tenants/:id/invitations',
    needs: 'operator',
    summary: 'Invites somebody as staff of a business; the answer has the page to hand over',
    input: InvitationInputShape,
    answer: { status: 201, shape: InvitationShape },
    refuses: ['tenant_not_found', 'store_not_found'],
    async handle({ services, params, input }) {
      const id = numberOf(params.id, 'business')
      if (!id.ok) return id
      if ((await services.read.tenant(id.value)) === undefined)
        return refuse('tenant_not_found', `There is no business ${id.value}`)
      const post = await postOf(services.read, id.value, input)
      if (!post.ok) return post
      const invited = await services.platform.people.invite(id.value, input.email, post.value)
      if (!invited.ok) return invited
      const { secret, expires } = invited.value
      return answered(201, { path: `/invitations/${secret}`, expires_at: timeText(expires) })
    },
  }),
]

const CLIENT_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/dialects',
    needs: 'access:write',
    summary: 'Lists this business in another API; answers when all its members are there',
    input: DialectInputShape,
    answer: { status: 200, shape: TenantShape },
    async handle({ services, tenant, input }) {
      const enabled = await services.platform.tenants.enable(tenant, input.name)
      if (!enabled.ok) return enabled
      const { id, name, dialects } = enabled.value
      return answered(200, { id, name, dialects })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/clients',
    needs: 'access:write',
    summary: 'Registers an API client of this business',
    input: ClientInputShape,
    answer: { status: 201, shape: NewClientShape },
    async handle({ services, tenant, principal, input }) {
      const { all_businesses: all = false, ...given } = input
      if (all && principal.kind !== 'operator')
        return refuse('role_insufficient', 'Only the operator registers clients of all businesses')
      const wanted = { public: false, redirect_uris: [], ...given }
      const made = await services.platform.clients.register(wanted, all ? [] : [tenant])
      if (!made.ok) return made
      const { client, secret } = made.value
      return answered(201, { ...(clientView(client) as object), client_secret: secret })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/clients',
    needs: 'access:read',
    summary: 'The API clients of this business',
    query: PageQueryShape,
    answer: { status: 200, shape: ClientPageShape },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const rows = await services.platform.clients.list(tenant, page)
      return answered(200, { items: rows.map(clientView), next: nextOf(rows, page.limit) })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/clients/:client_id/secret',
    needs: 'access:write',
    summary: 'A new secret for a client; the one before is none any more',
    answer: { status: 201, shape: ClientSecretShape },
    refuses: ['client_not_found'],
    async handle({ services, tenant, params }) {
      const secret = await services.platform.clients.renewSecret(tenant, params.client_id ?? '')
      return secret.ok ? answered(201, { client_secret: secret.value }) : secret
    },
  }),
  route({
    method: 'POST',
    path: '/v1/clients/:client_id/disabled',
    needs: 'access:write',
    summary: 'Disables a client and all its tokens, or lets it in again',
    input: DisabledInputShape,
    answer: { status: 200, shape: ClientShape },
    refuses: ['client_not_found'],
    async handle({ services, tenant, params, input }) {
      const { clients } = services.platform
      const changed = await clients.setDisabled(tenant, params.client_id ?? '', input.disabled)
      return changed.ok ? answered(200, clientView(changed.value)) : changed
    },
  }),
]

const BUSINESS_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/business',
    needs: 'program:read',
    summary: 'How this business looks to its customers',
    answer: { status: 200, shape: BusinessShape },
    async handle({ services, tenant }) {
      return answered(200, await businessProfile(services.read, tenant))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/business',
    needs: 'program:write',
    summary: 'Changes how it looks: what is named changes, the rest stays',
    input: BusinessInputShape,
    answer: { status: 200, shape: BusinessShape },
    async handle({ services, tenant, principal, input }) {
      const { time_zone: zone } = input
      if (zone !== undefined && !zoneKnown(zone))
        return refuse('input_invalid', `"${zone}" is not a time zone`, '/time_zone')
      const by = principal.person === null ? principal.kind : `person ${principal.person}`
      return answered(200, await services.platform.tenants.saveProfile(tenant, input, by))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/staff',
    needs: 'access:read',
    summary: 'Who works for this business',
    query: PageQueryShape,
    answer: { status: 200, shape: StaffPageShape },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const rows = await services.platform.people.staff(tenant, page)
      return answered(200, { items: rows.map(staffView), next: nextOf(rows, page.limit) })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/invitations',
    needs: 'access:write',
    summary:
      'Invites somebody as staff by an e-mail to their address; it alone has the page where it is taken',
    input: InvitationInputShape,
    answer: { status: 201, shape: InvitedShape },
    refuses: ['too_many_requests', 'store_not_found'],
    async handle({ services, tenant, input }) {
      const post = await postOf(services.read, tenant, input)
      if (!post.ok) return post
      const sent = await services.platform.proofs.askStaff(tenant, input.email, post.value)
      return sent.ok ? answered(201, { email: sent.value, ...post.value }) : sent
    },
  }),
  route({
    method: 'POST',
    path: '/v1/staff/:id/locations',
    needs: 'access:write',
    summary: 'Limits somebody to stores, or to none any more, in all their tokens at once',
    input: LocationsInputShape,
    answer: { status: 200, shape: DoneShape },
    refuses: ['person_not_found', 'store_not_found'],
    async handle({ services, tenant, params, input }) {
      const id = numberOf(params.id, 'member of staff')
      if (!id.ok) return id
      const there = await storesOf(services.read, tenant, input.locations)
      if (!there.ok) return there
      const done = await services.platform.people.limit(tenant, id.value, input.locations)
      return done.ok ? answered(200, { done: true }) : done
    },
  }),
  route({
    method: 'POST',
    path: '/v1/staff/:id/dismissal',
    needs: 'access:write',
    summary: 'Ends what somebody is to this business, in all their tokens at once',
    answer: { status: 200, shape: DoneShape },
    refuses: ['person_not_found'],
    async handle({ services, tenant, params }) {
      const id = numberOf(params.id, 'member of staff')
      if (!id.ok) return id
      const done = await services.platform.people.dismiss(tenant, id.value)
      return done.ok ? answered(200, { done: true }) : done
    },
  }),
]

function staffView({ id, role, locations, whole, contacts }: StaffMember): unknown {
  return {
    id,
    role,
    locations,
    first_name: whole.firstName,
    last_name: whole.lastName,
    emails: contacts.filter(({ kind }) => kind === 'email').map(({ value }) => value),
  }
}

/** What somebody is invited to be; the stores are the business's own. */
async function postOf(
  read: Pick<Reads, 'store'>,
  tenant: TenantId,
  { role, locations = null }: { readonly role: StaffRole; readonly locations?: Post['locations'] },
): Promise<Result<Post>> {
  const there = await storesOf(read, tenant, locations)
  return there.ok ? accept({ role, locations }) : there
}

async function storesOf(
  read: Pick<Reads, 'store'>,
  tenant: TenantId,
  locations: Post['locations'],
): Promise<Result<null>> {
  for (const location of locations ?? [])
    if ((await read.store(location as StoreId))?.tenant !== tenant)
      return refuse('store_not_found', `There is no store ${location} here`, '/locations')
  return accept(null)
}

export const ACCESS_ROUTES = [...TENANT_ROUTES, ...CLIENT_ROUTES, ...BUSINESS_ROUTES]

function nextOf(rows: readonly { readonly id: number }[], limit: number): string | null {
  const last = rows.length < limit ? undefined : rows.at(-1)
  return last === undefined ? null : String(last.id)
}
