// What falls due while time passes from the fact before to this one, one thing after the other in the order of their instants; each is looked for anew,
// because what happened may have made the next (rules of `advance`).
import type { Fact } from '../../../protocol/facts.ts'
import { expire, note, release } from './amounts.ts'
import type { When } from './calendar.ts'
import { DAY, inYear, msOf, startOf, whenAt, yearOf } from './calendar.ts'
import { giveForEvent } from './earning.ts'
import { expireEntitlement } from './entitlements.ts'
import type { Member } from './member.ts'
import { isLive, metricOf } from './member.ts'
import { lastTimeOf, react } from './rules.ts'
import { lookAtSegments } from './segments.ts'
import { endTierPeriod, settleTier } from './tiers.ts'

interface Due {
  readonly at: number
  happen(when: When): void
}

export function advance(member: Member, fact: Fact): void {
  const now = whenAt(fact, msOf(fact))
  const ruled = new Set<number>()
  for (;;) {
    const [next] = dues(member, now, ruled)
      .filter(({ at }) => at <= now.ms)
      .toSorted((a, b) => a.at - b.at)
    if (next === undefined) break
    next.happen(whenAt(fact, next.at))
  }
  settleTier(member, now, true)
  lookAtSegments(member, now)
}

/** In the order in which they happen at one instant. */
function dues(member: Member, now: When, ruled: Set<number>): Due[] {
  return [
    ...releases(member),
    ...warnings(member, now),
    ...expiries(member),
    ...member.entitlements
      .filter((one) => isLive(one))
      .map((one) => ({ at: one.expires, happen: () => expireEntitlement(one) })),
    ...tierPeriod(member),
    ...birthdays(member, now),
    ...timeRules(member, now, ruled),
  ]
}

/** All that is due at one instant comes at once. */
function releases(member: Member): Due[] {
  return [...new Set(member.pending.map(({ due }) => due))].map((due) => ({
    at: due,
    happen: (when) => release(member, when, (_, at) => at === due),
  }))
}

function warnings(member: Member, now: When): Due[] {
  return [...member.lots].flatMap(([metric, lots]) => {
    const days = metricOf(member.document, metric).warn_days
    if (days === undefined) return []
    return lots.flatMap(({ expires, amount }) => {
      const at = expires - days * DAY
      const key = `${metric} ${expires}`
      if (member.before === undefined || at <= member.before || at > now.ms || member.warned.has(key))
        return []
      return [
        {
          at,
          happen: (when: When) => {
            member.warned.add(key)
            note(member, when, 'expiry_warning', metric, metric, amount, expires)
          },
        },
      ]
    })
  })
}

function expiries(member: Member): Due[] {
  return [...member.lots].flatMap(([metric, lots]) =>
    lots.map((lot) => ({ at: lot.expires, happen: (when: When) => expire(member, when, metric, lot) })),
  )
}

function tierPeriod(member: Member): Due[] {
  if (member.tierEnd === undefined || member.document?.tier_period === undefined) return []
  return [{ at: member.tierEnd.ms, happen: (when) => endTierPeriod(member, when) }]
}

/** E-EARN-15. */
function birthdays(member: Member, now: When): Due[] {
  const { birthday, enrolled, document } = member
  if (birthday === undefined || enrolled === undefined || document === undefined) return []
  const thisYear = inYear(birthday.slice(5), yearOf(now.date))
  const latest = thisYear <= now.date ? thisYear : inYear(birthday.slice(5), yearOf(now.date) - 1)
  if (latest <= enrolled || latest <= member.birthdayDone || yearOf(latest) === member.birthdayYear) return []
  return [
    {
      at: startOf(latest, now.offset),
      happen: (when) => {
        member.birthdayDone = latest
        member.birthdayYear = yearOf(latest)
        giveForEvent(member, when, 'BIRTHDAY', false)
      },
    },
  ]
}

function timeRules(member: Member, now: When, ruled: Set<number>): Due[] {
  const { before } = member
  if (before === undefined) return []
  return (member.document?.rules ?? []).flatMap((rule) => {
    const at = ruled.has(rule.id) ? undefined : lastTimeOf(rule, now.ms, now.offset)
    if (at === undefined || at <= before) return []
    return [
      {
        at,
        happen: (when: When) => {
          ruled.add(rule.id)
          react(member, when, rule)
        },
      },
    ]
  })
}
