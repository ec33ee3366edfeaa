// Every member of the real sales file folded anew with the demo's program: from the stored bytes, from facts that are decoded already, and with every
// perk and bonus of every fact explained.
import { existsSync } from 'node:fs'
import { PROGRAM_EFFECTIVE_FROM, sampleProgram } from '../../cloud/demo/program.ts'
import { explain } from '../../cloud/evaluation/explanation/explain.ts'
import { explainReactions } from '../../cloud/evaluation/explanation/reactions.ts'
import { NOTHING_EARLIER, foldFacts } from '../../cloud/evaluation/fold.ts'
import { Programs } from '../../cloud/evaluation/programs.ts'
import { newState } from '../../cloud/evaluation/state.ts'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact } from '../../protocol/facts.ts'
import type { ProgramVersion } from '../../protocol/ids.ts'
import { hybridTime } from '../../protocol/time.ts'
import { inTurns, tell, tellSkipped } from '../bench.ts'
import { realFacts } from './real-facts.ts'
import type { StoredMember } from './real-facts.ts'

const FIGURE = 'the real file folded anew: facts per second'

function foldAll(programs: Programs, members: readonly (readonly Fact[])[]): number {
  let lifetime = 0
  for (const facts of members) {
    const state = newState()
    foldFacts(programs, state, facts, NOTHING_EARLIER)
    lifetime += state.lifetime
  }
  return lifetime
}

function decodeAll(members: readonly StoredMember[]): Fact[][] {
  return members.map((facts) => facts.map(decodeStoredFact))
}

/** Decoded member by member, as ingest does it: no more than one member's facts are in memory. */
function foldStored(programs: Programs, members: readonly StoredMember[]): number {
  let lifetime = 0
  for (const facts of members) {
    const state = newState()
    foldFacts(programs, state, facts.map(decodeStoredFact), NOTHING_EARLIER)
    lifetime += state.lifetime
  }
  return lifetime
}

/** Each fact is explained on the state before it. */
function foldExplaining(programs: Programs, members: readonly (readonly Fact[])[]): number {
  let considered = 0
  for (const facts of members) {
    const state = newState()
    let next = 0
    const explainNext = (): void => {
      const fact = facts[next++]
      const program = fact === undefined ? null : programs.program(fact.at)
      if (fact === undefined || program === null) return
      considered += explain(program, state, fact).length
      considered += explainReactions(program, state, fact, NOTHING_EARLIER).length
    }
    explainNext()
    foldFacts(programs, state, facts, NOTHING_EARLIER, explainNext)
  }
  return considered
}

export async function realFile(file: string | undefined): Promise<void> {
  if (file === undefined) return tellSkipped('evaluation', FIGURE, 'give the file: --sales FILE.csv[.gz]')
  if (!existsSync(file)) return tellSkipped('evaluation', FIGURE, `there is no file ${file}`)
  const { members, facts, lines } = await realFacts(file)
  const programs = new Programs([
    {
      version: 1 as ProgramVersion,
      effectiveFrom: hybridTime(Date.parse(PROGRAM_EFFECTIVE_FROM)),
      document: JSON.stringify(sampleProgram),
    },
  ])
  const decoded = decodeAll(members)
  if (foldAll(programs, decoded) !== foldStored(programs, members))
    throw new Error('decoded and stored facts fold to different points')
  const notes = { facts, lines, members: members.length }
  const figures = [
    {
      what: 'stored bytes decoded and folded',
      ours: () => (foldStored(programs, members), facts),
      peerName: 'the same bytes decoded only',
      peer: () => (decodeAll(members), facts),
    },
    {
      what: 'decoded facts folded',
      ours: () => (foldAll(programs, decoded), facts),
      peerName: 'stored bytes decoded and folded',
      peer: () => (foldStored(programs, members), facts),
    },
    {
      what: 'decoded facts folded, and every perk and bonus explained',
      ours: () => (foldExplaining(programs, decoded), facts),
      peerName: 'decoded facts folded',
      peer: () => (foldAll(programs, decoded), facts),
    },
  ]
  for (const { what, ours, peerName, peer } of figures)
    tell({
      bench: 'evaluation',
      figure: `${FIGURE}, ${what}`,
      ...(await inTurns(ours, peer)),
      peerName,
      unit: 'facts/s',
      notes,
    })
}
