// Stamp cards: full ones are taken and their reward is issued (E-CARD).
import { note, spend } from './amounts.ts'
import type { When } from './calendar.ts'
import { issue } from './entitlements.ts'
import type { Member } from './member.ts'

/** Times one fact fills a card; the rest stays on it for the next. */
const FILLINGS_MAX = 100

export function fillCards(member: Member, when: When): void {
  for (const { id, metric, required, reward, status } of member.document?.stamp_cards ?? []) {
    if (status === 'INACTIVE') continue
    // By rules too: what this fact filled before.
    const before = member.journal.filter(
      ({ fact, kind, rule }) => fact === when.fact.id && kind === 'card_filled' && rule === id,
    ).length
    for (let filled = before; filled < FILLINGS_MAX && member.balance(metric) >= required; filled++) {
      spend(member, when, id, metric, required, 0)
      note(member, when, 'card_filled', id, 0, 1)
      issue(member, when, reward, when.fact.id, id + filled * 1_000_000_000)
    }
  }
}
