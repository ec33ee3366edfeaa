// Why a fact came to what it came to (E-EXP-1): the member's facts before it are folded again, and every perk and bonus of the program in force,
// and what reacts to the fact, is asked on that state. Nothing is kept for it, so it costs nothing until someone asks.
import { compareCanonical } from '../../protocol/facts.ts'
import type { FactId } from '../../protocol/ids.ts'
import { idText } from '../../protocol/ids.ts'
import { explain } from '../evaluation/explanation/explain.ts'
import { explainReactions } from '../evaluation/explanation/reactions.ts'
import { NOTHING_EARLIER, foldFacts } from '../evaluation/fold.ts'
import type { Programs } from '../evaluation/programs.ts'
import type { PastFact } from '../evaluation/spending/reversal.ts'
import { newState } from '../evaluation/state.ts'
import type { FactRow, Reads } from '../store/port.ts'
import { factOf } from './ingest/refold.ts'
import type { Explanation } from './view-shapes.ts'
import { effectViews, factSummary, hybridText, idOrNull, tierView } from './views.ts'

export async function explanationOf(read: Reads, programs: Programs, row: FactRow): Promise<Explanation> {
  const counted = row.status === 'counted'
  const rows = counted && row.member > 0 ? await read.factsOfMember(row.member) : []
  const before = rows
    .filter((other) => compareCanonical(other, row) < 0)
    .map((other) => factOf(other, row.member))
  const state = newState()
  const folded = new Map<FactId, PastFact>()
  foldFacts(programs, state, before, NOTHING_EARLIER, (fact, effects) =>
    folded.set(fact.id, { fact, effects, program: programs.program(fact.at) }),
  )
  const activities = await read.activitiesOfFacts([row.id])
  const { points, goodwill } = factSummary(row, activities)
  const inForce = programs.inForce(row.at)
  // A guest's sale earns nothing (E-EARN-5): what is considered then is what a new member would have got.
  const fact = factOf(row, row.member)
  const reacts = inForce !== undefined && counted && row.member > 0
  const past = { find: (id: FactId): PastFact | undefined => folded.get(id) }
  // A redemption is somebody's.
  const asks = inForce !== undefined && (reacts || fact.kind !== 'redemption')
  const considered = asks ? explain(inForce.program, state, fact, past) : []
  const reactions = reacts ? explainReactions(inForce.program, state, fact, past) : []
  return {
    fact: idText(row.id),
    kind: row.kind,
    at: hybridText(row.at),
    status: row.status,
    member: idOrNull(row.member),
    program:
      inForce === undefined
        ? null
        : {
            version: inForce.record.version,
            name: inForce.program.document.name,
            effective_from: hybridText(inForce.record.effectiveFrom),
          },
    before:
      row.member === 0 || !counted
        ? null
        : {
            tier: tierView(inForce?.program ?? null, state.tier),
            fold: state.balance,
            goodwill: state.goodwill,
            lifetime: state.lifetime,
            facts: state.facts,
          },
    considered: considered.map((rule) => ({ ...rule })),
    reactions: reactions.map((rule) => ({ ...rule })),
    points,
    goodwill,
    effects: activities.flatMap((activity) => effectViews(activity, programs)),
    text: sentenceOf(
      row,
      inForce !== undefined,
      points,
      goodwill,
      considered.filter(({ applied }) => applied).length,
    ),
  }
}

function sentenceOf(
  row: FactRow,
  hasProgram: boolean,
  points: number,
  goodwill: number,
  applied: number,
): string {
  if (row.status === 'duplicate')
    return 'Another fact with the same business key counts; this one moves nothing.'
  if (row.status === 'unclaimed') return 'The member it names is not known yet; it moves nothing until then.'
  if (row.status === 'merged') return 'Its member was merged into another, whose enrolment counts.'
  if (!hasProgram) return 'No program was in force at its time.'
  if (row.member === 0)
    return `A guest's ${row.kind} earns nothing; ${applied} rule(s) would have applied for a new member.`
  const kept = goodwill === 0 ? '' : ` and ${goodwill} as goodwill, so that the receipt holds`
  return `It came to ${points} points${kept}; ${applied} rule(s) applied.`
}
