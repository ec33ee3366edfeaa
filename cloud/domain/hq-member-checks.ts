// Whether what HQ says would do anything for the member as it stands now (Q-11, Q-12). The rules are those the fold books by: what it would leave
// without effect is refused here with a reason, before it is recorded. A fact that arrives later from an earlier time may still change the outcome.
import { decodeStoredFact } from '../../protocol/codec.ts'
import type { MemberId, RuleId } from '../../protocol/ids.ts'
import { ATTRIBUTES_MAX, ENTITLEMENTS_LIVE_MAX, GIVE_BACK_DAYS_MAX } from '../../protocol/limits.ts'
import { accept, assert, refuse } from '../../protocol/result.ts'
import type { Result } from '../../protocol/result.ts'
import { localDay, millisOf } from '../../protocol/time.ts'
import type { Millis, ZoneOffset } from '../../protocol/time.ts'
import type { Challenge } from '../evaluation/reactions/challenges.ts'
import { completedOn, isEligible, participation, periodOf } from '../evaluation/reactions/challenges.ts'
import type { Program } from '../evaluation/compile.ts'
import { dayOfDate } from '../evaluation/check/dates.ts'
import { firstFailing, situationAt } from '../evaluation/conditions/condition.ts'
import type { ResponseChallengeDocument } from '../evaluation/document/challenges.ts'
import { MOVES } from '../evaluation/spending/entitlement-statuses.ts'
import { firstOf, notGivenBack } from '../evaluation/spending/redemptions.ts'
import { dayOf, isMarked, isTooOld } from '../evaluation/spending/memory.ts'
import { voidable } from '../evaluation/spending/reversal.ts'
import { liveCount, liveOf } from '../evaluation/spending/entitlements.ts'
import { CHALLENGE_JOINED, CHALLENGE_LEFT } from '../evaluation/more.ts'
import type { ResponseLimit } from '../evaluation/reactions/responses.ts'
import { mayRespond } from '../evaluation/reactions/responses.ts'
import type { MemberState } from '../evaluation/state.ts'
import { decodeState, newState } from '../evaluation/state.ts'
import { stateAt } from '../evaluation/time/time.ts'
import type { TenantId, Writes } from '../store/port.ts'
import { NOTHING_ADDED, factOfText } from './hq-building.ts'
import type { Added } from './hq-building.ts'
import type { HqRequests } from './hq-requests.ts'
import { HQ_STORE } from './ingest/own-facts.ts'
import type { OwnHeader } from './ingest/own-facts.ts'

export interface CheckContext {
  readonly tx: Writes
  readonly tenant: TenantId
  /** In force at the fact's time; null before the first. */
  readonly program: Program | null
  /** The member of the request, and who that is now. */
  readonly member: MemberId
  readonly header: OwnHeader
  readonly now: Millis
}

/** Where and when the fact happens. */
function placeOf({ header }: CheckContext) {
  const { at, store = HQ_STORE, offset = 0 as ZoneOffset } = header
  return { at, store, offset, ms: millisOf(at), day: localDay(millisOf(at), offset) }
}

/** The member with all that time has brought by now, whenever the fact is said to have happened. */
async function stateNow(context: CheckContext): Promise<MemberState> {
  const { tx, program, member, now } = context
  const [row] = await tx.states([member])
  const state = (row && decodeState(row.state)) ?? newState()
  const { ms, offset } = placeOf(context)
  return stateAt(program, state, member, Math.max(now, ms), offset)
}

/** E-PROF-2. */
export async function checkAttributes(
  told: NonNullable<HqRequests['profile']['attributes']>,
  context: CheckContext,
): Promise<Result<Added>> {
  const { more } = await stateNow(context)
  const names = new Set(more?.profile.attributes.map(([name]) => name))
  for (const { name, value } of told) {
    if (value === null) names.delete(name)
    else if (names.add(name).size > ATTRIBUTES_MAX)
      return refuse(
        'limit_reached',
        `A member has at most ${ATTRIBUTES_MAX} attributes; take one away before ${name}`,
        '/attributes',
      )
  }
  return accept(NOTHING_ADDED)
}

/** E-ENT-2. */
export async function checkEntitlement(
  { code, action, until }: HqRequests['entitlement'],
  context: CheckContext,
): Promise<Result<Added>> {
  const { tx, tenant, member } = context
  if (until !== undefined && action !== 'redate' && action !== 'reinstate')
    return refuse('input_invalid', 'Only redate and reinstate name a last day', '/until')
  const last = dayOfDate(until ?? '')
  if (until !== undefined && (last === undefined || last < placeOf(context).day))
    return refuse('input_invalid', `${until} is no day from today on`, '/until')
  const holder = await tx.memberOfVoucher(tenant, code)
  const { entitlements } = await stateNow(context)
  const one = entitlements.find((held) => held.code === code)
  if (holder !== member || one === undefined)
    return refuse('voucher_not_found', `The member holds nothing with the code ${code}`, '/code')
  const { from } = MOVES[action]
  return from.includes(one.status)
    ? accept(NOTHING_ADDED)
    : refuse(
        'voucher_not_usable',
        `Voucher ${code} is ${one.status}; ${action} asks for ${from.join(', ')}`,
        '/action',
      )
}

/** E-RET-4, E-SPEND-12. */
export async function checkVoid(
  { fact: text }: HqRequests['void'],
  context: CheckContext,
): Promise<Result<Added>> {
  const { tx, member } = context
  const row = await tx.fact(factOfText(text))
  if (row?.member !== member || row.status !== 'counted')
    return refuse('fact_not_found', 'The member has no such fact', '/fact')
  const fact = decodeStoredFact(row.bytes)
  if (!voidable(fact))
    return refuse(
      'void_not_possible',
      'Only sales, check-ins, grants, activities, redemptions and uses can be voided',
      '/fact',
    )
  if (isTooOld(dayOf(fact), placeOf(context).day))
    return refuse(
      'void_not_possible',
      `It is more than ${GIVE_BACK_DAYS_MAX} days old and can be given back no longer`,
      '/fact',
    )
  const state = await stateNow(context)
  if (isMarked(state.voided, fact.id)) return refuse('already_voided', 'This was voided before', '/fact')
  const why = fact.kind === 'redemption' ? notGivenBack(state, firstOf(fact)) : null
  return why === null
    ? accept(NOTHING_ADDED)
    : refuse(why, 'It was cancelled before, or what it was redeemed for is used or on its way', '/fact')
}

/** E-ENT-1. */
export async function checkAward(
  { perk, from, until }: HqRequests['award'],
  context: CheckContext,
): Promise<Result<Added>> {
  for (const [field, date] of [
    ['/from', from],
    ['/until', until],
  ] as const)
    if (date !== undefined && dayOfDate(date) === undefined)
      return refuse('input_invalid', `${date} is no day of the calendar`, field)
  if (from !== undefined && until !== undefined && until < from)
    return refuse('input_invalid', 'The last day lies before the first', '/until')
  const { program } = context
  if (program === null) return refuse('program_missing', 'No program is in force at that time')
  const document = program.redeemPerks.get(perk)?.document
  if (document === undefined)
    return refuse('perk_not_found', `The program in force has no redeem perk ${perk}`, '/perk')
  const { title, voucher } = document
  if (voucher === undefined)
    return refuse('perk_not_awardable', `"${title}" issues no entitlement that could be awarded`, '/perk')
  const last = dayOfDate(until ?? voucher.until ?? '')
  if (last !== undefined && last < placeOf(context).day)
    return refuse(
      'voucher_expired',
      `The last day it could be used on, ${until ?? voucher.until}, is over`,
      '/until',
    )
  const { per_member: most = Infinity } = voucher
  const state = await stateNow(context)
  if (liveOf(state, perk) >= most)
    return refuse('limit_reached', `A member can hold ${most} of "${title}" at a time`, '/perk')
  return liveCount(state) >= ENTITLEMENTS_LIVE_MAX
    ? refuse('limit_reached', `A member can hold ${ENTITLEMENTS_LIVE_MAX} vouchers at a time`, '/perk')
    : accept(NOTHING_ADDED)
}

/** E-CH-1, E-CH-2, E-CH-5. */
export async function checkChallenge(
  { challenge: id, action }: HqRequests['challenge'],
  context: CheckContext,
): Promise<Result<Added>> {
  const { program } = context
  if (program === null) return refuse('program_missing', 'No program is in force at that time')
  const challenge = program.reactions?.challenges.find((one) => one.id === id)
  if (challenge === undefined)
    return refuse('challenge_not_found', `The program in force has no challenge ${id}`, '/challenge')
  const state = await stateNow(context)
  const why = action === 'join' ? notToJoin(program, state, challenge, context) : notToLeave(state, challenge)
  return why === null
    ? accept(NOTHING_ADDED)
    : refuse('challenge_not_possible', `"${challenge.document.title}": ${why}`, '/challenge')
}

/** In an `auto` challenge takes part who did not leave: joining is coming back. */
function notToJoin(
  program: Program,
  state: MemberState,
  challenge: Challenge,
  context: CheckContext,
): string | null {
  const { id, document, conditions } = challenge
  const said = participation(state, id)
  if (said === CHALLENGE_JOINED) return 'the member joined already'
  if (document.join === 'auto' && said !== CHALLENGE_LEFT) return 'every eligible member takes part unasked'
  if (!conditions.active) return 'the challenge is not active'
  if (completedOn(state, id) !== null) return 'the member completed it already'
  const { store, ms, offset, day } = placeOf(context)
  const period = periodOf(challenge, state)
  if (period === null) return 'there is no membership to count its period from'
  if (day < period[0]) return 'its period has not begun for the member'
  if (day > period[1]) return 'its period is over for the member'
  const situation = situationAt(program, state, { kind: 'challenge', store }, ms, offset)
  return isEligible(challenge, situation) ? null : 'the member is not eligible'
}

/** Whoever is not eligible yet may leave an `auto` challenge: it stays so. */
function notToLeave(state: MemberState, { id, document }: Challenge): string | null {
  const said = participation(state, id)
  if (said === CHALLENGE_LEFT) return 'the member left already'
  return document.join === 'opt_in' && said !== CHALLENGE_JOINED ? 'the member did not join' : null
}

/** E-RSP-1. */
export async function checkResponse(
  id: RuleId,
  number: number,
  context: CheckContext,
): Promise<Result<Added>> {
  const { program } = context
  const challenge = program?.reactions?.responseChallenges.get(id)
  assert(
    program !== null && challenge !== undefined,
    'a response challenge of the document is in its program',
  )
  const { at, store, offset, ms } = placeOf(context)
  const place = { kind: 'response', at, store, offset } as const
  const state = await stateNow(context)
  const limit = mayRespond(program, state, challenge, place, number)
  if (limit === null) return accept(NOTHING_ADDED)
  const { when } = challenge.conditions
  const situation = situationAt(program, state, place, ms, offset)
  const reason = limit === 'when' && when !== null ? firstFailing(when, situation) : null
  const why =
    reason === null
      ? limitText(limit, challenge.document)
      : `${reason.leaf} must be ${reason.required}, it is ${reason.actual}`
  return refuse('response_not_possible', `${limit}: ${why}`, '/challenge')
}

function limitText(limit: ResponseLimit, document: ResponseChallengeDocument): string {
  const { title, start, end, overall, per_member: perMember, interval_days: days } = document
  switch (limit) {
    case 'status':
      return `"${title}" is not active`
    case 'dates':
      return `"${title}" takes responses from ${start ?? 'ever'} to ${end ?? 'ever'}`
    case 'required_tier':
      return `"${title}" asks for a higher tier than the member has`
    case 'per_member':
      return `the member has given all ${perMember} responses to "${title}" that one may give`
    case 'interval_days':
      return `"${title}" asks for ${days === 1 ? 'a day' : `${days} days`} from one response of a member to the next`
    case 'overall':
      return `all ${overall} responses to "${title}" have been given`
    default:
      return `"${title}" asks for something that is not so`
  }
}
