// What a sound document says that its author will not have meant (E-DOC-4): perks nobody reaches, exclusives that overlap, bounds that bound nothing.
// Such a document is taken; whoever writes it is told. Told is only what is certain, because a warning that is often wrong is not read.
import { firstOf } from '../../../protocol/validation.ts'
import type { ProgramDocument } from '../document/program.ts'
import { challengeWarnings } from './challenges.ts'
import { entitlementWarnings } from './entitlements.ts'
import { idleWarnings } from './idle.ts'
import { ISSUES_MAX } from './issue.ts'
import type { DocumentWarning } from './issue.ts'
import { knownOf } from './known.ts'
import { conditionWarnings } from './never-holds.ts'
import { offlineWarnings } from './offline.ts'
import { overWarnings, reachIn, reachWarnings, segmentWarnings } from './reachability.ts'
import { scheduleWarnings } from './schedules.ts'
import { shadowWarnings } from './shadows.ts'
import { worthWarnings } from './worth.ts'

/**
 * Warnings about a document that checkDocument took, at most ISSUES_MAX. `from`: the first day it is in force, in days since 1970; null for history
 * that is replayed, where nothing is over.
 */
export function warningsOf(document: ProgramDocument, from: number | null): DocumentWarning[] {
  return firstOf(warningsIn(document, from), ISSUES_MAX)
}

function* warningsIn(document: ProgramDocument, from: number | null): Generator<DocumentWarning> {
  const known = knownOf(document)
  const reach = reachIn(document, known)
  yield* reachWarnings(document, known, reach)
  yield* segmentWarnings(document, known)
  yield* conditionWarnings(document)
  if (from !== null) yield* overWarnings(document, from)
  yield* shadowWarnings(document, known)
  yield* scheduleWarnings(document)
  yield* worthWarnings(document, known, reach)
  yield* entitlementWarnings(document, known)
  yield* challengeWarnings(document, known, reach)
  yield* idleWarnings(document)
  yield* offlineWarnings(document)
}
