// The history of the business's configuration, and what is new of it since a change.
import { Type } from 'typebox'
import { refuse } from '../../../protocol/result.ts'
import { closed, oneOf } from '../../../protocol/shapes.ts'
import { DOCUMENT_KINDS, documentVersions } from '../../domain/configuration/document-versions.ts'
import { TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { PageQueryShape, listOf, pageOfQuery } from '../inputs.ts'
import { answered, route } from '../route.ts'

const Id = Type.Integer({ minimum: 1 })
const VersionShape = Type.Object(
  {
    kind: oneOf(DOCUMENT_KINDS),
    id: Id,
    version: Id,
    change: Type.Integer({ minimum: 1, description: 'Rises over all documents; `after` of the next call' }),
    at: TimeTextShape,
    by: Type.String(),
    values: Type.Record(Type.String(), Type.Unknown(), { description: 'The whole document as it was then' }),
  },
  closed,
)

export const DOCUMENT_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/documents',
    needs: 'program:read',
    summary: 'Versions of configuration documents in the order of changes; of one document with kind and id',
    query: Type.Object(
      { ...PageQueryShape.properties, kind: Type.Optional(oneOf(DOCUMENT_KINDS)), id: Type.Optional(Id) },
      closed,
    ),
    answer: { status: 200, shape: pageOf(VersionShape) },
    async handle({ services, tenant, query }) {
      const { kind, id } = query
      if ((kind === undefined) !== (id === undefined))
        return refuse('input_invalid', 'Kind and id go together', kind === undefined ? 'kind' : 'id')
      const page = pageOfQuery(query)
      const one = kind === undefined || id === undefined ? null : { kind, id }
      const rows = await documentVersions(services.read, tenant, page, one)
      return answered(
        200,
        listOf(
          rows,
          page,
          ({ change }) => change,
          (row) => row,
        ),
      )
    },
  }),
]
