// Program versions: checked when written, immutable, effective-dated (E-DOC).
import { Type } from 'typebox'
import { accept, refuse } from '../../../protocol/result.ts'
import type { Result } from '../../../protocol/result.ts'
import { closed, oneOf } from '../../../protocol/shapes.ts'
import { hybridTime } from '../../../protocol/time.ts'
import type { Millis } from '../../../protocol/time.ts'
import { TimeTextShape, pageOf } from '../../domain/view-shapes.ts'
import { hybridText } from '../../domain/views.ts'
import { ERRORS, ISSUES_MAX, WARNINGS } from '../../evaluation/check/issue.ts'
import { ProgramDocumentShape } from '../../evaluation/document/program.ts'
import type { ProgramDocument } from '../../evaluation/document/program.ts'
import type { ProgramRecord, Programs } from '../../evaluation/programs.ts'
import { ProgramInputShape, ProgramInputShownShape, millisOfText } from '../inputs.ts'
import { answered, route } from '../route.ts'
import type { Answered } from '../route.ts'

const summary = {
  version: Type.Integer(),
  name: Type.String(),
  effective_from: TimeTextShape,
  in_force: Type.Boolean({ description: 'The version that counts now' }),
}
const ProgramSummaryShape = Type.Object(summary, closed)
const ProgramShape = Type.Object({ ...summary, document: ProgramDocumentShape }, closed)
const said = <const T extends readonly string[]>(codes: T) =>
  Type.Array(
    Type.Object(
      {
        path: Type.String({ description: 'JSON pointer into the document' }),
        code: oneOf(codes),
        message: Type.String({ description: 'What is wrong and what to do' }),
      },
      closed,
    ),
    { maxItems: ISSUES_MAX },
  )
const warnings = said(WARNINGS)
const IssuesShape = Type.Object({ issues: said(ERRORS), warnings }, closed)
const PublishedShape = Type.Object({ ...summary, warnings }, closed)

function documentOf(record: ProgramRecord): ProgramDocument {
  // Checked when it was published.
  return JSON.parse(record.document) as ProgramDocument
}

function summaryOf(record: ProgramRecord, programs: Programs, nowMs: number) {
  return {
    version: record.version,
    name: documentOf(record).name,
    effective_from: hybridText(record.effectiveFrom),
    in_force: programs.inForce(hybridTime(nowMs))?.record.version === record.version,
  }
}

function effectiveFrom({ effective_from }: { effective_from?: string }): Result<Millis | null> {
  if (effective_from === undefined) return accept(null)
  const ms = millisOfText(effective_from)
  return ms === undefined
    ? refuse('input_invalid', 'effective_from is an RFC 3339 time with a zone', '/effective_from')
    : accept(ms)
}

export const PROGRAM_ROUTES = [
  route({
    method: 'POST',
    path: '/v1/programs',
    needs: 'program:write',
    summary: 'Publish the next version of the program',
    input: ProgramInputShape,
    inputShown: ProgramInputShownShape,
    answer: { status: 201, shape: PublishedShape },
    refuses: ['program_invalid', 'program_backdated'],
    async handle({ services, tenant, input }): Promise<Answered> {
      const from = effectiveFrom(input)
      if (!from.ok) return from
      const outcome = await services.shelf.publish(tenant, input.document, from.value)
      if (!outcome.ok) return { ok: false, refusal: outcome.refusal, more: { issues: outcome.issues } }
      const programs = await services.shelf.of(tenant)
      const published = summaryOf(outcome.record, programs, services.clock.now())
      return answered(201, { ...published, warnings: outcome.warnings })
    },
  }),
  route({
    method: 'POST',
    path: '/v1/programs/check',
    needs: 'program:read',
    summary: 'What publishing a program document would say; writes nothing',
    input: ProgramInputShape,
    inputShown: ProgramInputShownShape,
    answer: { status: 200, shape: IssuesShape },
    async handle({ services, tenant, input }) {
      const from = effectiveFrom(input)
      if (!from.ok) return from
      return answered(200, await services.shelf.check(tenant, input.document, from.value))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/programs',
    needs: 'program:read',
    summary: 'All versions, oldest first',
    answer: { status: 200, shape: pageOf(ProgramSummaryShape) },
    async handle({ services, tenant }) {
      const programs = await services.shelf.of(tenant)
      const records = programs.records.toSorted((a, b) => a.version - b.version)
      const now = services.clock.now()
      return answered(200, { items: records.map((record) => summaryOf(record, programs, now)), next: null })
    },
  }),
  route({
    method: 'GET',
    path: '/v1/programs/:version',
    needs: 'program:read',
    summary: 'One version with its document',
    answer: { status: 200, shape: ProgramShape },
    refuses: ['program_not_found'],
    async handle({ services, tenant, params }) {
      const programs = await services.shelf.of(tenant)
      const record = programs.records.find(({ version }) => String(version) === params.version)
      if (record === undefined) return refuse('program_not_found', 'There is no such version', 'version')
      const now = services.clock.now()
      return answered(200, { ...summaryOf(record, programs, now), document: documentOf(record) })
    },
  }),
]
