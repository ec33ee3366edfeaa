// The time a fact counts at (A-5, P-TIME-5). A claimed time within the back-dating bound is taken as it is; any other gives way to the edge's own
// clock and is kept beside it, so that a terminal with a wrong clock still sells and its claim can be looked into.
import type { Millis, HybridTime, ZoneOffset } from '../../protocol/time.ts'
import { TIME_MIN, firstDayOfMonth, hybridTime, millisOf, zoneOffset } from '../../protocol/time.ts'
import type { Books } from './books.ts'

export interface When {
  readonly at: HybridTime
  readonly claimed: Millis | null
  readonly offset: ZoneOffset
}

/** Undefined when the text names no time there is. */
export function whenOf(books: Books, occurredAt: string | undefined): When | undefined {
  if (occurredAt === undefined) return nowOf(books)
  const claimed = millisOfText(occurredAt)
  if (claimed === undefined) return undefined
  const now = books.clock.now()
  const accepted = claimed <= now && now - claimed <= books.backdateMs && hybridTime(claimed) >= TIME_MIN
  return accepted ? placed(books, hybridTime(claimed), null) : placed(books, books.ticks.tick(), claimed)
}

/** For what happens as it is asked for. */
export function nowOf(books: Books): When {
  return placed(books, books.ticks.tick(), null)
}

/** The time it would get now, without using it up. */
export function whenNow(books: Books, occurredAt: string | undefined): When | undefined {
  const { last } = books.ticks
  const now = hybridTime(books.clock.now())
  if (occurredAt === undefined) return placed(books, now > last ? now : last, null)
  return whenOf(books, occurredAt)
}

function placed(books: Books, at: HybridTime, claimed: Millis | null): When {
  return { at, claimed, offset: zoneOffset(books.identity.store.zone, millisOf(at)) }
}

/** Date.parse reads the 31st of February as the 3rd of March; here it is no day. */
function millisOfText(text: string): Millis | undefined {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return undefined
  const day = Number(text.slice(8, 10))
  if (day > 28) {
    const month = Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7)) - 1
    if (day > firstDayOfMonth(month + 1) - firstDayOfMonth(month)) return undefined
  }
  return ms as Millis
}
