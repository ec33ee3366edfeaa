// One of each thing that crosses the wire, as it would in a shop. Recorded once per protocol version (record.ts) and replayed ever after.
import type { DownFrame } from '../../protocol/down.ts'
import type { Fact, FactKind } from '../../protocol/facts.ts'
import type { UpFrame } from '../../protocol/up.ts'

/** 2024-03-31T12:34:56.789Z as hybrid time, and the ids of a store's ledger: origin 2. */
const AT = (Date.UTC(2024, 2, 31, 12, 34, 56, 789) - Date.UTC(2020, 0, 1)) * 4096
const ORIGIN = 2
const id = (seq: number): number => ORIGIN * 2 ** 33 + seq
const MEMBER = id(1)
const bytes = (fill: number, length = 32): Uint8Array => new Uint8Array(length).fill(fill)

const header = (kind: FactKind, seq: number, change: object = {}): object => ({
  kind,
  id: id(seq),
  at: AT + seq,
  claimed: null,
  offset: 60,
  store: 1,
  terminal: 'till-1',
  key: `t1-${seq}`,
  program: 3,
  member: MEMBER,
  claim: null,
  promised: 0,
  confirmed: false,
  suspect: false,
  ...change,
})

// The literals are plain numbers where the types are branded; the test decodes them through the schemas.
export const FACT_SAMPLES = {
  enrolment: {
    ...header('enrolment', 1, { member: 0 }),
    name: 'Ada Łovelace',
    identities: [
      { kind: 'phone', value: '+447700900123' },
      { kind: 'email', value: 'ada@example.com' },
    ],
  },
  sale: {
    ...header('sale', 2, { promised: 12, confirmed: true }),
    amount: 1249,
    lines: [
      { sku: '85123A', category: 'GIFTS', quantity: 6000, amount: 1099 },
      { sku: 'tea', category: null, quantity: 250, amount: 150 },
    ],
    tenders: [{ type: 'card', amount: 1249 }],
  },
  checkin: header('checkin', 3, { member: 0, claim: { kind: 'card', value: '0042' } }),
  grant: { ...header('grant', 4), metric: 0, points: 50, reason: 'birthday 🎂' },
  redemption: {
    ...header('redemption', 5),
    stage: 'reserved',
    of: 0,
    perk: 301,
    points: 40,
    hold: 77,
    rights: [],
    risk: null,
  },
  voucher_use: {
    ...header('voucher_use', 6),
    code: '7163BQZWEAEV',
    hold: 0,
    rights: [{ lease: 12, amount: 1 }],
    risk: null,
  },
  return: {
    ...header('return', 7, { claimed: Date.UTC(1999, 11, 31), offset: -210 }),
    amount: 150,
    lines: [
      { sale: id(2), line: 1, sku: 'tea', quantity: 250, amount: 150 },
      { sale: 0, line: 0, sku: 'unknown', quantity: 1000, amount: 0 },
    ],
  },
  void: {
    ...header('void', 8, { at: (Date.UTC(2010, 11, 1, 8, 26) - Date.UTC(2020, 0, 1)) * 4096 }),
    fact: id(2),
    reason: 'wrong till',
  },
  adjustment: { ...header('adjustment', 9), metric: 7, points: -1_000_000_000, reason: '', by: 'HQ' },
  profile: {
    ...header('profile', 10),
    home_store: 1,
    birthday: '1815-12-10',
    attributes: [
      { name: 'club', value: 'analysts' },
      { name: 'old', value: null },
    ],
    membership: 'active',
    membership_start: null,
  },
  activity: { ...header('activity', 11), perk: 120, quantity: -2, amount: null },
  award: {
    ...header('award', 12),
    perk: 301,
    from: '2024-03-01',
    until: null,
    reason: 'sorry',
  },
  entitlement: {
    ...header('entitlement', 13),
    code: '7163BQZWEAEV',
    action: 'clip',
    until: null,
    reason: '',
  },
  challenge: { ...header('challenge', 14), challenge: 501, action: 'join' },
  response: {
    ...header('response', 15),
    challenge: 502,
    verdict: 'submitted',
    of: 0,
    number: 7,
    number_in_period: 2,
    seed: 'a1b2c3',
  },
  referral: { ...header('referral', 16), stage: 'sent', of: 0, source: 'API_SUBMITTED' },
  segment: { ...header('segment', 17), segment: 601, action: 'include' },
  release: { ...header('release', 18), fact: id(2) },
  moment: { ...header('moment', 19), due: Date.UTC(2024, 2, 31) },
  merge: { ...header('merge', 20), merged: id(3) },
  retro_claim: { ...header('retro_claim', 21), sale: id(2) },
  resolution: {
    ...header('resolution', 22),
    conflict: 'quarantined',
    subject: String(id(5)),
    decision: 'approved',
    fact: 0,
    record: 'AwMDAwMDAwMDAwMDAwMDAwMDAwM=',
    reason: 'the till had the wrong zone',
    by: 'grace',
  },
  lease: {
    ...header('lease', 23, { member: 0 }),
    stage: 'returned',
    origin: ORIGIN,
    lines: [
      {
        lease: 12,
        subject: 'voucher',
        member: MEMBER,
        item: 301,
        code: '7163BQZWEAEV',
        amount: 1,
        cap: 1,
        expires: Date.UTC(2024, 3, 1),
      },
    ],
  },
} as unknown as Readonly<Record<FactKind, Fact>>

export const UP_SAMPLES = {
  hello: {
    type: 'hello',
    protocol: 1,
    nonce: bytes(7, 16),
    previous_nonce: bytes(6, 16),
    origin: ORIGIN,
    epoch: 3,
    seq: 9,
    head: bytes(9),
    base_seq: 8,
    base: bytes(8),
    cloud_epoch: 1,
    why: 'rewind',
    binding: 'f00d',
    applicant: null,
    members_cursor: 123,
    corrections_cursor: 2 ** 40,
    leases_cursor: 17,
    program: 3,
    software: 'tillstream 0.1.0',
  },
  batch: {
    type: 'batch',
    origin: ORIGIN,
    from: 8,
    previous: bytes(8),
    waiting: 3,
    facts: [bytes(1, 5), bytes(2, 300)],
  },
  find_member: {
    type: 'find_member',
    question: 1,
    identity: { kind: 'phone', value: '+447700900123' },
    member: 0,
  },
  ask_time: { type: 'ask_time', question: 3 },
  ask_budgets: { type: 'ask_budgets', budgets_question: 4 },
  certify: { type: 'certify', public_key: 'MFkw', names: ['till.local', '192.168.1.4'] },
  holds: {
    type: 'holds',
    certificate: { serial: '4f00', ca: 'Tillstream stores 4a1b2c3d', until: Date.UTC(2025, 2, 31) },
  },
  authorise: {
    type: 'authorise',
    question: 2,
    key: 't1-10',
    member: MEMBER,
    at: AT,
    offset: 60,
    perk: 301,
    points: null,
    basket: {
      lines: [{ sku: 'tea', category: null, quantity: 250, amount: 150 }],
      tenders: [{ type: 'card', amount: 150 }],
    },
    voucher: null,
  },
  past: { type: 'past', origin: ORIGIN, after: 4, hash: bytes(4) },
  witness: { type: 'witness', origin: ORIGIN, seq: 12 },
} as unknown as Readonly<Record<UpFrame['type'], UpFrame>>

export const DOWN_SAMPLES = {
  challenge: { type: 'challenge', nonce: bytes(7, 16), time: Date.UTC(2024, 2, 31, 12) },
  welcome: {
    type: 'welcome',
    seq: 0,
    head: bytes(0),
    time: Date.UTC(2024, 2, 31, 12),
    cloud_epoch: 1,
    credit_facts: 256,
    credit_bytes: 262_144,
    return_ms: 25_000,
    program: 3,
    attestation: 'c2lnbmVk',
    spares: [{ origin: ORIGIN, epoch: 2 }],
  },
  ack: { type: 'ack', seq: 9, head: bytes(9), credit_facts: 0, credit_bytes: 0 },
  gap: { type: 'gap', expected: 4 },
  ended: {
    type: 'ended',
    reason: 'rewind',
    seq: 9,
    head: bytes(9),
    next: { origin: ORIGIN, epoch: 2 },
    edge: 0,
    attestation: null,
  },
  members: {
    type: 'members',
    cursor: 124,
    members: [
      {
        member: MEMBER,
        name: 'Ada Łovelace',
        identities: [{ kind: 'card', value: '0042' }],
        state: bytes(5, 40),
        covers: 9,
      },
      { member: id(20), name: null, identities: [], state: bytes(0, 0), covers: 0 },
    ],
    more: true,
  },
  corrections: {
    type: 'corrections',
    cursor: 5,
    corrections: [{ fact: id(2), revision: 1, points: 10, goodwill: 2, cause: id(7) }],
    conflicts: [{ code: 'voucher_twice', fact: id(6), text: 'A voucher was used again' }],
  },
  leases: {
    type: 'leases',
    cursor: 18,
    leases: [
      {
        lease: 12,
        subject: 'points',
        member: MEMBER,
        item: 0,
        code: null,
        granted: 250,
        used: 40,
        cap: 100,
        expires: Date.UTC(2024, 3, 1),
        recall: 1,
      },
    ],
  },
  program: { type: 'program', version: 3, effective_from: AT, document: '{"name":"Corner shop"}' },
  found_member: { type: 'found_member', question: 1, member: MEMBER },
  decision: {
    type: 'decision',
    question: 2,
    hold: 77,
    points: 40,
    member: MEMBER,
    perk: 301,
    refused: null,
    detail: '',
  },
  tail: { type: 'tail', origin: ORIGIN, from: 5, facts: [bytes(1, 5)], seq: 5, head: bytes(5) },
  time: { type: 'time', time: Date.UTC(2024, 2, 31, 12, 0, 5), question: null },
  budgets: {
    type: 'budgets',
    question: 4,
    budgets: [{ perk: 301, redeemed: 40, redeemed_here: 12, leased: 10, leased_here: 5 }],
  },
  certificate: { type: 'certificate', certificate: '-----BEGIN', ca: '-----BEGIN' },
  clients: {
    type: 'clients',
    clients: [
      {
        dialect: 'pegke',
        key: 'k3Jd0sLr2mVw8XqTn1Za',
        name: 'Till software',
        secret_hash: bytes(9),
        created: Date.UTC(2024, 2, 1),
      },
    ],
  },
  notice: {
    type: 'notice',
    code: 'voucher_reused',
    fact: id(6),
    text: 'Voucher 7163BQZWEAEV was used before',
  },
} as unknown as Readonly<Record<DownFrame['type'], DownFrame>>
