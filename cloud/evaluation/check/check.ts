// Checks a program document when it is written (E-DOC): the schema, then what a schema cannot say. The API, the edges and the command line
// ask here. Whatever fails the later checks fits the schema, so each of them reads the document as what it is.
import { firstOf, validator } from '../../../protocol/validation.ts'
import type { ProgramDocument } from '../document/program.ts'
import { ProgramDocumentShape } from '../document/program.ts'
import { conditionIssues } from './conditions.ts'
import { dateIssues } from './dates.ts'
import { fieldIssues } from './fields.ts'
import { idIssues } from './ids.ts'
import { ISSUES_MAX } from './issue.ts'
import type { DocumentIssue } from './issue.ts'
import { knownOf } from './known.ts'
import { offlineIssues } from './offline.ts'
import { referenceIssues } from './references.ts'
import { stackingIssues } from './stacking.ts'
import { tierIssues } from './tiers.ts'

const documentValidator = validator(ProgramDocumentShape)

/** Objects and lists in one another. A condition of CONDITION_DEPTH_MAX levels needs less than 30; checking goes as deep as this, never deeper. */
const NESTING_MAX = 100

export type CheckedDocument =
  | { readonly ok: true; readonly document: ProgramDocument }
  | { readonly ok: false; readonly issues: readonly DocumentIssue[] }

/** Either the document, or what is wrong with it: at most ISSUES_MAX things. What it may say all the same is in warnings.ts. */
export function checkDocument(input: unknown): CheckedDocument {
  const deep = tooDeep(input)
  if (deep !== undefined) return { ok: false, issues: [deep] }
  if (!documentValidator.accepts(input)) {
    const faults = documentValidator.explainAll(input, ISSUES_MAX)
    return { ok: false, issues: faults.map((fault) => ({ ...fault, code: 'schema_mismatch' })) }
  }
  const issues = firstOf(issuesOf(input), ISSUES_MAX)
  return issues.length === 0 ? { ok: true, document: input } : { ok: false, issues }
}

function* issuesOf(document: ProgramDocument): Generator<DocumentIssue> {
  const known = knownOf(document)
  yield* idIssues(document)
  yield* tierIssues(document)
  yield* referenceIssues(document, known)
  yield* fieldIssues(document)
  yield* stackingIssues(document, known)
  yield* conditionIssues(document)
  yield* dateIssues(document)
  yield* offlineIssues(document)
}

/** Looked at level by level, because what calls itself would overflow on the very document this refuses. */
function tooDeep(input: unknown): DocumentIssue | undefined {
  let level = [{ path: '', value: input }]
  for (let depth = 0; level.length > 0; depth++) {
    const [first] = level
    if (depth > NESTING_MAX && first !== undefined)
      return {
        path: first.path,
        code: 'nesting_too_deep',
        message: `more than ${NESTING_MAX} levels of objects and lists; a program needs far less`,
      }
    level = level.flatMap(({ path, value }) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).map(([name, inner]) => ({ path: `${path}/${name}`, value: inner as unknown }))
        : [],
    )
  }
  return undefined
}
