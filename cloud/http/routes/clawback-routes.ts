// Taking back what a returned sale gave (E-CLAW): first the question, which writes nothing, then the choice. Both name the sale; the return itself is
// recorded by the store.
import { Type } from 'typebox'
import { NO_MEMBER } from '../../../protocol/ids.ts'
import { LINES_MAX, QUANTITY_MAX } from '../../../protocol/limits.ts'
import { QUANTITY_UNIT } from '../../../protocol/numbers.ts'
import { refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { closed, text } from '../../../protocol/shapes.ts'
import { CLAWBACK_REASON_CHARS_MAX, cancellations, evaluated, processed } from '../../domain/clawbacks.ts'
import type { ClawbackContext } from '../../domain/clawbacks.ts'
import { ClawbackEvaluationShape, ClawbackProcessedShape } from '../../domain/clawback-shapes.ts'
import type { TenantId } from '../../store/port.ts'
import { answered, route } from '../route.ts'
import type { Services } from '../services.ts'
import { factOf } from './fact-routes.ts'

/** Entitlements cancelled by one request. */
const CODES_MAX = 100

const EvaluateInputShape = Type.Object(
  {
    lines: Type.Array(
      Type.Object(
        {
          line: Type.Integer({ minimum: 0, maximum: LINES_MAX - 1, description: "The sale's line, from 0" }),
          quantity: Type.Number({ minimum: 0, maximum: QUANTITY_MAX / QUANTITY_UNIT }),
        },
        closed,
      ),
      { minItems: 1, maxItems: LINES_MAX },
    ),
  },
  closed,
)
const ProcessInputShape = Type.Object(
  {
    codes: Type.Array(text(4, 32), { minItems: 1, maxItems: CODES_MAX }),
    reason: text(0, CLAWBACK_REASON_CHARS_MAX),
  },
  closed,
)

async function contextOf(
  services: Services,
  tenant: TenantId,
  path: string | undefined,
): Promise<Result<ClawbackContext>> {
  const fact = await factOf(services, tenant, path)
  if (!fact.ok) return fact
  if (fact.value.kind !== 'sale')
    return refuse('sale_not_found', `Fact ${path} is a ${fact.value.kind}, not a sale`)
  const programs = await services.shelf.of(tenant)
  return { ok: true, value: { read: services.read, programs, nowMs: services.clock.now(), row: fact.value } }
}

export const CLAWBACK_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/facts/:id/clawback/evaluate',
    needs: 'members:read',
    summary:
      'What giving back lines of a sale would take, what would be missing, what could be cancelled; writes nothing',
    input: EvaluateInputShape,
    answer: { status: 200, shape: ClawbackEvaluationShape },
    refuses: ['fact_not_found', 'sale_not_found', 'sale_line_unknown'],
    async handle({ services, tenant, params, input }) {
      const context = await contextOf(services, tenant, params.id)
      if (!context.ok) return context
      const told = await evaluated(context.value, input.lines)
      return told.ok ? answered(200, told.value) : told
    },
  }),
  route({
    method: 'POST',
    path: '/v1/facts/:id/clawback',
    needs: 'members:write',
    summary:
      "Cancel entitlements of a sale's member; answers what is cancelled and what is still missing, asked again as things stand then",
    input: ProcessInputShape,
    keyed: true,
    answer: { status: 200, shape: ClawbackProcessedShape },
    refuses: [
      'fact_not_found',
      'sale_not_found',
      'member_not_found',
      'voucher_not_found',
      'voucher_not_usable',
      'key_reused',
    ],
    async handle({ services, tenant, params, input, key }) {
      const context = await contextOf(services, tenant, params.id)
      if (!context.ok) return context
      const { id, member } = context.value.row
      if (member === NO_MEMBER) return refuse('voucher_not_found', "A guest's sale has no holder", '/codes')
      const requests = cancellations(id, input.codes, input.reason)
      const done = await services.hqFacts.recordTogether(tenant, key, member, requests)
      // What is wrong with one cancellation is wrong with the list.
      if (!done.ok && done.refusal.code.startsWith('voucher_'))
        return refuse(done.refusal.code, done.refusal.detail, '/codes')
      if (!done.ok) return done
      const headers = done.value.replayed ? { 'Idempotent-Replayed': 'true' } : {}
      return answered(200, await processed(context.value, input.codes), headers)
    },
  }),
]
