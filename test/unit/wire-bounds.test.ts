// What a list or a text of a fact or a frame may hold at most (P-LIM-1): as many as that are read, one more is refused with its place, by the schema that both
// ends ask (P-COD-3). Who makes them keeps to the same bounds, which the tests of their makers show.
import { describe, expect, test } from 'vitest'
import { decodeDownFrame, decodeFact, decodeUpFrame, encodeFact, encodeFrame } from '../../protocol/codec.ts'
import type { Decoded } from '../../protocol/codec.ts'
import type { DownFrame } from '../../protocol/down.ts'
import type { Fact } from '../../protocol/facts.ts'
import { pairSubject } from '../../cloud/domain/conflicts.ts'
import { formOf } from '../../protocol/form.ts'
import type { Fields } from '../../protocol/form.ts'
import { ORIGIN_MAX, SEQ_SPAN } from '../../protocol/ids.ts'
import type { MemberId } from '../../protocol/ids.ts'
import {
  ACTIVITY_QUANTITY_MAX,
  ATTESTATION_CHARS_MAX,
  BUDGETS_FRAME_MAX,
  CERTIFIED_NAMES_MAX,
  CONFLICT_SUBJECT_CHARS_MAX,
  FORM_FIELDS_MAX,
  FORM_VALUE_CHARS_MAX,
  LEASES_FRAME_MAX,
  LEASE_LINES_MAX,
  LEASE_RIGHTS_MAX,
  MEMBERS_FRAME_MAX,
  NAME_WORDS_MAX,
  PACK_BYTES_MIN,
  PEGKE_PAGES_MAX,
  PEGKE_REFERENCE_CHARS_MAX,
  RECORD_CHARS_MAX,
  RETURN_SPREAD_MS_MAX,
  SPARES_MAX,
  STORE_CLIENTS_MAX,
  TENDERS_MAX,
  TEXT_CHARS_MAX,
} from '../../protocol/limits.ts'
import { nameWords } from '../../protocol/names.ts'
import { pack, unpack } from '../../protocol/packing.ts'
import { readPegke } from '../../protocol/pegke/calls.ts'
import type { UpFrame } from '../../protocol/up.ts'
import { DOWN_SAMPLES, FACT_SAMPLES, UP_SAMPLES } from '../versions/samples.ts'

type Sample = Readonly<Record<string, unknown>>

/** The reason of a schema: where, and what. */
const SCHEMA = /^schema: \/\S+ must /

const repeated = (item: unknown, count: number): unknown[] => Array.from({ length: count }, () => item)
const first = (sample: object, list: string): unknown => ((sample as Sample)[list] as unknown[])[0]
const life = (count: number): object => ({ origin: 2, epoch: count + 1 })

/** As a node that knows no bounds would write it: by the plain encoder, which gives a fact the same bytes (P-COD-7). */
function fact(sample: Fact, part: object): Decoded<unknown> {
  const whole = { ...sample, ...part } as Fact
  const bytes = encodeFrame(whole as never)
  const read = decodeFact(bytes)
  if (read.ok) expect(Buffer.compare(encodeFact(whole), bytes)).toBe(0)
  return read
}
const down = (sample: DownFrame, part: object): Decoded<unknown> =>
  decodeDownFrame(encodeFrame({ ...sample, ...part }))
const up = (sample: UpFrame, part: object): Decoded<unknown> =>
  decodeUpFrame(encodeFrame({ ...sample, ...part }))

/** A frame with so many in a list of it. */
const listed = (sample: DownFrame, list: string) => (count: number) =>
  down(sample, { [list]: repeated(first(sample, list), count) })

/** `read`: with so many of what is bounded. */
interface Bound {
  readonly what: string
  readonly most: number
  readonly read: (count: number) => Decoded<unknown>
}

const BOUNDS: readonly Bound[] = [
  {
    what: 'TENDERS_MAX: tenders of a sale',
    most: TENDERS_MAX,
    read: (n) => fact(FACT_SAMPLES.sale, { tenders: repeated({ type: 'card', amount: 1 }, n) }),
  },
  {
    what: 'TENDERS_MAX: tenders of a basket that is asked about',
    most: TENDERS_MAX,
    read: (n) =>
      up(UP_SAMPLES.authorise, {
        basket: {
          lines: [{ sku: 'tea', category: null, quantity: 1, amount: 1 }],
          tenders: repeated({ type: 'card', amount: 1 }, n),
        },
      }),
  },
  {
    what: 'TEXT_CHARS_MAX: characters of a reason, of four bytes each',
    most: TEXT_CHARS_MAX,
    read: (n) => fact(FACT_SAMPLES.grant, { reason: '\u{20000}'.repeat(n) }),
  },
  {
    what: 'ACTIVITY_QUANTITY_MAX: pieces of an activity',
    most: ACTIVITY_QUANTITY_MAX,
    read: (n) => fact(FACT_SAMPLES.activity, { quantity: n }),
  },
  {
    what: 'ACTIVITY_QUANTITY_MAX: pieces that are taken back',
    most: ACTIVITY_QUANTITY_MAX,
    read: (n) => fact(FACT_SAMPLES.activity, { quantity: -n }),
  },
  {
    what: 'CONFLICT_SUBJECT_CHARS_MAX: the name of a conflict',
    most: CONFLICT_SUBJECT_CHARS_MAX,
    read: (n) => fact(FACT_SAMPLES.resolution, { subject: '7'.repeat(n) }),
  },
  {
    what: 'RECORD_CHARS_MAX: the record of a resolution, in base64',
    most: RECORD_CHARS_MAX,
    read: (n) => fact(FACT_SAMPLES.resolution, { record: 'A'.repeat(n) }),
  },
  {
    what: 'LEASE_LINES_MAX: lines of a lease fact',
    most: LEASE_LINES_MAX,
    read: (n) => fact(FACT_SAMPLES.lease, { lines: repeated(first(FACT_SAMPLES.lease, 'lines'), n) }),
  },
  {
    what: 'LEASE_RIGHTS_MAX: leases that one spending takes from',
    most: LEASE_RIGHTS_MAX,
    read: (n) => fact(FACT_SAMPLES.redemption, { rights: repeated({ lease: 12, amount: 1 }, n) }),
  },
  {
    what: 'MEMBERS_FRAME_MAX: members of a frame',
    most: MEMBERS_FRAME_MAX,
    read: listed(DOWN_SAMPLES.members, 'members'),
  },
  {
    what: 'LEASES_FRAME_MAX: leases of a frame',
    most: LEASES_FRAME_MAX,
    read: listed(DOWN_SAMPLES.leases, 'leases'),
  },
  {
    what: 'BUDGETS_FRAME_MAX: budgets of a frame',
    most: BUDGETS_FRAME_MAX,
    read: listed(DOWN_SAMPLES.budgets, 'budgets'),
  },
  {
    what: 'STORE_CLIENTS_MAX: API clients of a frame',
    most: STORE_CLIENTS_MAX,
    read: listed(DOWN_SAMPLES.clients, 'clients'),
  },
  {
    what: 'SPARES_MAX: spare lives of a welcome',
    most: SPARES_MAX,
    read: (n) => down(DOWN_SAMPLES.welcome, { spares: Array.from({ length: n }, (_, at) => life(at)) }),
  },
  {
    what: 'RETURN_SPREAD_MS_MAX: over how long a fleet returns',
    most: RETURN_SPREAD_MS_MAX,
    read: (n) => down(DOWN_SAMPLES.welcome, { return_ms: n }),
  },
  {
    what: 'ATTESTATION_CHARS_MAX: what a device is given to show',
    most: ATTESTATION_CHARS_MAX,
    read: (n) => down(DOWN_SAMPLES.welcome, { attestation: 'A'.repeat(n) }),
  },
  {
    what: 'CERTIFIED_NAMES_MAX: names of a certificate',
    most: CERTIFIED_NAMES_MAX,
    read: (n) => up(UP_SAMPLES.certify, { names: repeated('till.local', n) }),
  },
]

describe('P-LIM-1 P-COD-3 at the bound it is read, one beyond is refused', () => {
  test.each(BOUNDS)('$what', ({ most, read }) => {
    expect(read(most)).toMatchObject({ ok: true })
    const beyond = read(most + 1)
    expect(beyond.ok ? 'read' : beyond.malformed.reason).toMatch(SCHEMA)
  })
})

test('CON-1 the longest names of conflicts fit into CONFLICT_SUBJECT_CHARS_MAX', () => {
  const last = (ORIGIN_MAX * SEQ_SPAN + SEQ_SPAN - 1) as MemberId
  expect(pairSubject(last, (last - 1) as MemberId).length).toBeLessThanOrEqual(CONFLICT_SUBJECT_CHARS_MAX)
  expect(`edge ${Number.MAX_SAFE_INTEGER}`.length).toBeLessThanOrEqual(CONFLICT_SUBJECT_CHARS_MAX)
})

test('P-ENV-3 frames from PACK_BYTES_MIN on are packed where that is shorter; shorter ones go as they are', () => {
  const frame = new Uint8Array(PACK_BYTES_MIN).fill(7)
  const below = frame.subarray(1)
  expect(pack(below)).toBe(below)
  const packed = pack(frame)
  expect(packed.length).toBeLessThan(frame.length)
  expect(Buffer.compare(unpack(packed) ?? new Uint8Array(), frame)).toBe(0)
})

test('PG-3 a call has at most FORM_FIELDS_MAX fields, of at most FORM_VALUE_CHARS_MAX characters', () => {
  const fields = (count: number): Fields => Array.from({ length: count }, (_, at) => [`f${at}`, 'x'] as const)
  expect(formOf(fields(FORM_FIELDS_MAX - 1), fields(1)).ok).toBe(true)
  expect(formOf(fields(FORM_FIELDS_MAX - 1), fields(2))).toMatchObject({ refusal: { code: 'input_invalid' } })
  const value = (chars: number): Fields => [['name', 'x'.repeat(chars)]]
  expect(formOf(value(FORM_VALUE_CHARS_MAX), []).ok).toBe(true)
  expect(formOf([], value(FORM_VALUE_CHARS_MAX + 1))).toMatchObject({
    refusal: { code: 'input_invalid', param: 'name' },
  })
})

test('PG-7 PG-5 pages up to PEGKE_PAGES_MAX, references of up to PEGKE_REFERENCE_CHARS_MAX characters', () => {
  const page = (number: number): unknown => readPegke('check_history', { phone: '1', page: String(number) })
  expect(page(PEGKE_PAGES_MAX)).toMatchObject({ ok: true })
  expect(page(PEGKE_PAGES_MAX + 1)).toMatchObject({ refusal: { code: 'input_invalid', param: 'page' } })
  const reference = (chars: number): unknown =>
    readPegke('give_points', { phone: '1', points: '1', reference: 'r'.repeat(chars) })
  expect(reference(PEGKE_REFERENCE_CHARS_MAX)).toMatchObject({ ok: true })
  expect(reference(PEGKE_REFERENCE_CHARS_MAX + 1)).toMatchObject({
    refusal: { code: 'input_invalid', param: 'reference' },
  })
})

test('PG-13 a name is found by its first NAME_WORDS_MAX words', () => {
  const words = Array.from({ length: NAME_WORDS_MAX + 1 }, (_, at) => `w${at}`)
  expect(nameWords(words.slice(1).join(' '))).toEqual(words.slice(1))
  expect(nameWords(words.join(' '))).toEqual(words.slice(0, NAME_WORDS_MAX))
})
