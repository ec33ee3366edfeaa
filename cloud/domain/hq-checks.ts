// Whether what HQ says can be true, and what the cloud adds to it: asked inside the commit that records it, so that numbers are given once and
// what was checked still holds when it is written.
import { createHmac } from 'node:crypto'
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { Fact, Response } from '../../protocol/facts.ts'
import { NO_MEMBER, originOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, RuleId } from '../../protocol/ids.ts'
import { accept, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { ResponseChallengeDocument } from '../evaluation/document/challenges.ts'
import { POINTS } from '../evaluation/document/metrics.ts'
import { ACTIVITY_TYPES } from '../evaluation/document/earning.ts'
import type { ProgramDocument } from '../evaluation/document/program.ts'
import type { FactRow, TenantId, Writes } from '../store/port.ts'
import { NOTHING_ADDED, factOfText, memberOfText, refereeOf } from './hq-building.ts'
import type { Added, Referee } from './hq-building.ts'
import {
  checkAttributes,
  checkAward,
  checkChallenge,
  checkEntitlement,
  checkResponse,
  checkVoid,
} from './hq-member-checks.ts'
import type { CheckContext } from './hq-member-checks.ts'
import type { HqRequest, HqRequests } from './hq-requests.ts'
import { periodNumber } from '../evaluation/reactions/responses.ts'

export async function checkRequest(request: HqRequest, context: CheckContext): Promise<Result<Added>> {
  switch (request.kind) {
    case 'profile':
      return checkProfile(request, context)
    case 'activity':
      if (request.quantity === 0) return refuse('input_invalid', 'A quantity of 0 says nothing', '/quantity')
      return inProgram(context, 'perk', request.perk, ({ earn_perks }) =>
        earn_perks.filter(({ type }) => ACTIVITY_TYPES.includes(type)),
      )
    case 'award':
      return checkAward(request, context)
    case 'entitlement':
      return checkEntitlement(request, context)
    case 'challenge':
      return checkChallenge(request, context)
    case 'response':
      return request.verdict === undefined || request.verdict === 'submitted'
        ? countResponse(request, context)
        : checkVerdict(request, context)
    case 'referral':
      return checkReferral(request, context)
    case 'segment':
      return inProgram(context, 'segment', request.segment, ({ segments }) => segments ?? [])
    case 'release':
      return checkRelease(request, context)
    case 'void':
      return checkVoid(request, context)
    case 'merge':
      return checkMerge(request, context)
    case 'retro_claim':
      return checkClaim(request, context)
    case 'grant':
      return checkGrant(request, context)
    case 'adjustment': {
      const { metric = POINTS } = request
      return metric === POINTS || context.program?.metrics.has(metric) === true
        ? accept(NOTHING_ADDED)
        : refuse('metric_not_found', `The program in force has no metric ${metric}`, '/metric')
    }
  }
}

/** As the fold asks (E-EARN-6). */
function checkGrant(
  { metric = POINTS, points }: HqRequests['grant'],
  { program }: CheckContext,
): Result<Added> {
  if (program === null) return refuse('program_missing', 'No program is in force at that time')
  const most = program.metrics.get(metric)?.grantMax
  if (most === undefined)
    return refuse('metric_not_found', `The program in force has no metric ${metric}`, '/metric')
  return points <= most
    ? accept(NOTHING_ADDED)
    : refuse('grant_over_limit', `One grant gives at most ${most}`, '/points')
}

type Listed = 'perk' | 'segment'

function inProgram(
  { program }: CheckContext,
  what: Listed,
  id: RuleId,
  listOf: (document: ProgramDocument) => readonly { readonly id: RuleId }[],
): Result<Added> {
  if (program === null) return refuse('program_missing', 'No program is in force at that time')
  return listOf(program.document).some((rule) => rule.id === id)
    ? accept(NOTHING_ADDED)
    : refuse(`${what}_not_found`, `The program in force has no such ${what} ${id} for this`, `/${what}`)
}

async function checkProfile(request: HqRequests['profile'], context: CheckContext): Promise<Result<Added>> {
  const { tx, tenant } = context
  for (const field of ['birthday', 'membership_start'] as const) {
    const date = request[field]
    if (date !== undefined && !isDate(date))
      return refuse('input_invalid', `${date} is no day of the calendar`, `/${field}`)
  }
  const { home_store: home } = request
  if (home !== undefined && !(await tx.stores(tenant)).some(({ id }) => id === home))
    return refuse('store_not_found', `There is no store ${home}`, '/home_store')
  return request.attributes === undefined
    ? accept(NOTHING_ADDED)
    : checkAttributes(request.attributes, context)
}

function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)
}

/** The next number of the challenge, and of the prize's period on the wall clock of the place. What would not count gets none. */
async function countResponse(
  { challenge, response }: HqRequests['response'],
  context: CheckContext,
): Promise<Result<Added>> {
  const { tx, tenant, program, header } = context
  const document = program?.document ?? null
  if (response !== undefined)
    return refuse('input_invalid', 'Only a verdict is about an earlier response', '/response')
  const found = challengeOf(document, challenge)
  if (!found.ok) return found
  const day = localDay(millisOf(header.at), header.offset ?? 0)
  const period = prizePeriod(found.value, day)
  const last = await tx.lastResponse(tenant, challenge, period)
  const number = last.number + 1
  const numberInPeriod = last.numberInPeriod + 1
  const counting = await checkResponse(challenge, number, context)
  if (!counting.ok) return counting
  await tx.insertResponse({ tenant, challenge, number, period, numberInPeriod, fact: header.id })
  return accept({ ...NOTHING_ADDED, number, numberInPeriod, seed: seedOf(document, challenge) })
}

/** The response challenge of a document. */
export function challengeOf(
  document: ProgramDocument | null,
  challenge: RuleId,
): Result<ResponseChallengeDocument> {
  if (document === null) return refuse('program_missing', 'No program is in force at that time')
  const found = document.response_challenges?.find(({ id }) => id === challenge)
  return found === undefined
    ? refuse(
        'challenge_not_found',
        `The program in force has no response challenge ${challenge}`,
        '/challenge',
      )
    : accept(found)
}

/** Made once per challenge and program: whoever knows the secret can check every winner. */
export function seedOf(document: ProgramDocument | null, challenge: RuleId): string {
  return createHmac('sha256', document?.voucher_secret ?? '')
    .update(`challenge-${challenge}`)
    .digest('hex')
}

/** The prize's period that a local day lies in. */
function prizePeriod({ prize }: ResponseChallengeDocument, day: number): string {
  const period = prize?.calculation === 'first_n' ? prize.period : 'ever'
  return period === 'ever' ? period : `${period} ${periodNumber(period, day)}`
}

async function checkVerdict(
  { challenge, response }: HqRequests['response'],
  { tx, member }: CheckContext,
): Promise<Result<Added>> {
  const found = await factOf(tx, factOfText(response), 'response')
  if (found === undefined || found.row.member !== member || found.fact.verdict !== 'submitted')
    return refuse('fact_not_found', 'The member submitted no such response', '/response')
  return found.fact.challenge === challenge
    ? accept(addedOf(found.fact))
    : refuse('challenge_not_found', `The response is one to challenge ${found.fact.challenge}`, '/challenge')
}

/** What the cloud added to a response. */
export function addedOf({ number, number_in_period: numberInPeriod, seed }: Response): Added {
  return { ...NOTHING_ADDED, number, numberInPeriod, seed }
}

async function checkReferral(request: HqRequests['referral'], context: CheckContext): Promise<Result<Added>> {
  const { tx, tenant, member } = context
  const { stage } = request
  if (stage === 'sent') {
    if (request.referral !== undefined) return refuse('input_invalid', 'A referral is sent once', '/referral')
    const referee = refereeOf(request)
    if (referee === null || referee.claim !== null) return accept(NOTHING_ADDED)
    const other = await memberNow(tx, tenant, referee.member)
    if (other === NO_MEMBER) return refuse('member_not_found', 'No such member was referred', '/referee')
    return other === member
      ? refuse('input_invalid', 'Nobody refers himself', '/referee')
      : accept(NOTHING_ADDED)
  }
  if (request.referee !== undefined)
    return refuse('input_invalid', 'Only a sent referral names who is referred', '/referee')
  const sent = await factOf(tx, factOfText(request.referral), 'referral')
  const wanted = sent?.fact.stage === 'sent' && (stage === 'received') === (sent.row.member !== member)
  return wanted
    ? accept({ ...NOTHING_ADDED, referee: await refereeOfSent(tx, sent.row.id) })
    : refuse('fact_not_found', `There is no sent referral of ${whose(stage)}`, '/referral')
}

function whose(stage: 'received' | 'void'): string {
  return stage === 'received' ? 'another member to receive' : 'this member to void'
}

/** Who received a sent referral. */
export async function refereeOfSent(tx: Writes, sent: FactId): Promise<Referee | null> {
  for (const { bytes } of await tx.factsAbout([sent], 'referral')) {
    const fact = decodeStoredFact(bytes)
    if (fact.kind === 'referral' && fact.stage === 'received')
      return { member: fact.member, claim: fact.claim }
  }
  return null
}

async function checkRelease(
  { fact }: HqRequests['release'],
  { tx, member }: CheckContext,
): Promise<Result<Added>> {
  const row = await tx.fact(factOfText(fact))
  return row?.member === member && row.status === 'counted'
    ? accept(NOTHING_ADDED)
    : refuse('fact_not_found', 'The member has no such fact', '/fact')
}

async function checkMerge(
  { merged }: HqRequests['merge'],
  { tx, tenant, member }: CheckContext,
): Promise<Result<Added>> {
  const named = memberOfText(merged)
  const other = (await isOrphan(tx, tenant, named)) ? named : await memberNow(tx, tenant, named)
  if (other === NO_MEMBER) return refuse('member_not_found', `There is no member ${merged}`, '/merged')
  return other === member
    ? refuse('merge_not_possible', `Member ${merged} is this member already`, '/merged')
    : accept(NOTHING_ADDED)
}

/** A member without an enrolment, of a life that is ours (I-13): a merge says who it is. */
async function isOrphan(tx: Writes, tenant: TenantId, member: MemberId): Promise<boolean> {
  const conflict = await tx.conflictOf(tenant, 'orphan_member', String(member))
  return conflict?.decision === null && (await tx.origin(originOf(member)))?.tenant === tenant
}

async function checkClaim(
  { sale }: HqRequests['retro_claim'],
  { tx, tenant }: CheckContext,
): Promise<Result<Added>> {
  const row = await tx.fact(factOfText(sale))
  if (row?.tenant !== tenant || row.kind !== 'sale' || row.status === 'duplicate')
    return refuse('sale_not_found', `There is no sale ${sale}`, '/sale')
  return row.member === NO_MEMBER
    ? accept(NOTHING_ADDED)
    : refuse('claim_not_possible', 'This sale belongs to a member', '/sale')
}

/** The member that an id stands for; NO_MEMBER where it names none of the tenant's. */
export async function memberNow(tx: Writes, tenant: TenantId, member: MemberId): Promise<MemberId> {
  const row = member > 0 ? await tx.fact(member as number as FactId) : undefined
  if (row?.tenant !== tenant || row.kind !== 'enrolment') return NO_MEMBER
  return (await tx.aliases([member]))[0]?.root ?? member
}

async function factOf<K extends Fact['kind']>(
  tx: Writes,
  id: FactId,
  kind: K,
): Promise<{ row: FactRow; fact: Extract<Fact, { kind: K }> } | undefined> {
  const row = id > 0 ? await tx.fact(id) : undefined
  if (row?.kind !== kind) return undefined
  // A row's kind is that of the fact in its bytes.
  return { row, fact: decodeStoredFact(row.bytes) as Extract<Fact, { kind: K }> }
}
