// Hot: the answer to a write, put together as JSON text once and then only moved: sent, stored, sent again byte for byte (K-2). The shape is
// ReceiptShape in answers.ts; a test holds the two together. Budget: 2 microseconds.
import type { EffectBuffer, EffectKind } from '../../cloud/evaluation/effects.ts'
import { BONUS, EFFECT_KINDS, TIER, VOUCHER_ISSUED, givesAmount } from '../../cloud/evaluation/effects.ts'
import type { MemberState } from '../../cloud/evaluation/state.ts'
import { spendable } from '../../cloud/evaluation/state.ts'
import type { FactId, Seq } from '../../protocol/ids.ts'
import { millisOf } from '../../protocol/time.ts'
import type { Note } from './answers.ts'
import type { Plan } from './plan.ts'
import type { Wording } from './wording.ts'
import { timeText } from './wording.ts'

export interface Place {
  readonly id: FactId
  readonly epoch: number
  readonly seq: Seq
  readonly hash: Uint8Array
}

export function receiptText(
  { fact, card, notes, extra }: Plan,
  { id, epoch, seq, hash }: Place,
  effects: EffectBuffer,
  wording: Wording,
  asOf: string | null,
): string {
  const hex = Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('hex')
  const status = fact.confirmed ? 'confirmed' : 'provisional'
  const member = card === null ? 'null' : memberPart(card.member, card.state, wording)
  const word = asOf === null ? 'null' : `"${asOf}"`
  return (
    `{"receipt":{"id":"${id}","epoch":${epoch},"seq":${seq},"hash":"${hex}"},"kind":"${fact.kind}","at":"${timeText(millisOf(fact.at))}",` +
    `"status":"${status}","as_of":${word},"member":${member},"points":${fact.promised},"entries":[${entriesPart(effects, wording)}],` +
    `"tier_change":${tierChangePart(effects, wording)},"vouchers":[${card === null ? '' : vouchersPart(effects, card.state, id, wording)}]` +
    `${extra},"notes":${notes.length === 0 && !fact.suspect ? '[]' : notesPart(notes, fact.suspect)}}`
  )
}

function notesPart(notes: readonly Note[], suspect: boolean): string {
  const told: readonly Note[] = suspect ? [...notes, 'clock_suspect'] : notes
  return JSON.stringify(told)
}

function memberPart(id: number, state: MemberState, wording: Wording): string {
  return `{"id":"${id}","tier":${tierPart(state.tier, wording)},"balance":${spendable(state)},"lifetime":${state.lifetime}}`
}

function tierPart(tier: number, wording: Wording): string {
  return tier === 0 ? 'null' : `{"id":${tier},"name":"${wording.escapedTitle(tier)}"}`
}

function entriesPart(effects: EffectBuffer, wording: Wording): string {
  let text = ''
  for (let at = 0; at < effects.length; at++) {
    const kind = effects.kindAt(at)
    if (!givesAmount(kind)) continue
    const name: EffectKind = EFFECT_KINDS[kind] ?? 'earn'
    const rule = effects.ruleAt(at)
    const metric = effects.indexAt(at)
    if (text !== '') text += ','
    text += `{"kind":"${name}","rule":${rule},"title":"${wording.entryTitle(name, rule)}","points":${effects.amountAt(at)}${metric === 0 ? '' : `,"metric":${metric}`}}`
  }
  return text
}

/** Where the fact's own effects left the tier; null when they did not move it. */
export function tierChange(effects: EffectBuffer): { from: number; to: number } | null {
  for (let at = effects.length - 1; at >= 0; at--) {
    if (effects.kindAt(at) === TIER) return { from: effects.ofAt(at), to: effects.ruleAt(at) }
  }
  return null
}

function tierChangePart(effects: EffectBuffer, wording: Wording): string {
  const change = tierChange(effects)
  if (change === null) return 'null'
  const from = change.from === 0 ? 'null' : `"${wording.escapedTitle(change.from)}"`
  return `{"from":${from},"to":"${wording.escapedTitle(change.to)}"}`
}

/** `, with Happy hours`, or how many; '' without a bonus. */
export function bonusesGiven(effects: EffectBuffer, wording: Wording): string {
  let count = 0
  let last = 0
  for (let at = 0; at < effects.length; at++) {
    if (effects.kindAt(at) !== BONUS) continue
    count++
    last = effects.ruleAt(at)
  }
  if (count === 0) return ''
  return count === 1 ? `, with ${wording.escapedTitle(last)}` : `, with ${count} bonuses`
}

export function vouchersIssued(effects: EffectBuffer): number {
  let count = 0
  for (let at = 0; at < effects.length; at++) if (effects.kindAt(at) === VOUCHER_ISSUED) count++
  return count
}

function vouchersPart(effects: EffectBuffer, state: MemberState, fact: FactId, wording: Wording): string {
  if (vouchersIssued(effects) === 0) return ''
  return state.entitlements
    .filter((voucher) => voucher.fact === fact)
    .map(({ code, perk, expires }) => {
      const until = expires === 0 ? 'null' : `"${timeText(expires)}"`
      return `{"code":"${code}","perk":${perk},"title":"${wording.escapedTitle(perk)}","expires_at":${until}}`
    })
    .join(',')
}
