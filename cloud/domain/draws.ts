// Drawing the winners of a response challenge. Every response has a ticket, the hash of the seed and its number; the lowest tickets win, so whoever has
// the seed and the responses finds the same winners. All drawn facts are one commit: a challenge is drawn once, and asking again tells what was drawn.
import { createHash } from 'node:crypto'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Response } from '../../protocol/facts.ts'
import { idText } from '../../protocol/ids.ts'
import type { FactId, RuleId } from '../../protocol/ids.ts'
import { PAGE_SIZE_MAX } from '../../protocol/limits.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { DAY_MS, hybridTime, localDay } from '../../protocol/time.ts'
import type { Clock } from '../../protocol/time.ts'
import type { Effect } from '../evaluation/effects.ts'
import type { FactRow, ResponseRow, TenantId, Writes } from '../store/port.ts'
import { challengeOf, seedOf } from './hq-checks.ts'
import type { Ingest } from './ingest/ingest.ts'
import { HQ_STORE, ownHeader } from './ingest/own-facts.ts'
import type { OwnFacts } from './ingest/own-facts.ts'
import type { ProgramShelf } from './programs.ts'
import type { DrawView } from './view-shapes.ts'

interface Ticket {
  readonly hash: string
  readonly row: ResponseRow
}

export class Draws {
  readonly #ingest: Ingest
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(ingest: Ingest, shelf: ProgramShelf, clock: Clock) {
    this.#ingest = ingest
    this.#shelf = shelf
    this.#clock = clock
  }

  /** `seed` null: the one derived from the program's secret. */
  async draw(tenant: TenantId, challenge: RuleId, seed: string | null): Promise<Result<DrawView>> {
    const programs = await this.#shelf.of(tenant)
    const document = programs.program(hybridTime(this.#clock.now()))?.document ?? null
    const found = challengeOf(document, challenge)
    if (!found.ok) return found
    const { prize, auto_approve: approved, end } = found.value
    if (prize?.calculation !== 'random')
      return refuse('draw_not_possible', `Challenge ${challenge} has no prize that is drawn`)
    if (end === undefined || !isOver(end, this.#clock.now()))
      return refuse('draw_not_possible', `Challenge ${challenge} goes on until the end of ${end ?? 'time'}`)
    return this.#ingest.record(tenant, async (tx, own) => {
      const before = await drawn(tx, tenant, challenge, prize.winners)
      if (before.length > 0) return toldAgain(challenge, seed, before)
      const used = seed ?? seedOf(document, challenge)
      const tickets = await ticketsOf(tx, tenant, challenge, used, prize.winners, approved === false)
      const facts: Response[] = []
      for (const [index, ticket] of tickets.entries())
        facts.push(await book(tx, own, ticket.row, used, index + 1, programs.latest))
      return accept(viewOf(challenge, used, facts))
    })
  }
}

/** The zone in which a day ends last: what is over there is over in every store. */
const LAST_OFFSET = -12 * 60

function isOver(end: string, now: number): boolean {
  return localDay(now, LAST_OFFSET) > Date.parse(end) / DAY_MS
}

function drawKey(challenge: RuleId, rank: number): string {
  return `drawn-${challenge}-${rank}`
}

/** The drawn facts there are, by rank. */
async function drawn(tx: Writes, tenant: TenantId, challenge: RuleId, winners: number): Promise<Response[]> {
  const facts: Response[] = []
  for (let rank = 1; rank <= winners; rank++) {
    const [row] = await tx.factsByKeys(tenant, [{ store: HQ_STORE, key: drawKey(challenge, rank) }])
    const fact = row === undefined ? undefined : decodeStoredFact(row.bytes)
    if (fact?.kind !== 'response') return facts
    facts.push(fact)
  }
  return facts
}

function toldAgain(challenge: RuleId, seed: string | null, facts: readonly Response[]): Result<DrawView> {
  const used = facts[0]?.seed ?? ''
  return seed === null || seed === used
    ? accept(viewOf(challenge, used, facts))
    : refuse('draw_not_possible', `Challenge ${challenge} was drawn before, with another seed`, '/seed')
}

/** The lowest tickets of all responses that count. */
async function ticketsOf(
  tx: Writes,
  tenant: TenantId,
  challenge: RuleId,
  seed: string,
  winners: number,
  wantsApproval: boolean,
): Promise<Ticket[]> {
  let lowest: Ticket[] = []
  for (let after = 0; ;) {
    const page = await tx.responses(tenant, challenge, { after, limit: PAGE_SIZE_MAX })
    const counting = await countingOf(tx, page, wantsApproval)
    lowest.push(...counting.map((row) => ({ hash: hashOf(seed, row.number), row })))
    lowest = lowest.sort((a, b) => (a.hash < b.hash ? -1 : 1)).slice(0, winners)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE_MAX) return lowest
    after = last.number
  }
}

function hashOf(seed: string, number: number): string {
  return createHash('sha256').update(`${seed}:${number}`).digest('hex')
}

/** Responses of members that the fold did not refuse, that nobody rejected, and that were approved where they have to be. */
async function countingOf(
  tx: Writes,
  page: readonly ResponseRow[],
  wantsApproval: boolean,
): Promise<ResponseRow[]> {
  const ids = page.map(({ fact }) => fact)
  const rows = new Map((await tx.factsByIds(ids)).map((row) => [row.id, row]))
  const verdicts = new Map<FactId, string>()
  for (const { about, bytes } of await tx.factsAbout(ids, 'response')) {
    const fact = decodeStoredFact(bytes)
    if (fact.kind === 'response') verdicts.set(about, fact.verdict)
  }
  const refused = new Map<FactId, number>()
  for (const { fact, effects } of await tx.activitiesOfFacts(ids))
    refused.set(fact, (refused.get(fact) ?? 0) + refusals(effects))
  return page.filter(({ fact }) => {
    const verdict = verdicts.get(fact)
    return (
      stands(rows.get(fact)) &&
      (refused.get(fact) ?? 0) === 0 &&
      (wantsApproval ? verdict === 'approved' : verdict !== 'rejected')
    )
  })
}

function stands(row: FactRow | undefined): boolean {
  return row?.status === 'counted' && row.member > 0
}

function refusals(effects: readonly Effect[]): number {
  return effects.reduce((sum, { kind, amount }) => sum + (kind === 'response_refused' ? amount : 0), 0)
}

/** The drawn fact of a response; its number in the period is its rank in the draw. */
async function book(
  tx: Writes,
  own: OwnFacts,
  { challenge, number, fact }: ResponseRow,
  seed: string,
  rank: number,
  program: Response['program'],
): Promise<Response> {
  const row = await tx.fact(fact)
  assert(row !== undefined, 'a counted response is stored')
  const { member, offset } = decodeStoredFact(row.bytes)
  const made: Response = {
    ...ownHeader('response', {
      ...(await own.place()),
      key: drawKey(challenge, rank),
      program,
      member,
      offset,
    }),
    challenge,
    verdict: 'drawn',
    of: fact,
    number,
    number_in_period: rank,
    seed,
  }
  await own.append(made)
  return made
}

function viewOf(challenge: RuleId, seed: string, facts: readonly Response[]): DrawView {
  return {
    challenge,
    seed,
    winners: facts.map((fact) => ({
      rank: fact.number_in_period,
      response: idText(fact.of),
      number: fact.number,
      member: idText(fact.member),
      fact: idText(fact.id),
    })),
  }
}
