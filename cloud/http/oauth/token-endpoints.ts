// The endpoints that clients call themselves: token, revoke, introspect. Forms in, JSON out; never cached.
import type { Refusal } from '../../../protocol/result.ts'
import { problemOf } from '../../../protocol/problem.ts'
import type { AuthDialect } from '../../platform/oauth/auth-dialect.ts'
import type { Issuer, TokenAnswer, TokenCall } from '../../platform/oauth/issuer.ts'
import { addressOf } from '../caller-address.ts'
import { fieldsOf } from '../fields.ts'
import { requestIdOf } from '../request-id.ts'
import { readForm } from './visit.ts'
import type { Ctx } from './visit.ts'

export type TokenWork = (issuer: Issuer, dialect: AuthDialect, call: TokenCall) => Promise<TokenAnswer>

export interface TokenPlace {
  readonly issuer: Issuer
  readonly dialect: AuthDialect
  /** Whether the node is reached over TLS. */
  readonly secure: boolean
}

export async function serveToken(
  c: Ctx,
  { issuer, dialect, secure }: TokenPlace,
  work: TokenWork,
): Promise<Response> {
  const invalid = (description: string, status = 400): Response =>
    answerOf(c, { status, json: dialect.fault({ status, error: 'invalid_request', description }) })
  if (c.req.method !== 'POST') return invalid('POST only', 405)
  const form = await (dialect.fieldsAnywhere === true ? fieldsOf(c) : readForm(c))
  if (!form.ok)
    return form.refusal.code === 'body_too_large' ? refusalOf(c, form.refusal) : invalid(form.refusal.detail)
  const call: TokenCall = {
    authorization: c.req.header('authorization'),
    form: form.value,
    query: c.req.query(),
    address: addressOf(c.env.incoming, secure),
  }
  const answer = await work(issuer, dialect, call)
  return 'refusal' in answer ? refusalOf(c, answer.refusal) : answerOf(c, answer)
}

function answerOf(
  _c: Ctx,
  { status, json, challenge }: Exclude<TokenAnswer, { refusal: Refusal }>,
): Response {
  return Response.json(json, {
    status,
    headers: {
      Pragma: 'no-cache',
      ...(challenge === true ? { 'WWW-Authenticate': 'Basic realm="clients"' } : {}),
    },
  })
}

/** As a problem document: what is no matter of OAuth's. */
export function refusalOf(c: Ctx, refusal: Refusal): Response {
  const problem = problemOf(refusal, requestIdOf(c.env.incoming))
  return Response.json(problem, {
    status: problem.status,
    headers: refusal.retryAfterS === undefined ? {} : { 'Retry-After': String(refusal.retryAfterS) },
  })
}
