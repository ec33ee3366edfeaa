// What the cloud itself records because of an effect, in the commit that logs the effect. Effects never cross members; a fact does: what one member's
// facts mean for another is a fact of that other. A reaction's key is made of the fact it reacts for, so that folding again or a replay records nothing.
import { decodeStoredFact } from '../../../protocol/codec.ts'
import type { Referral } from '../../../protocol/facts.ts'
import type { FactId } from '../../../protocol/ids.ts'
import type { Effect, EffectKind } from '../../evaluation/effects.ts'
import type { Programs } from '../../evaluation/programs.ts'
import type { ActivityRow, Writes } from '../../store/port.ts'
import { ownHeader } from './own-facts.ts'
import type { OwnFacts } from './own-facts.ts'

export type Reaction = (tx: Writes, own: OwnFacts, programs: Programs) => Promise<void>

const REACTIONS: Readonly<Partial<Record<EffectKind, (effect: Effect) => Reaction>>> = {
  referral_completed: completeReferral,
}

/** What log rows (those with consequences) make the cloud record. An effect that a correction takes back undoes nothing: what was told is told. */
export function reactionsTo(rows: readonly ActivityRow[]): Reaction[] {
  const reactions: Reaction[] = []
  for (const { effects } of rows)
    for (const effect of effects) {
      const reaction = REACTIONS[effect.kind]
      if (reaction !== undefined && effect.amount > 0) reactions.push(reaction(effect))
    }
  return reactions
}

/** The referred member did what completes the referral: the one who referred is told by a fact of their own. */
function completeReferral({ of }: Effect): Reaction {
  return async (tx, own, programs) => {
    const received = await referralOf(tx, of)
    const sent = received === undefined ? undefined : await referralOf(tx, received.of)
    const key = `referral-completed-${of}`
    if (received?.stage !== 'received' || sent?.stage !== 'sent' || !(await own.isNew(key))) return
    const place = await own.place()
    const header = ownHeader('referral', {
      ...place,
      key,
      program: programs.latest,
      member: sent.member,
      offset: sent.offset,
    })
    await own.append({ ...header, stage: 'completed', of: sent.id, source: sent.source })
  }
}

async function referralOf(tx: Writes, id: number): Promise<Referral | undefined> {
  const row = id > 0 ? await tx.fact(id as FactId) : undefined
  const fact = row === undefined ? undefined : decodeStoredFact(row.bytes)
  return fact?.kind === 'referral' ? fact : undefined
}
