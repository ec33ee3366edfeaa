// What a row of a story can say: each sentence and the fact it makes. A sentence names facts by their row (`#2`) and what is held by how it came to be
// (`301 of #2`, `302 of tier 3`, `303 of card 401 in #5`), as its code follows from that (E-SPEND-4).
import { voucherCode } from '../../cloud/evaluation/spending/entitlements.ts'
import { ENTITLEMENT_ACTIONS } from '../../protocol/facts.ts'
import { NO_FACT, factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin, RuleId, Seq } from '../../protocol/ids.ts'
import { toScaled } from '../../protocol/numbers.ts'
import { assert } from '../../protocol/result.ts'

export const SECRET = 'the secret of the tables'
export const ORIGIN = 1 as Origin
export const MEMBER = factIdOf(ORIGIN, 1 as Seq) as number as MemberId

function scaled(text: string, digits: number): number {
  const value = toScaled(text, digits, 'floor')
  assert(value !== undefined, `"${text}" is a number`)
  return value
}

/** `tea/DRINKS 2 x 7.00`: sku, category, pieces (1 if not said), what the line came to. */
function saleLine(text: string): object {
  const match = /^(\S+?)(?:\/(\S+))?(?: ([\d.]+) x)? ([\d.]+)$/.exec(text)
  assert(match !== null, `"${text}" is a line of a sale`)
  return {
    sku: match[1],
    category: match[2] ?? null,
    quantity: scaled(match[3] ?? '1', 3),
    amount: scaled(match[4] ?? '', 2),
  }
}

/** `2 x line 0 of #1`, or `2 x tea without receipt`. */
function returnLine(text: string, idOf: (row: string) => FactId): object {
  const match = /^([\d.]+) x (?:line (\d+) of #(\d+)|(\S+) without receipt)$/.exec(text)
  assert(match !== null, `"${text}" is a line of a return`)
  return {
    sale: match[3] === undefined ? NO_FACT : idOf(match[3]),
    line: Number(match[2] ?? 0),
    sku: match[4] ?? 'any',
    quantity: scaled(match[1] ?? '', 3),
    amount: 0,
  }
}

/** `tea 2 x 7.00, cake 3.00` and `card 7.00, cash 3.00`. */
export function basketOf(list: string, paid: string | undefined): { lines: object[]; tenders: object[] } {
  return {
    lines: list.split(', ').map(saleLine),
    tenders: paid === undefined ? [] : paid.split(', ').map(tender),
  }
}

function tender(text: string): object {
  const [type = '', amount = ''] = text.split(' ')
  return { type, amount: scaled(amount, 2) }
}

function profileOf(told: readonly string[]): Record<string, unknown> {
  const profile: Record<string, unknown> = {
    kind: 'profile',
    home_store: null,
    birthday: null,
    membership: null,
    membership_start: null,
  }
  const attributes: object[] = []
  for (const text of told) {
    const [name = '', value = null] = text.split('=')
    const said = /^(birthday|home store|membership|member since|no) (.+)$/.exec(text)
    if (said === null) attributes.push({ name, value })
    else if (said[1] === 'no') attributes.push({ name: said[2], value: null })
    else if (said[1] === 'home store') profile.home_store = Number(said[2])
    else profile[said[1] === 'member since' ? 'membership_start' : words(said[1])] = words(said[2])
  }
  return { ...profile, attributes }
}

export type IdOf = (row: string) => FactId
type Maker = (match: RegExpExecArray, idOf: IdOf, costOf: (perk: string) => number) => Record<string, unknown>

const words = (text: string | undefined): string => text ?? ''
const sumOf = (lines: readonly object[]): number =>
  lines.reduce((sum, line) => sum + (line as { amount: number }).amount, 0)

const SEGMENT_WORDS: Readonly<Record<string, string>> = {
  'included in': 'include',
  'excluded from': 'exclude',
  'cleared of': 'clear',
  'added to': 'add',
  'removed from': 'remove',
}

/** What a row can say, and the fields of the fact it makes beyond the header. */
export const SENTENCES: readonly (readonly [pattern: RegExp, make: Maker])[] = [
  [/^enrols$/, () => ({ kind: 'enrolment', name: 'Ada', identities: [{ kind: 'card', value: '1' }] })],
  [/^checks in$/, () => ({ kind: 'checkin' })],
  [/^releases #(\d+)$/, ([, row], idOf) => ({ kind: 'release', fact: idOf(words(row)) })],
  [/^time passes$/, () => ({ kind: 'moment', due: 0 })],
  // `paid cash 3.00, card 1.00`
  [
    /^buys (.+?)(?: paid (.+))?$/,
    ([, list, paid]) => {
      const { lines, tenders } = basketOf(words(list), paid)
      return { kind: 'sale', amount: sumOf(lines), lines, tenders }
    },
  ],
  // `tells birthday 1990-03-04, home store 2, diet=vegan, no diet, membership inactive, member since 2020-01-01`
  [/^tells (.+)$/, ([, list]) => profileOf(words(list).split(', '))],
  [
    /^does (\d+)(?: (-?\d+) times)?(?: for ([\d.]+))?$/,
    ([, perk, times, amount]) => ({
      kind: 'activity',
      perk: Number(perk),
      quantity: Number(times ?? 1),
      amount: amount === undefined ? null : scaled(amount, 2),
    }),
  ],
  [
    /^returns (.+)$/,
    ([, list], idOf) => ({
      kind: 'return',
      amount: 0,
      lines: words(list)
        .split(', ')
        .map((line) => returnLine(line, idOf)),
    }),
  ],
  [/^voids #(\d+)$/, ([, row], idOf) => ({ kind: 'void', fact: idOf(words(row)), reason: '' })],
  [
    /^is granted (\d+)(?: of (\d+))?$/,
    ([, points, metric]) => ({
      kind: 'grant',
      metric: Number(metric ?? 0),
      points: Number(points),
      reason: '',
    }),
  ],
  [
    /^is adjusted by (-?\d+)(?: of (\d+))?$/,
    ([, points, metric]) => ({
      kind: 'adjustment',
      metric: Number(metric ?? 0),
      points: Number(points),
      reason: '',
      by: 'HQ',
    }),
  ],
  [
    /^(reserves|redeems) (\d+)(?: for (\d+))?$/,
    ([, verb, perk, named], _, costOf) => ({
      kind: 'redemption',
      stage: verb === 'redeems' ? 'captured' : 'reserved',
      of: NO_FACT,
      perk: Number(perk),
      points: named === undefined ? costOf(words(perk)) : Number(named),
      hold: 0,
      rights: [],
      risk: null,
    }),
  ],
  [
    /^(captures|cancels) (\d+) of #(\d+)$/,
    ([, verb, perk, row], idOf, costOf) => ({
      kind: 'redemption',
      stage: verb === 'captures' ? 'captured' : 'cancelled',
      of: idOf(words(row)),
      perk: Number(perk),
      points: costOf(words(perk)),
      hold: 0,
      rights: [],
      risk: null,
    }),
  ],
  [
    /^uses voucher (.+)$/,
    ([, held], idOf) => ({
      kind: 'voucher_use',
      code: codeOf(words(held), idOf),
      hold: 0,
      rights: [],
      risk: null,
    }),
  ],
  [/^refers$/, () => ({ kind: 'referral', stage: 'sent', of: NO_FACT, source: '' })],
  [
    /^has #(\d+) (received|completed|void)$/,
    ([, row, stage], idOf) => ({ kind: 'referral', stage: words(stage), of: idOf(words(row)), source: '' }),
  ],
  [
    /^(joins|leaves) challenge (\d+)$/,
    ([, verb, challenge]) => ({
      kind: 'challenge',
      challenge: Number(challenge),
      action: verb === 'joins' ? 'join' : 'leave',
    }),
  ],
  // `responds to 801 as number 7, 2 in the period`
  [
    /^responds to (\d+) as number (\d+)(?:, (\d+) in the period)?$/,
    ([, challenge, number, inPeriod]) => responseOf(challenge, 'submitted', NO_FACT, number, inPeriod),
  ],
  // `has response #2 to 801 approved as number 7`
  [
    /^has response #(\d+) to (\d+) (approved|rejected|drawn)(?: as number (\d+))?$/,
    ([, row, challenge, verdict, number], idOf) => responseOf(challenge, verdict, idOf(words(row)), number),
  ],
  [
    /^is (included in|excluded from|cleared of|added to|removed from) segment (\d+)$/,
    ([, verb, segment]) => ({
      kind: 'segment',
      segment: Number(segment),
      action: SEGMENT_WORDS[words(verb)],
    }),
  ],
  // `is awarded 301 from 2024-03-01 until 2024-03-31`
  [
    /^is awarded (\d+)(?: from (\S+))?(?: until (\S+))?$/,
    ([, perk, from = null, until = null]) => ({ kind: 'award', perk: Number(perk), from, until, reason: '' }),
  ],
  // `has approve of 301 of #2`: a step of its life; `has redate of 301 of #2 until 2024-04-30`.
  [
    new RegExp(`^has (${ENTITLEMENT_ACTIONS.join('|')}) of (.+?)(?: until (\\d{4}-\\d\\d-\\d\\d))?$`),
    ([, action, held, until], idOf) => ({
      kind: 'entitlement',
      code: codeOf(words(held), idOf),
      action: words(action),
      until: until ?? null,
      reason: '',
    }),
  ],
]

/** All tables' responses have one seed. */
export const SEED = 'the seed of the tables'

function responseOf(
  challenge: string | undefined,
  verdict: string | undefined,
  of: FactId,
  number = '1',
  inPeriod: string = number,
): Record<string, unknown> {
  const numbers = { number: Number(number), number_in_period: Number(inPeriod), seed: SEED }
  return { kind: 'response', challenge: Number(challenge), verdict, of, ...numbers }
}

/** Code of the voucher that this member gets for entering a tier. */
export function entryCode(perk: number, tier: number): string {
  return voucherCode(SECRET, MEMBER, perk as RuleId, tier)
}

/** `301 of #2`, `302 of tier 3`, `303 of card 401 in #5`. */
export function codeOf(held: string, idOf: IdOf): string {
  const match = /^(\d+) of (?:#(\d+)|tier (\d+)|card (\d+) in #(\d+))$/.exec(held)
  assert(match !== null, `"${held}" is something a member holds`)
  const [, perk, row, tier, card, filling] = match
  if (tier !== undefined) return entryCode(Number(perk), Number(tier))
  return voucherCode(SECRET, idOf(words(row ?? filling)), Number(perk) as RuleId, Number(card ?? 0))
}
