// RFC 9457 problem documents, the one shape every HTTP error of edge and cloud has.
import { REFUSALS } from './refusals.ts'
import type { Refusal } from './result.ts'

export const PROBLEM_TYPE = 'application/problem+json'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly request_id: string
  readonly retryable: boolean
  readonly param?: string
}

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const rule = REFUSALS[refusal.code]
  return {
    type: `urn:tillstream:refusal:${refusal.code}`,
    title: rule.title,
    status: rule.status,
    detail: refusal.detail,
    code: refusal.code,
    request_id: requestId,
    retryable: rule.retry === 'later',
    ...(refusal.param === undefined ? {} : { param: refusal.param }),
  }
}
