// What members hold: issuing, the status machine, uses, expiry (E-ENT).
import { createHmac } from 'node:crypto'
import type { AwardFact, EntitlementAction, EntitlementFact, VoucherUse } from '../../../protocol/facts.ts'
import { NEVER, note } from './amounts.ts'
import type { When } from './calendar.ts'
import { addDays, dateAt, daysBetween, endOf } from './calendar.ts'
import type { Entitlement, Member } from './member.ts'
import { isLive } from './member.ts'

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** E-SPEND-4. */
export function codeOf(secret: string, source: number, perk: number, index: number): string {
  const digest = createHmac('sha256', secret).update(`${source}-${perk}-${index}`).digest()
  return [...digest.subarray(0, 12)].map((byte) => LETTERS.charAt(byte % 32)).join('')
}

/** Days that an award names for this one. */
type Own = Pick<AwardFact, 'from' | 'until'>

export function issue(
  member: Member,
  when: When,
  perk: number,
  source: number,
  index: number,
  own?: Own,
): Entitlement | undefined {
  const { document } = member
  const template = document?.redeem_perks.find(({ id }) => id === perk)?.voucher
  if (document === undefined || template === undefined) return undefined
  const live = member.entitlements.filter((one) => one.perk === perk && isLive(one))
  const tooMany = member.entitlements.filter(isLive).length >= 1000
  if (tooMany || (template.per_member !== undefined && live.length >= template.per_member)) {
    note(member, when, 'entitlement_refused', perk, index, 1)
    return undefined
  }
  const ends = [
    ...(template.valid_days === undefined ? [] : [addDays(when.date, template.valid_days)]),
    ...(template.until === undefined ? [] : [template.until]),
  ]
  const last = own?.until ?? ends.toSorted()[0]
  const expires = last === undefined ? NEVER : endOf(last, when.offset)
  forgetEnded(member, when)
  const code = codeOf(document.voucher_secret, source, perk, index)
  if (expires <= when.ms || member.entitlements.some((one) => one.code === code)) {
    note(member, when, 'entitlement_refused', perk, index, 1)
    return undefined
  }
  const status = template.initial_status ?? 'unused'
  const issued: Entitlement = {
    code,
    perk,
    expires,
    status,
    before: status,
    uses: status === 'used' ? 0 : (template.uses ?? 1),
    index,
    ended: undefined,
    touched: false,
  }
  become(issued, status, when.ms)
  member.entitlements.push(issued)
  note(member, when, 'voucher_issued', perk, index, 1)
  return issued
}

/** From the instant on. */
export function become(one: Entitlement, status: string, ms: number): void {
  one.status = status
  one.ended = isLive(one) ? undefined : dateAt(ms, 0)
}

/** E-MEM-2: two days later than it can be given back, with the next one; of each tier's the last stays. */
function forgetEnded(member: Member, when: When): void {
  const tiers = new Set<number>(member.document?.tiers.map(({ id }) => id))
  const kept = member.entitlements.filter(({ perk, index, ended }, place) => {
    if (ended === undefined || daysBetween(ended, dateAt(when.ms, 0)) <= 1102) return true
    const tier = index % 1_000_000_000
    const later = member.entitlements.slice(place + 1)
    return tiers.has(tier) && !later.some((one) => one.perk === perk && one.index % 1_000_000_000 === tier)
  })
  member.entitlements.splice(0, Infinity, ...kept)
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
  reinstate: [['used', 'expired', 'issued'], 'unused'],
  redate: [
    ['pending', 'offered', 'unused', 'issued', 'clipped', 'reserved', 'processing', 'shipping', 'errored'],
    'stays',
  ],
}

export function moveEntitlement(member: Member, when: When, fact: EntitlementFact): void {
  const found = member.entitlements.find(({ code }) => code === fact.code)
  if (found === undefined) return
  const [from, to] = MOVES[fact.action]
  const end = fact.until === null ? NEVER : endOf(fact.until, when.offset)
  if (!from.includes(found.status) || end <= when.ms) {
    note(member, when, 'entitlement_conflict', found.perk, 0, 1)
    return
  }
  if (fact.action === 'reserve') found.before = found.status
  if (fact.action === 'claim') {
    found.uses = 0
    found.touched = true
  }
  if (fact.action === 'reinstate') {
    found.uses = Math.max(1, found.uses)
    found.touched = false
    if (fact.until !== null || found.expires <= when.ms) found.expires = end
  }
  if (to === 'stays') found.expires = end
  else become(found, to === 'back' ? found.before : to, when.ms)
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
  if (found.uses === 0) {
    if (found.status !== 'reserved') found.before = found.status
    become(found, 'used', when.ms)
  }
  note(member, when, 'voucher_used', found.perk, 0, 1)
}

/** E-ENT-8. */
export function giveUseBack(member: Member, when: When, { id, code }: VoucherUse): void {
  const came = member.journal.flatMap(({ fact, kind }) => (fact === id ? [kind] : []))
  if (came.includes('voucher_reused') || came.includes('entitlement_conflict')) return
  member.voided.add(id)
  if (!came.includes('voucher_used')) {
    note(member, when, 'given_back', 0, 0, 1)
    return
  }
  const found = member.entitlements.find((one) => one.code === code)
  if (found === undefined) return
  const all = member.document?.redeem_perks.find((one) => one.id === found.perk)?.voucher?.uses ?? 1
  found.uses += 1
  if (found.uses >= all) found.touched = false
  note(member, when, 'given_back', found.perk, 0, 1)
  if (found.status === 'used') become(found, found.before, when.ms)
}

export function cancelEntitlements(member: Member, { ms }: When, perks: readonly number[]): void {
  for (const one of member.entitlements)
    if (perks.includes(one.perk) && isLive(one)) become(one, 'cancelled', ms)
}

export function expireEntitlement(one: Entitlement): void {
  become(one, 'expired', one.expires)
}
