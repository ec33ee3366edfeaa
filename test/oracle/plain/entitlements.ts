// What members hold: issuing, the status machine, uses, expiry (E-ENT).
import { createHmac } from 'node:crypto'
import type { EntitlementAction, EntitlementFact, VoucherUse } from '../../../protocol/facts.ts'
import { NEVER, note } from './amounts.ts'
import type { When } from './calendar.ts'
import { addDays, endOf } from './calendar.ts'
import type { Entitlement, Member } from './member.ts'
import { isLive } from './member.ts'

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** E-SPEND-4. */
export function codeOf(secret: string, source: number, perk: number, index: number): string {
  const digest = createHmac('sha256', secret).update(`${source}-${perk}-${index}`).digest()
  return [...digest.subarray(0, 12)].map((byte) => LETTERS.charAt(byte % 32)).join('')
}

export function issue(member: Member, when: When, perk: number, source: number, index: number): void {
  const { document } = member
  const template = document?.redeem_perks.find(({ id }) => id === perk)?.voucher
  if (document === undefined || template === undefined) return
  const live = member.entitlements.filter((one) => one.perk === perk && isLive(one))
  if (template.per_member !== undefined && live.length >= template.per_member) {
    note(member, when, 'entitlement_refused', perk, index, 1)
    return
  }
  const status = template.initial_status ?? 'unused'
  member.entitlements.push({
    code: codeOf(document.voucher_secret, source, perk, index),
    perk,
    expires:
      template.valid_days === undefined ? NEVER : endOf(addDays(when.date, template.valid_days), when.offset),
    status,
    before: status,
    uses: status === 'used' ? 0 : (template.uses ?? 1),
    touched: false,
  })
  note(member, when, 'voucher_issued', perk, index, 1)
}

/** From where to where each action leads. `back`: to the status before the reservation. */
const MOVES: Readonly<Record<EntitlementAction, readonly [from: readonly string[], to: string]>> = {
  approve: [['pending'], 'unused'],
  clip: [['offered'], 'clipped'],
  unclip: [['clipped'], 'offered'],
  reserve: [['unused', 'issued', 'clipped'], 'reserved'],
  release: [['reserved'], 'back'],
  process: [['reserved', 'used'], 'processing'],
  ship: [['processing'], 'shipping'],
  fulfil: [['used', 'processing', 'shipping', 'reserved'], 'fulfilled'],
  claim: [['unused', 'issued'], 'used'],
  cancel: [
    ['pending', 'offered', 'unused', 'issued', 'clipped', 'reserved', 'processing', 'shipping', 'errored'],
    'cancelled',
  ],
  fail: [['processing', 'shipping'], 'errored'],
  expire: [
    ['pending', 'offered', 'unused', 'issued', 'clipped', 'reserved', 'processing', 'shipping', 'errored'],
    'expired',
  ],
}

export function moveEntitlement(member: Member, when: When, fact: EntitlementFact): void {
  const found = member.entitlements.find(({ code }) => code === fact.code)
  if (found === undefined) return
  const [from, to] = MOVES[fact.action]
  if (!from.includes(found.status)) {
    note(member, when, 'entitlement_conflict', found.perk, 0, 1)
    return
  }
  if (fact.action === 'reserve') found.before = found.status
  if (fact.action === 'claim') {
    found.uses = 0
    found.touched = true
  }
  found.status = to === 'back' ? found.before : to
}

export function useEntitlement(member: Member, when: When, fact: VoucherUse): void {
  const found = member.entitlements.find(({ code }) => code === fact.code)
  if (found === undefined) return
  if (found.status === 'used') {
    note(member, when, 'voucher_reused', found.perk, 0, 1)
    return
  }
  if (!['unused', 'issued', 'clipped', 'reserved', 'expired'].includes(found.status)) {
    note(member, when, 'entitlement_conflict', found.perk, 0, 1)
    return
  }
  found.uses -= 1
  found.touched = true
  if (found.uses === 0) found.status = 'used'
  note(member, when, 'voucher_used', found.perk, 0, 1)
}

export function cancelEntitlements(member: Member, _when: When, perks: readonly number[]): void {
  for (const one of member.entitlements) if (perks.includes(one.perk) && isLive(one)) one.status = 'cancelled'
}

export function expireEntitlement(one: Entitlement): void {
  one.status = 'expired'
}
