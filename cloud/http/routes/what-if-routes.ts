// What-ifs: a draft program, or another moment, tried on the real ledger. They run on a thread of their own and are asked for by id.
import { Type } from 'typebox'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { closed } from '../../../protocol/shapes.ts'
import { TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { checkDocument } from '../../evaluation/check/check.ts'
import { ProgramDocumentShape } from '../../evaluation/document/program.ts'
import { WhatIfShape } from '../../what-if/result.ts'
import { millisOfText } from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Answered } from '../route.ts'

const times = {
  from: Type.Optional(TimeTextShape),
  until: Type.Optional(TimeTextShape),
}
const WhatIfInputShape = Type.Object({ document: Type.Optional(Type.Unknown()), ...times }, closed)
const WhatIfShownShape = Type.Object({ document: Type.Optional(ProgramDocumentShape), ...times }, closed)

function timeOf(text: string | undefined, path: string): Result<number | null> {
  if (text === undefined) return accept(null)
  const ms = millisOfText(text)
  return ms === undefined
    ? refuse('input_invalid', `${path.slice(1)} is an RFC 3339 time with a zone`, path)
    : accept(ms)
}

const notFound = () => refuse('what_if_not_found', 'There is no such what-if, or it was long ago', 'id')

export const WHAT_IF_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/what-ifs',
    needs: 'program:write',
    summary: 'Try a draft program, or another moment, on the real ledger; nothing is written',
    input: WhatIfInputShape,
    inputShown: WhatIfShownShape,
    answer: { status: 201, shape: WhatIfShape },
    refuses: ['program_invalid', 'too_many_requests'],
    async handle({ services, tenant, input }): Promise<Answered> {
      const from = timeOf(input.from, '/from')
      if (!from.ok) return from
      const until = timeOf(input.until, '/until')
      if (!until.ok) return until
      let document: string | null = null
      if (input.document !== undefined) {
        const checked = checkDocument(input.document)
        if (!checked.ok) {
          const [first] = checked.issues
          const { refusal } = refuse(
            'program_invalid',
            `${first?.path ?? ''} ${first?.message ?? ''}`,
            first?.path,
          )
          return { ok: false, refusal, more: { issues: checked.issues } }
        }
        document = JSON.stringify(checked.document)
      }
      const started = services.whatIfs.start({
        tenant,
        document,
        from: from.value,
        until: until.value ?? services.clock.now(),
        now: services.clock.now(),
      })
      return started.ok ? answered(201, started.value) : started
    },
  }),
  route({
    method: 'GET',
    path: '/v1/what-ifs',
    needs: 'program:read',
    summary: 'What-ifs since the node started, newest first',
    answer: { status: 200, shape: pageOf(WhatIfShape) },
    async handle({ services, tenant }) {
      return answered(200, { items: services.whatIfs.list(tenant), next: null })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/what-ifs/:id',
    needs: 'program:read',
    summary: 'How far a what-if is, and its result',
    answer: { status: 200, shape: WhatIfShape },
    refuses: ['what_if_not_found'],
    async handle({ services, tenant, params }) {
      const found = services.whatIfs.find(tenant, params.id ?? '')
      return found === undefined ? notFound() : answered(200, found)
    },
  }),
  route({
    method: 'POST',
    path: '/v1/what-ifs/:id/cancel',
    needs: 'program:write',
    summary: 'Stop a what-if; one that is over stays as it is',
    answer: { status: 200, shape: WhatIfShape },
    refuses: ['what_if_not_found'],
    async handle({ services, tenant, params }) {
      const found = await services.whatIfs.cancel(tenant, params.id ?? '')
      return found === undefined ? notFound() : answered(200, found)
    },
  }),
]
