// Stores, enrolment codes, enrolment, and the fleet with its lag (G).
import { Type } from 'typebox'
import { CertifiedShape } from '../../../protocol/frames/certificate.ts'
import { CERTIFICATE_WARN_DAYS } from '../../../protocol/limits.ts'
import { LIFE_ENDS, LifeShape } from '../../../protocol/lives.ts'
import { closed, oneOf, orNull } from '../../../protocol/shapes.ts'
import { DAY_MS } from '../../../protocol/time.ts'
import { TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { timeText } from '../../domain/views.ts'
import { AUTHORITY_STATES, AUTHORITY_STEPS } from '../../fleet/authorities.ts'
import type { AuthorityView } from '../../fleet/authorities.ts'
import type { Enrolment, EdgeStanding } from '../../fleet/fleet.ts'
import type { StoreRow } from '../../store/port.ts'
import { EnrolInputShape, StoreInputShape, edgeOfPath, storeOfPath } from '../inputs.ts'
import { answered, route } from '../route.ts'

const Int = Type.Integer()
const Text = Type.String()
const StoreShape = Type.Object({ id: Int, name: Text, zone: Text }, closed)
const CodeShape = Type.Object(
  { code: Type.String({ description: 'Shown once' }), expires_at: TimeTextShape },
  closed,
)
const EnrolmentShape = Type.Object(
  {
    edge: Int,
    origin: Int,
    epoch: Int,
    store: StoreShape,
    cloud_public_key: Text,
    spares: Type.Array(LifeShape, { description: 'Ledger lives the device may open by itself' }),
    attestation: Type.String({
      description: 'Our signature under all of this, to be shown with every connection',
    }),
    tls: Type.Optional(CertifiedShape),
  },
  closed,
)
const LedgerLifeShape = Type.Object(
  {
    origin: Int,
    epoch: Int,
    open: Type.Boolean(),
    seq: Type.Integer({ description: 'Facts of it that are durable here' }),
    ended: orNull(oneOf(LIFE_ENDS)),
    ended_at: orNull(TimeTextShape),
    witnessed: Type.Integer({ description: 'The highest record that a terminal held a receipt of' }),
    missing: Type.Integer({
      description:
        'Records with receipts that never came; those that terminals handed in again are among them',
    }),
  },
  closed,
)
const EdgeShape = Type.Object(
  {
    edge: Int,
    store: StoreShape,
    origin: Int,
    epoch: Int,
    connected: Type.Boolean(),
    upgrade: orNull(
      Type.Unsafe<'store' | 'cloud'>({
        ...oneOf(['store', 'cloud']),
        description: 'What has to be upgraded before the two speak again',
      }),
    ),
    seq: Type.Integer({ description: 'Facts that are durable here' }),
    said_seq: Type.Integer({ description: 'Facts the edge said it has' }),
    lag: Type.Integer({ description: 'Facts it has that are not here yet, as far as it said' }),
    last_contact: orNull(TimeTextShape),
    software: Text,
    program: Type.Integer({ description: 'The program version it had' }),
    state: oneOf(['active', 'pending', 'retired']),
    copy_of: orNull(Type.Integer({ description: 'The device it is a copy of' })),
    lives: Type.Array(LedgerLifeShape),
    certificate: orNull(
      Type.Object(
        {
          serial: Text,
          ends_at: TimeTextShape,
          ca: Type.String({ description: 'Name of the CA that proves it' }),
          ending: Type.Boolean({ description: 'Nears its end: the store could not be reached to renew it' }),
        },
        closed,
      ),
    ),
    enrolled_at: TimeTextShape,
  },
  closed,
)

const AuthoritiesShape = Type.Object(
  {
    authorities: Type.Array(
      Type.Object(
        {
          name: Text,
          state: oneOf(AUTHORITY_STATES),
          ends_at: TimeTextShape,
          certificate: Type.String({ description: 'PEM' }),
          devices: Type.Integer({ description: 'That hold a certificate of it, as they say' }),
        },
        closed,
      ),
    ),
  },
  closed,
)
const authoritiesView = (all: readonly AuthorityView[]) => ({
  authorities: all.map(({ until, ...one }) => ({ ...one, ends_at: timeText(until) })),
})

const DecisionShape = Type.Object({ edge: Int, state: oneOf(['active', 'pending', 'retired']) }, closed)

const storeView = ({ id, name, zone }: StoreRow) => ({ id, name, zone })

const enrolmentView = ({
  edge,
  origin,
  epoch,
  store,
  cloudPublicKey,
  spares,
  attestation,
  tls,
}: Enrolment) => ({
  edge,
  origin,
  epoch,
  store: storeView(store),
  cloud_public_key: cloudPublicKey,
  spares,
  attestation,
  ...(tls === undefined ? {} : { tls }),
})

const edgeView = (row: EdgeStanding, now: number) => ({
  edge: row.edge,
  store: storeView(row.store),
  origin: row.origin,
  epoch: row.epoch,
  connected: row.connected,
  upgrade: row.upgrade,
  seq: row.seq,
  said_seq: row.saidSeq,
  lag: row.lag,
  last_contact: row.contactAt === null ? null : timeText(row.contactAt),
  software: row.software,
  program: row.program,
  state: row.state,
  copy_of: row.copyOf,
  lives: row.lives.map(({ origin, epoch, open, seq, ended, endedAt, witnessed, missing }) => ({
    origin,
    epoch,
    open,
    seq,
    ended,
    ended_at: endedAt === null ? null : timeText(endedAt),
    witnessed,
    missing,
  })),
  certificate:
    row.certificate === null
      ? null
      : {
          serial: row.certificate.serial,
          ends_at: timeText(row.certificate.until),
          ca: row.certificate.ca,
          ending: row.certificate.until - now < CERTIFICATE_WARN_DAYS * DAY_MS,
        },
  enrolled_at: timeText(row.enrolledAt),
})

export const FLEET_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/stores',
    needs: 'fleet:write',
    summary: 'Add a store',
    input: StoreInputShape,
    answer: { status: 201, shape: StoreShape },
    async handle({ services, tenant, input }) {
      const added = await services.fleet.addStore(tenant, input.name, input.zone)
      return added.ok ? answered(201, storeView(added.value)) : added
    },
  }),
  route({
    method: 'GET',
    path: '/v1/stores',
    needs: 'fleet:read',
    summary: 'All stores',
    answer: { status: 200, shape: pageOf(StoreShape) },
    async handle({ services, tenant }) {
      const stores = await services.fleet.stores(tenant)
      return answered(200, { items: stores.map(storeView), next: null })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/stores/:id/codes',
    needs: 'fleet:write',
    summary: 'A one-time code that enrols a device for the store',
    answer: { status: 201, shape: CodeShape },
    refuses: ['store_not_found'],
    async handle({ services, tenant, params }) {
      const store = storeOfPath(params.id)
      const made = store.ok ? await services.fleet.newCode(tenant, store.value) : store
      if (!made.ok) return made
      return answered(201, { code: made.value.code, expires_at: timeText(made.value.expires) })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/enrol',
    needs: 'public',
    summary: "Exchange a code and a device's public key for an identity",
    input: EnrolInputShape,
    answer: { status: 201, shape: EnrolmentShape },
    refuses: ['code_unknown', 'too_many_requests'],
    async handle({ services, input, caller }) {
      const enrolled = await services.fleet.enrol(input, caller)
      return enrolled.ok ? answered(201, enrolmentView(enrolled.value)) : enrolled
    },
  }),
  route({
    method: 'GET',
    path: '/v1/edges',
    needs: 'fleet:read',
    summary: 'All devices: connected, how far, how far behind',
    answer: { status: 200, shape: pageOf(EdgeShape) },
    async handle({ services, tenant }) {
      const edges = await services.fleet.edges(tenant)
      return answered(200, { items: edges.map((row) => edgeView(row, services.clock.now())), next: null })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/edges/:id/approve',
    needs: 'fleet:write',
    summary: 'A copied device goes on as a device of its own',
    answer: { status: 200, shape: DecisionShape },
    refuses: ['edge_unknown', 'edge_settled'],
    async handle({ services, tenant, params }) {
      const edge = edgeOfPath(params.id)
      const decided = edge.ok ? await services.fleet.approve(tenant, edge.value) : edge
      return decided.ok ? answered(200, { edge: decided.value.id, state: decided.value.state }) : decided
    },
  }),
  route({
    method: 'POST',
    path: '/v1/edges/:id/retire',
    needs: 'fleet:write',
    summary: 'Nothing of this device is taken any more; what was taken stays',
    answer: { status: 200, shape: DecisionShape },
    refuses: ['edge_unknown', 'edge_settled'],
    async handle({ services, tenant, params }) {
      const edge = edgeOfPath(params.id)
      const decided = edge.ok ? await services.fleet.retire(tenant, edge.value) : edge
      return decided.ok ? answered(200, { edge: decided.value.id, state: decided.value.state }) : decided
    },
  }),
  route({
    method: 'GET',
    path: '/v1/ca',
    needs: 'fleet:read',
    summary: "The CAs of the stores' TLS: the one that signs, the next, the one before",
    answer: { status: 200, shape: AuthoritiesShape },
    async handle({ services, tenant }) {
      return answered(200, authoritiesView(await services.certifier.authorities(tenant)))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/ca',
    needs: 'fleet:write',
    summary: 'A step of changing the CA: announce, change, forget',
    input: Type.Object({ step: oneOf(AUTHORITY_STEPS) }, closed),
    answer: { status: 200, shape: AuthoritiesShape },
    refuses: ['input_invalid'],
    async handle({ services, tenant, input }) {
      const stepped = await services.certifier.step(tenant, input.step)
      return stepped.ok ? answered(200, authoritiesView(stepped.value)) : stepped
    },
  }),
]
