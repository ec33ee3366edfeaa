// What callers of the HQ API send, as shapes: bodies, queries, and the names in paths.
import { Type } from 'typebox'
import { FACT_KINDS, IdentityValueShape } from '../../protocol/facts.ts'
import type { IdentityKind } from '../../protocol/facts.ts'
import { CertificateRequestShape } from '../../protocol/frames/certify.ts'
import { idFromText, idText } from '../../protocol/ids.ts'
import type { FactId, MemberId, RuleId, StoreId } from '../../protocol/ids.ts'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, POINTS_MAX } from '../../protocol/limits.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { KeyShape, MetricIdShape, NameShape, TextShape, closed, oneOf } from '../../protocol/shapes.ts'
import { TIME_MAX, TIME_MIN, hybridTime } from '../../protocol/time.ts'
import type { Millis } from '../../protocol/time.ts'
import { validator } from '../../protocol/validation.ts'
import { HQ_KINDS, HQ_REQUEST_SHAPES } from '../domain/hq-requests.ts'
import type { HqKind, HqRequest } from '../domain/hq-requests.ts'
import { TimeTextShape } from '../domain/view-shapes.ts'
import { ProgramDocumentShape } from '../evaluation/document/program.ts'
import type { EdgeId, Page } from '../store/port.ts'

const Cursor = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'The `next` of the page before',
})
const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })),
  after: Type.Optional(Cursor),
}
export const PageQueryShape = Type.Object(page, closed)

export const BalanceQueryShape = Type.Object(
  {
    ...page,
    metric: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: '0 is points' })),
  },
  closed,
)

export function pageOfQuery(query: { limit?: number; after?: number }): Page {
  return { limit: query.limit ?? PAGE_SIZE_DEFAULT, after: query.after ?? 0 }
}

/** The list answer of a page that was read with one row more than asked for. */
export function listOf<R, V>(
  rows: readonly R[],
  { limit }: Page,
  cursorOf: (row: R) => number,
  view: (row: R) => V,
): { items: V[]; next: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(view),
    next: rows.length > limit && last !== undefined ? String(cursorOf(last)) : null,
  }
}

/** One row more than asked for tells whether there is a next page. */
export function oneMore({ after, limit }: Page): Page {
  return { after, limit: limit + 1 }
}

export const FactsQueryShape = Type.Object(
  { ...page, store: Type.Optional(Type.Integer({ minimum: 0 })), kind: Type.Optional(oneOf(FACT_KINDS)) },
  closed,
)
const identity = Type.Optional(IdentityValueShape)
const identities = {
  phone: identity,
  email: identity,
  card: identity,
  external_id: identity,
} as const satisfies Record<IdentityKind, typeof identity>
export const MembersQueryShape = Type.Object({ ...page, ...identities }, closed)

export const LeasesQueryShape = Type.Object(
  {
    ...page,
    store: Type.Optional(Type.Integer({ minimum: 1 })),
    member: Type.Optional(Type.String({ pattern: '^[0-9]{1,16}$', description: 'A member id' })),
    open: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 })),
  },
  closed,
)

export const PerksQueryShape = Type.Object(
  {
    ...page,
    member: Type.Optional(Type.String({ pattern: '^[0-9]{1,16}$', description: 'A member id' })),
    store: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: "Left out: the member's home store, else that of the enrolment",
      }),
    ),
  },
  closed,
)

export const FeedQueryShape = Type.Object(
  {
    epoch: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    after: Type.Optional(Cursor),
  },
  closed,
)

export const StoreInputShape = Type.Object(
  {
    name: NameShape,
    zone: Type.String({ minLength: 1, maxLength: 64, description: 'IANA time zone, such as Europe/London' }),
  },
  closed,
)
export const EnrolInputShape = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 64 }),
    public_key: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Ed25519 public key: base64 of the DER form',
    }),
    software: Type.String({ maxLength: 64 }),
    tls: Type.Optional(CertificateRequestShape),
  },
  closed,
)
export const ProgramInputShape = Type.Object(
  { document: Type.Unknown(), effective_from: Type.Optional(TimeTextShape) },
  closed,
)
export const ProgramInputShownShape = Type.Object(
  { document: ProgramDocumentShape, effective_from: Type.Optional(TimeTextShape) },
  closed,
)

export const AdjustmentInputShape = Type.Object(
  {
    metric: Type.Optional(MetricIdShape),
    points: Type.Integer({ minimum: -POINTS_MAX, maximum: POINTS_MAX }),
    reason: TextShape,
    by: NameShape,
    id: Type.Optional(KeyShape),
  },
  closed,
)

/** The kind says which of the shapes the rest must have. */
export const HqFactInputShape = Type.Object({ kind: oneOf(HQ_KINDS) })
export const HqFactInputShownShape = Type.Union(Object.values(HQ_REQUEST_SHAPES))

const hqValidators = Object.fromEntries(
  HQ_KINDS.map((kind) => [kind, validator(HQ_REQUEST_SHAPES[kind])]),
) as Readonly<Record<HqKind, ReturnType<typeof validator>>>

export function hqRequestOf(input: { readonly kind: HqKind }): Result<HqRequest> {
  const shape = hqValidators[input.kind]
  // Its kind's own validator accepted it.
  if (shape.accepts(input)) return accept(input as HqRequest)
  const { path, message } = shape.explain(input)
  return refuse('input_invalid', `${path} ${message}`.trim(), path)
}

export function ruleOfPath(text: string | undefined): Result<RuleId> {
  return /^[1-9][0-9]{0,8}$/.test(text ?? '')
    ? accept(Number(text) as RuleId)
    : refuse('challenge_not_found', 'A challenge id is a number', 'id')
}

export function memberOfPath(text: string | undefined): Result<MemberId> {
  const id = idFromText<MemberId>(text ?? '')
  return id === undefined ? refuse('member_not_found', 'A member id is a decimal number', 'id') : accept(id)
}

export function factOfPath(text: string | undefined): Result<FactId> {
  const id = idFromText<FactId>(text ?? '')
  return id === undefined ? refuse('fact_not_found', 'A fact id is a decimal number', 'id') : accept(id)
}

export function storeOfPath(text: string | undefined): Result<StoreId> {
  return /^[1-9][0-9]{0,8}$/.test(text ?? '')
    ? accept(Number(text) as StoreId)
    : refuse('store_not_found', 'A store id is a number', 'id')
}

export function edgeOfPath(text: string | undefined): Result<EdgeId> {
  return /^[1-9][0-9]{0,8}$/.test(text ?? '')
    ? accept(Number(text))
    : refuse('edge_unknown', 'The id of an edge is a number', 'id')
}

/** RFC 3339 with a zone, within what a fact can carry (1985 to 2054); undefined for anything else. */
export function millisOfText(text: string): Millis | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/.test(text))
    return undefined
  const ms = Date.parse(text)
  const inRange = !Number.isNaN(ms) && hybridTime(ms) >= TIME_MIN && hybridTime(ms) <= TIME_MAX
  return inRange ? (ms as Millis) : undefined
}

export function noMember(id: MemberId): ReturnType<typeof refuse> {
  return refuse('member_not_found', `There is no member ${idText(id)}`)
}

export function noFact(id: FactId): ReturnType<typeof refuse> {
  return refuse('fact_not_found', `There is no fact ${idText(id)}`)
}
