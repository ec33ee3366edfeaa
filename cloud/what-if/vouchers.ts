// What became of the vouchers of one side of a what-if, by month and by perk. Each counts in the month it was issued in and, once it is over, in the month that
// happened in; one that is taken up again is outstanding again, as if it had never been over. Of a member only what is held at a time is remembered.
import type { RuleId } from '../../protocol/ids.ts'
import { localDay, monthOfDay } from '../../protocol/time.ts'
import type { Program } from '../evaluation/compile.ts'
import type { Effect, EffectKind } from '../evaluation/effects.ts'
import { isLive } from '../evaluation/spending/entitlements.ts'
import type { Entitlement } from '../evaluation/state.ts'

export type VoucherEnd = 'used' | 'expired' | 'cancelled'

export interface VoucherSums {
  issued: number
  used: number
  expired: number
  cancelled: number
  /** Minor units that those outstanding are worth, as far as the program says what one is worth. */
  value: number
}

interface Known {
  readonly perk: RuleId
  readonly value: number
  end: VoucherEnd | null
  /** The month it is counted as over in. */
  month: number
}

const MOVING: ReadonlySet<EffectKind> = new Set([
  'voucher_issued',
  'voucher_used',
  'entitlement',
  'given_back',
])

export const newSums = (): VoucherSums => ({ issued: 0, used: 0, expired: 0, cancelled: 0, value: 0 })

export function outstandingOf({ issued, used, expired, cancelled }: VoucherSums): number {
  return issued - used - expired - cancelled
}

export function addSums(sums: VoucherSums, more: VoucherSums): void {
  for (const what of ['issued', 'used', 'expired', 'cancelled', 'value'] as const) sums[what] += more[what]
}

export class Vouchers {
  /** By `year * 12 + month`. */
  readonly months = new Map<number, VoucherSums>()
  readonly perks = new Map<RuleId, VoucherSums>()
  readonly total = newSums()

  /** The vouchers of one more member. */
  member(): MemberVouchers {
    return new MemberVouchers(this)
  }

  add(month: number, perk: RuleId, what: keyof VoucherSums, amount: number): void {
    this.total[what] += amount
    sumsOf(this.months, month)[what] += amount
    sumsOf(this.perks, perk)[what] += amount
  }
}

function sumsOf<K>(sums: Map<K, VoucherSums>, key: K): VoucherSums {
  let found = sums.get(key)
  if (found === undefined) {
    found = newSums()
    sums.set(key, found)
  }
  return found
}

export class MemberVouchers {
  readonly #all: Vouchers
  readonly #known = new Map<string, Known>()

  constructor(all: Vouchers) {
    this.#all = all
  }

  /** `day`: local day of the fact; `held`: what the member holds after it. */
  take(day: number, effects: readonly Effect[], held: readonly Entitlement[], program: Program | null): void {
    if (!effects.some(({ kind }) => MOVING.has(kind))) return
    const month = monthOfDay(day)
    for (const one of held) {
      const known = this.#known.get(one.code) ?? this.#issue(one, month, program)
      const end = endOf(one)
      if (end === known.end) continue
      this.#settle(known, -1)
      known.end = end
      // What ran out did so on its day, whenever a fact brought it.
      known.month = end === 'expired' ? Math.min(month, monthOfDay(localDay(one.expires - 1, 0))) : month
      this.#settle(known, 1)
    }
  }

  #issue({ code, perk }: Entitlement, month: number, program: Program | null): Known {
    const value = program?.redeemPerks.get(perk)?.document.voucher?.value ?? 0
    const known: Known = { perk, value, end: null, month }
    this.#known.set(code, known)
    this.#all.add(month, perk, 'issued', 1)
    this.#all.add(month, perk, 'value', value)
    return known
  }

  #settle({ perk, value, end, month }: Known, sign: 1 | -1): void {
    if (end === null) return
    this.#all.add(month, perk, end, sign)
    this.#all.add(month, perk, 'value', -sign * value)
  }
}

/** `fulfilled`: it was used, and handed over. */
function endOf(one: Entitlement): VoucherEnd | null {
  if (isLive(one)) return null
  return one.status === 'expired' || one.status === 'cancelled' ? one.status : 'used'
}
