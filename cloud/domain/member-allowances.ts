// How often a member may still do something, as the cloud tells it: how far frequency bonuses are, and what the limits of redeem perks leave.
import { localDay } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import { frequencyWindow } from '../evaluation/earning/awards.ts'
import { limitText, standingOf } from '../evaluation/spending/limits.ts'
import type { MemberState } from '../evaluation/state.ts'
import { countIn } from '../evaluation/counts.ts'
import type { Here } from './member-extras.ts'
import type { FrequencyView, LimitView } from './member-extras-shapes.ts'

/** Of the bonuses that are active; their other conditions are asked when something is bought. */
export function frequencyViews(
  program: Program | null,
  state: MemberState,
  { ms, offset }: Here,
): FrequencyView[] {
  if (program === null) return []
  const day = localDay(ms, offset)
  return program.bonuses.flatMap((bonus) => {
    const { document, requiredToEarn: required, frequency } = bonus
    if (document.type !== 'FREQUENCY' || !bonus.active || day > bonus.endDay) return []
    const counted = countIn(state, bonus.id, frequencyWindow(program, bonus, day))
    const again = frequency === 'FROM_DATE'
    const missing = again ? required - (counted % required) : required - counted
    const open = day >= Math.max(bonus.startDay, bonus.fromDay)
    return [
      {
        id: bonus.id,
        title: document.title,
        frequency,
        required,
        counted,
        missing: open && missing > 0 ? missing : null,
      },
    ]
  })
}

export function limitViews(program: Program | null, state: MemberState, { ms, offset }: Here): LimitView[] {
  const day = localDay(ms, offset)
  return [...(program?.redeemPerks.values() ?? [])].flatMap((perk) => {
    const { limit, title } = perk.document
    if (limit === undefined || !perk.active) return []
    const { remaining, againOn } = standingOf(perk, state, day, 0)
    return [{ perk: perk.id, title, limit: limitText(limit), remaining: remaining ?? 0, again_on: againOn }]
  })
}
