// A refusal of what never comes to the application: the problem document, written straight to the response, with the headers that every answer has.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BUSY_RETRY_S } from '../../protocol/limits.ts'
import { PROBLEM_TYPE, problemOf } from '../../protocol/problem.ts'
import type { Refusal } from '../../protocol/result.ts'
import { requestIdOf } from './request-id.ts'

export function refusePlainly(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const requestId = requestIdOf(request)
  const problem = problemOf(refusal, requestId)
  response.writeHead(problem.status, {
    'Content-Type': PROBLEM_TYPE,
    'X-Request-Id': requestId,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    ...(problem.status === 503 ? { 'Retry-After': String(BUSY_RETRY_S) } : {}),
  })
  response.end(JSON.stringify(problem))
}
