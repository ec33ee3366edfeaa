// What HQ does with what other APIs list of its customers: takes back a transaction or a referral by the number they show it under, and says what a
// member agreed to on paper.
import { Type } from 'typebox'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { TextShape, closed, oneOf } from '../../../protocol/shapes.ts'
import { TimeTextShape } from '../../domain/view-shapes.ts'
import { timeText } from '../../domain/views.ts'
import { memberOfPath } from '../inputs.ts'
import { answered, route } from '../route.ts'

const Id = Type.Integer({ minimum: 1 })
const VoidInputShape = Type.Object({ reason: TextShape }, closed)
const VoidedShape = Type.Object({ id: Id, status: oneOf(['VOID']) }, closed)
const AgreedInputShape = Type.Object({ agreement_version: Id }, closed)
const AgreedShape = Type.Object(
  { id: Id, agreement: Id, agreement_version: Id, agreed_at: TimeTextShape },
  closed,
)

export const ACCOUNT_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/transactions/:id/void',
    needs: 'members:write',
    summary: 'Takes back a transaction, and all else that came of the same fact',
    input: VoidInputShape,
    answer: { status: 200, shape: VoidedShape },
    refuses: ['fact_not_found', 'void_not_possible', 'already_voided', 'redemption_settled', 'voucher_used'],
    async handle({ services, tenant, params, input }) {
      const id = numberOf(params.id)
      if (!id.ok) return id
      const done = await services.accounts.customers.voidTransaction(tenant, id.value, input.reason)
      return done.ok ? answered(200, { id: id.value, status: 'VOID' }) : done
    },
  }),
  route({
    method: 'POST',
    path: '/v1/referrals/:id/void',
    needs: 'members:write',
    summary: 'Ends a referral: what the referee does completes it no more',
    answer: { status: 200, shape: VoidedShape },
    refuses: ['fact_not_found'],
    async handle({ services, tenant, params }) {
      const id = numberOf(params.id)
      if (!id.ok) return id
      const done = await services.accounts.customers.voidReferral(tenant, id.value)
      return done.ok ? answered(200, { id: id.value, status: 'VOID' }) : done
    },
  }),
  route({
    method: 'POST',
    path: '/v1/members/:id/agreements',
    needs: 'members:write',
    summary: 'Keeps that a member agreed to a version of an agreement, with name and e-mail as they are now',
    input: AgreedInputShape,
    answer: { status: 201, shape: AgreedShape },
    refuses: ['member_not_found', 'record_not_found'],
    async handle({ services, tenant, params, input }) {
      const member = memberOfPath(params.id)
      if (!member.ok) return member
      const { agreeing } = services.accounts
      const given = await agreeing.agreedByMember(tenant, member.value, input.agreement_version)
      if (!given.ok) return given
      const { id, agreement, agreement_version, at } = given.value
      return answered(201, { id, agreement, agreement_version, agreed_at: timeText(Number(at)) })
    },
  }),
]

function numberOf(given: string | undefined): Result<number> {
  return /^[1-9][0-9]{0,14}$/.test(given ?? '')
    ? accept(Number(given))
    : refuse('input_invalid', 'The id is a number', 'id')
}
