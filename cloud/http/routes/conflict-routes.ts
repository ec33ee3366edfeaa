// HQ's queue of conflicts, and its word about each (CON).
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { CONFLICT_DECISIONS, CONFLICT_KINDS } from '../../../protocol/conflicts.ts'
import { idText, seqOf } from '../../../protocol/ids.ts'
import { refuse } from '../../../protocol/result.ts'
import { NameShape, TextShape, closed, oneOf, orNull } from '../../../protocol/shapes.ts'
import { memberOrNone } from '../../domain/resolutions.ts'
import type { ResolutionRequest } from '../../domain/resolutions.ts'
import { IdTextShape, TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { hybridText, idOrNull } from '../../domain/views.ts'
import type { ConflictRow } from '../../store/port.ts'
import { PageQueryShape, listOf, oneMore, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'

const Int = Type.Integer()

const ConflictViewShape = Type.Object(
  {
    id: Int,
    kind: oneOf(CONFLICT_KINDS),
    subject: Type.String(),
    store: Int,
    member: orNull(IdTextShape),
    fact: orNull(IdTextShape),
    time: TimeTextShape,
    text: Type.String(),
    decision: orNull(oneOf(CONFLICT_DECISIONS)),
    resolved_by: orNull(IdTextShape),
  },
  closed,
)

const ConflictsQueryShape = Type.Object(
  {
    ...PageQueryShape.properties,
    all: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1, default: 0, description: '1: ended ones too' }),
    ),
  },
  closed,
)

const ResolutionInputShape = Type.Object(
  {
    decision: oneOf(['accepted', 'corrected', 'approved', 'rejected']),
    fact: Type.Optional(
      Type.String({ ...IdTextShape, description: 'Of `corrected`: the fact of HQ that puts it right' }),
    ),
    record: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description: 'Of `approved`: the fact as it counts, in the names of the wire',
        },
      ),
    ),
    reason: TextShape,
    by: NameShape,
  },
  closed,
)

const ResolutionReceiptShape = Type.Object(
  {
    receipt: Type.Object({ id: IdTextShape, seq: Int }, closed),
    conflict: Int,
    kind: oneOf(CONFLICT_KINDS),
    decision: oneOf(CONFLICT_DECISIONS),
    fact: orNull(IdTextShape),
    reason: Type.String(),
    by: Type.String(),
    at: TimeTextShape,
  },
  closed,
)

function conflictView(row: ConflictRow): Static<typeof ConflictViewShape> {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    store: row.store,
    member: memberOrNone(row),
    fact: idOrNull(row.fact),
    time: hybridText(row.at),
    text: row.text,
    decision: row.decision,
    resolved_by: idOrNull(row.resolvedBy),
  }
}

export const CONFLICT_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/conflicts',
    needs: 'conflicts:read',
    summary: 'What does not go together and waits for a word of HQ, oldest first',
    query: ConflictsQueryShape,
    answer: { status: 200, shape: pageOf(ConflictViewShape) },
    async handle({ services, tenant, query }) {
      const page = pageOfQuery(query)
      const rows = await services.read.conflicts(tenant, query.all !== 1, oneMore(page))
      return answered(
        200,
        listOf(rows, page, ({ id }) => id, conflictView),
      )
    },
  }),
  route({
    method: 'POST',
    path: '/v1/conflicts/:id/resolution',
    needs: 'conflicts:write',
    summary:
      'Ends a conflict by a fact: what is booked is accepted or was corrected by a fact of HQ; what was set aside is approved, as it came or as a record, or rejected',
    input: ResolutionInputShape,
    keyed: true,
    answer: { status: 201, shape: ResolutionReceiptShape },
    refuses: ['conflict_not_found', 'conflict_closed', 'record_unsound', 'fact_not_found', 'key_reused'],
    async handle({ services, tenant, params, input, key }) {
      const id = /^[1-9][0-9]{0,14}$/.test(params.id ?? '') ? Number(params.id) : 0
      if (id === 0) return refuse('conflict_not_found', 'A conflict id is a number', 'id')
      // The shape of this row accepted it.
      const done = await services.resolutions.resolve(tenant, key, id, input as ResolutionRequest)
      if (!done.ok) return done
      const { row, fact, replayed } = done.value
      const answer: Static<typeof ResolutionReceiptShape> = {
        receipt: { id: idText(fact.id), seq: seqOf(fact.id) },
        conflict: row.id,
        kind: row.kind,
        decision: fact.decision,
        fact: idOrNull(fact.fact),
        reason: fact.reason,
        by: fact.by,
        at: hybridText(fact.at),
      }
      return answered(201, answer, replayed ? { 'Idempotent-Replayed': 'true' } : {})
    },
  }),
]
