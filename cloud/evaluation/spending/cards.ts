// Stamp cards (E-CARD): a metric's balance that fills itself into rewards. Full cards are looked for on every fact, because anything may have moved the
// balance, and again after rules; a program without cards pays one check.
import type { Program } from '../compile.ts'
import type { EffectBuffer } from '../effects.ts'
import { CARD_FILLED, SPEND } from '../effects.ts'
import { issueEntitlement } from './entitlements.ts'
import type { Occasion } from '../metrics/metrics.ts'
import { accountOf, spendIn } from '../metrics/metrics.ts'
import type { Watch } from '../reactions/watch.ts'
import type { MemberState } from '../state.ts'

/** Added to the index of a further filling by the same fact, so that each reward has a code of its own; no rule id is larger. */
const FILLING = 1_000_000_000

/** Times one fact fills a card; what is above stays on the card for the next fact, so that a slip at a scale does not issue millions. */
export const FILLINGS_MAX = 100

/** Empties full cards, in the order of the document, and issues their rewards. */
export function fillCards(
  program: Program,
  state: MemberState,
  fact: Occasion,
  effects: EffectBuffer,
  watch?: Watch,
): void {
  for (const card of program.cards) {
    const { id, metric, required, reward } = card
    const { balance } = accountOf(state, metric)
    const full = Math.floor(balance / required)
    if (full <= 0) {
      watch?.card(card, balance, 0)
      continue
    }
    const before = effects.amountOf(CARD_FILLED, id, 0, 0)
    const filled = Math.min(FILLINGS_MAX - before, full)
    watch?.card(card, balance, filled)
    if (filled <= 0) continue
    spendIn(program, state, metric, filled * required, fact)
    effects.merge(SPEND, id, metric, -filled * required, 0)
    effects.merge(CARD_FILLED, id, 0, filled, 0)
    for (let n = before; n < before + filled; n++)
      issueEntitlement(program, state, reward, fact, fact.id, id + n * FILLING, effects)
  }
}
