// How far a member is, as rows: challenges with their requirements, and frequency bonuses. What is done and how far comes from the state;
// when it was done from the fact that has the effect, or that said it.
import type { RuleId } from '../../../../protocol/ids.ts'
import { decodeStoredFact } from '../../../../protocol/codec.ts'
import { firstDayOfMonth, millisOf } from '../../../../protocol/time.ts'
import type { Bonus } from '../../../evaluation/compile.ts'
import { listOfCounts } from '../../../evaluation/counts.ts'
import type { EffectKind } from '../../../evaluation/effects.ts'
import { CHALLENGE_JOINED, CHALLENGE_LEFT } from '../../../evaluation/more.ts'
import type { Challenge } from '../../../evaluation/reactions/challenges.ts'
import { completedOn, participation, periodOf, progressOf } from '../../../evaluation/reactions/challenges.ts'
import { dateOfDay } from '../../../evaluation/time/calendar.ts'
import { syncRow } from './row-sync.ts'
import type { MemberScene } from './scene.ts'
import { whoseOf } from './scene.ts'

export async function projectProgress(scene: MemberScene): Promise<void> {
  const { program } = scene
  if (program === null) return
  const done = timesOf(scene)
  for (const challenge of program.reactions?.challenges ?? []) await projectChallenge(scene, challenge, done)
  const frequent = program.bonuses.filter(({ type }) => type === 'FREQUENCY')
  if (frequent.length === 0) return
  const counts = listOfCounts(scene.state)
  for (const bonus of frequent) await projectFrequency(scene, bonus, counts)
}

type Done = ReadonlyMap<string, number>

/** When the changed facts completed what: an effect of completion stands on one fact at a time. */
function timesOf({ changed }: MemberScene): Done {
  const done = new Map<string, number>()
  for (const { fact, effects } of changed)
    for (const { kind, rule, amount } of effects)
      if (COMPLETIONS.has(kind) && amount > 0) done.set(`${kind} ${rule}`, millisOf(fact.at))
  return done
}

const COMPLETIONS: ReadonlySet<EffectKind> = new Set(['challenge_completed', 'requirement_completed'])

async function projectChallenge(scene: MemberScene, challenge: Challenge, done: Done): Promise<void> {
  const { tx, state, connection, documents, tenant, programs, now } = scene
  const { id: rule, document } = challenge
  const said = participation(state, rule)
  const completed = completedOn(state, rule) !== null
  const progressed = document.requirements.filter((one) => progressOf(state, one.id).quantity > 0)
  const [row] = await tx.accountRows('challenge_connections', { member: connection.member, rule })
  const takesPart = said !== 0 || completed || progressed.length > 0
  if (!takesPart && row === undefined) return
  const period = periodOf(challenge, state)
  const own = document.from_membership !== undefined && period !== null
  const challengeId = await documents.idOf(tx, tenant, programs, 'challenges', rule)
  const id = await syncRow(
    tx,
    'challenge_connections',
    row,
    {
      ...whoseOf(scene),
      rule,
      challenge: challengeId,
      join_status: said === CHALLENGE_LEFT || !takesPart ? 'INACTIVE' : 'ACTIVE',
      joined: said === CHALLENGE_JOINED ? await joinedAt(scene, rule) : null,
      completed,
      completed_at: completed
        ? (done.get(`challenge_completed ${rule}`) ?? row?.completed_at ?? millisOf(state.at))
        : null,
      start_date: own ? dateOfDay(period[0]) : (document.start ?? null),
      end_date: own ? dateOfDay(period[1]) : (document.end ?? null),
    },
    { created: now, now },
  )
  for (const { id: requirement } of document.requirements) {
    const { quantity, completed: reached } = progressOf(state, requirement)
    const [summary] = await tx.accountRows('requirement_summaries', {
      member: connection.member,
      rule: requirement,
    })
    await syncRow(
      tx,
      'requirement_summaries',
      summary,
      {
        ...whoseOf(scene),
        rule: requirement,
        challenge: challengeId,
        challenge_connection: id,
        requirement: await documents.idOf(tx, tenant, programs, 'challenge_requirements', requirement),
        quantity,
        completed: reached,
        completed_at: reached
          ? (done.get(`requirement_completed ${requirement}`) ?? summary?.completed_at ?? millisOf(state.at))
          : null,
      },
      { created: now, now },
    )
  }
}

/** Of the joining that is in force: the first after the last leaving. */
async function joinedAt({ tx, connection }: MemberScene, challenge: RuleId): Promise<number | null> {
  let joined: number | null = null
  for (const { bytes, at } of await tx.factsOfKind(connection.member as never, 'challenge')) {
    const fact = decodeStoredFact(bytes)
    if (fact.kind !== 'challenge' || fact.challenge !== challenge) continue
    joined = fact.action === 'leave' ? null : (joined ?? millisOf(at))
  }
  return joined
}

/** `counts`: stride 3: rule, window, count. */
async function projectFrequency(scene: MemberScene, bonus: Bonus, counts: readonly number[]): Promise<void> {
  const { tx, connection, documents, tenant, programs, now } = scene
  let window = -Infinity
  let count = 0
  for (let at = 0; at < counts.length; at += 3) {
    const opened = counts[at + 1] ?? 0
    if (counts[at] !== bonus.id || opened < window) continue
    window = opened
    count = counts[at + 2] ?? 0
  }
  const [row] = await tx.accountRows('frequency_progress', { member: connection.member, rule: bonus.id })
  if (count === 0 && row === undefined) return
  const [from, until] = daysOf(bonus, window)
  await syncRow(
    tx,
    'frequency_progress',
    row,
    {
      ...whoseOf(scene),
      rule: bonus.id,
      perk: await documents.idOf(tx, tenant, programs, 'perks', bonus.id),
      count,
      earned: count >= bonus.requiredToEarn,
      window_from: from,
      window_until: until,
    },
    { created: now, now },
  )
}

/** First local day of a window, and the first after it; null: it has no end. */
function daysOf({ frequency, document }: Bonus, window: number): [string | null, string | null] {
  switch (frequency) {
    case 'WEEKLY':
      return Number.isFinite(window) ? [dateOfDay(7 * window - 3), dateOfDay(7 * window + 4)] : [null, null]
    case 'MONTHLY':
      return Number.isFinite(window)
        ? [dateOfDay(firstDayOfMonth(window)), dateOfDay(firstDayOfMonth(window + 1))]
        : [null, null]
    case 'FROM_DATE':
      return [document.type === 'FREQUENCY' ? (document.from_date ?? null) : null, null]
  }
}
