// What a return would take, asked right before it (E-CLAW-1): the member is judged once up to the return's moment, and once with
// the return.
import type { Fact, Return } from '../../../protocol/facts.ts'
import { judge } from './judge.ts'
import type { Member, Version } from './member.ts'
import { advance } from './time.ts'

/** `metric takes amount of balance, missing`, and what is held unused, the newest first. `ordered`: the member's facts as they count. */
export function clawbackOf(
  id: number,
  versions: readonly Version[],
  ordered: readonly Fact[],
  fact: Return,
): string[] {
  const earlier = ordered.slice(0, ordered.indexOf(fact))
  const before = judge(id, versions, earlier)
  // The time that the return brings, and nothing of the return.
  before.document = before.documentAt(fact)
  advance(before, fact)
  const after = judge(id, versions, [...earlier, fact])
  const taken = new Map<number, number>()
  for (const { fact: of, kind, index, amount } of after.journal)
    if (of === fact.id && kind === 'reverse') taken.set(index, (taken.get(index) ?? 0) - amount)
  const metrics = [...taken]
    .filter(([, amount]) => amount > 0)
    .toSorted(([a], [b]) => a - b)
    .map(([metric, amount]) => {
      const missing = Math.max(0, -have(after, metric))
      return `${metric} takes ${amount} of ${have(before, metric)}, ${missing} missing`
    })
  const unused = before.entitlements.filter(({ status }) =>
    ['pending', 'offered', 'clipped', 'unused', 'issued'].includes(status),
  )
  return [...metrics, ...unused.toReversed().map(({ perk, status }) => `unused ${perk} ${status}`)]
}

function have(member: Member, metric: number): number {
  return member.balance(metric) + (metric === 0 ? member.goodwill() : 0)
}
