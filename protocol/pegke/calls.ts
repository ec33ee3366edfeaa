// Pegke's merchant calls as cloud and stores both serve them: which verbs a call knows, which fields it reads and how (PG). What a call does is said on
// each side, by its own domain.
import type { Identity } from '../facts.ts'
import type { Form } from '../form.ts'
import { PEGKE_PAGES_MAX, PEGKE_REFERENCE_CHARS_MAX } from '../limits.ts'
import { accept, refuse } from '../result.ts'
import type { Refusal, Result } from '../result.ts'

export type PegkeMethod = 'GET' | 'POST'

interface Field<T> {
  /** What it goes by; the first that is given counts. */
  readonly names: readonly [string, ...string[]]
  /** '' where it is not given. */
  read(text: string): Result<T>
}

interface PegkeCall {
  /** The first is the contract's. */
  readonly methods: readonly [PegkeMethod, ...PegkeMethod[]]
  readonly fields: Readonly<Record<string, Field<unknown>>>
  /** Of these one is given. */
  readonly oneOf?: readonly string[]
}

const WHOLE = /^[1-9][0-9]{0,8}$/
const NO = new Set(['0', 'false', 'no', 'check'])

function text(name: string, ...aliases: string[]): Field<string> {
  return { names: [name, ...aliases], read: accept }
}

function needed(field: Field<string>, says: string): Field<string> {
  const [name] = field.names
  return { ...field, read: (given) => (given === '' ? refuse('input_invalid', says, name) : accept(given)) }
}

const PHONE = text('phone', 'phone_number')
const PHONE_NEEDED = needed(PHONE, 'Send the customer’s number as phone.')

/** PG-4: some clients send `10.0`. */
const POINTS: Field<number> = {
  names: ['points'],
  read(given) {
    const digits = given.replace(/\.0+$/, '')
    return WHOLE.test(digits)
      ? accept(Number(digits))
      : refuse('input_invalid', 'points must be a whole number of at least 1.', 'points')
  },
}

/** PG-7. */
const PAGE: Field<number> = {
  names: ['page'],
  read(given) {
    const page = given === '' ? 1 : WHOLE.test(given) ? Number(given) : 0
    return page >= 1 && page <= PEGKE_PAGES_MAX
      ? accept(page)
      : refuse('input_invalid', `page must be a number from 1 to ${PEGKE_PAGES_MAX}.`, 'page')
  },
}

/** PG-6. */
const CODE: Field<string> = {
  names: ['code'],
  read: (given) =>
    given.length >= 4 && given.length <= 32
      ? accept(given.toUpperCase())
      : refuse('input_invalid', 'Send the code to validate.', 'code'),
}
const USE: Field<boolean> = { names: ['use'], read: (given) => accept(!NO.has(given.toLowerCase())) }

/** PG-5. */
const REFERENCE: Field<string> = {
  names: ['reference'],
  read: (given) =>
    given.length <= PEGKE_REFERENCE_CHARS_MAX
      ? accept(given)
      : refuse(
          'input_invalid',
          `A reference has at most ${PEGKE_REFERENCE_CHARS_MAX} characters.`,
          'reference',
        ),
}

/** PG-12: null where it is nowhere in particular. */
const STORE: Field<number | null> = {
  names: ['store'],
  read: (given) =>
    given === '' || WHOLE.test(given)
      ? accept(given === '' ? null : Number(given))
      : refuse('input_invalid', 'store is the number of one of your stores.', 'store'),
}

export const PEGKE_CALLS = {
  authenticate: { methods: ['POST', 'GET'], fields: {} },
  give_points: {
    methods: ['POST'],
    fields: { phone: PHONE_NEEDED, points: POINTS, reference: REFERENCE, store: STORE },
  },
  check_points: { methods: ['GET', 'POST'], fields: { phone: PHONE_NEEDED } },
  check_history: { methods: ['POST', 'GET'], fields: { phone: PHONE_NEEDED, page: PAGE } },
  my_offers: { methods: ['GET', 'POST'], fields: { store: STORE } },
  search_user: {
    methods: ['GET', 'POST'],
    fields: { phone: PHONE, email: text('email'), card: text('card'), name: text('name') },
    oneOf: ['phone', 'email', 'card', 'name'],
  },
  validate_redeem: {
    methods: ['POST', 'GET'],
    fields: { code: CODE, phone: PHONE, use: USE, reference: REFERENCE, store: STORE },
  },
  store_history: { methods: ['GET', 'POST'], fields: { page: PAGE } },
} as const satisfies Readonly<Record<string, PegkeCall>>

export type PegkeCallName = keyof typeof PEGKE_CALLS
export const PEGKE_CALL_NAMES = Object.keys(PEGKE_CALLS) as PegkeCallName[]

type Read<F> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }
export type PegkeInput<N extends PegkeCallName> = Read<(typeof PEGKE_CALLS)[N]['fields']>

/** The fields of a call out of all that was sent; what it does not know is passed over (PG-3). */
export function readPegke<N extends PegkeCallName>(name: N, form: Form): Result<PegkeInput<N>> {
  const { fields, oneOf }: PegkeCall = PEGKE_CALLS[name]
  const input: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(fields)) {
    const given = field.names.map((one) => (form[one] ?? '').trim()).find((value) => value !== '') ?? ''
    const read = field.read(given)
    if (!read.ok) return read
    input[key] = read.value
  }
  if (oneOf?.every((key) => input[key] === '') === true)
    return refuse('input_invalid', `Send one of ${oneOf.join(', ')}.`, oneOf[0])
  // Each field was read by its own reader.
  return accept(input as PegkeInput<N>)
}

/** What a search names somebody by; a name where it is none of the others. */
export function soughtBy({ phone, email, card, name }: PegkeInput<'search_user'>): Identity | string {
  if (phone !== '') return { kind: 'phone', value: phone }
  if (email !== '') return { kind: 'email', value: email }
  return card === '' ? name : { kind: 'card', value: card }
}

/** PG-1: the token in a header, or the key in a field; '' for neither. */
export function pegkeToken(authorization: string, form: Form): string {
  return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : (form.key ?? '').trim()
}

export const NO_SUCH_CALL: Refusal = refuse(
  'route_unknown',
  `q chooses the call: ${PEGKE_CALL_NAMES.join(', ')}.`,
  'q',
).refusal
