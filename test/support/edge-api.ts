// What the edge's local API says of itself, and how a refusal must look: shared by the tests of its border.
import { expect } from 'vitest'
import type { TSchema } from 'typebox'
import { PROBLEM_TYPE } from '../../protocol/problem.ts'
import { REFUSALS } from '../../protocol/refusals.ts'
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { Answer, EdgeUnderTest } from './edge-under-test.ts'

/** A member id of the edge's very ledger, at a position it does not have. */
export const NOBODY_ENROLLED = '25769899999'

export interface Operation {
  readonly security?: readonly unknown[]
  readonly description?: string
  readonly requestBody?: { content: { 'application/json': { schema: TSchema } } }
  readonly parameters: readonly { name: string; in: string }[]
  readonly responses: Record<string, { content?: Record<string, { schema: TSchema }> }>
}

export interface Row {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

export async function operations(edge: EdgeUnderTest): Promise<Row[]> {
  const document = await edge.get('/openapi.json', { role: 'nobody' })
  // What the document must look like is what the tests find out.
  const paths = document.value('paths') as Record<string, Record<string, Operation>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
}

/** A path that may be asked for: parameters filled with what cannot exist. */
export const filled = (path: string): string => path.replaceAll(/\{[a-z]+\}/g, '8589934593')
export const isPublic = ({ security }: Operation): boolean => security?.length === 0
export const isKeyed = ({ parameters }: Operation): boolean =>
  parameters.some(({ name }) => name === 'Idempotency-Key')

export function expectProblem(answer: Answer, code: RefusalCode): void {
  expect(answer.json, answer.text).toMatchObject({
    type: `urn:tillstream:refusal:${code}`,
    code,
    status: REFUSALS[code].status,
    title: REFUSALS[code].title,
    retryable: REFUSALS[code].retry === 'later',
    request_id: answer.headers.get('x-request-id'),
  })
  expect(answer.status).toBe(REFUSALS[code].status)
  expect(answer.headers.get('content-type')).toBe(PROBLEM_TYPE)
}
