// Schema parts used by facts and frames. Each is a TypeBox schema: one definition gives the validator, the type and the OpenAPI text.
import { Type } from 'typebox'
import type { FactId, MemberId, Origin, ProgramVersion, RuleId, Seq, StoreId } from './ids.ts'
import { ORIGIN_MAX, SEQ_SPAN } from './ids.ts'
import { AMOUNT_MAX, KEY_CHARS_MAX, POINTS_MAX, QUANTITY_MAX, TEXT_CHARS_MAX } from './limits.ts'
import type { Money, Points, Quantity } from './numbers.ts'
import type { HybridTime, Millis, ZoneOffset } from './time.ts'
import { TIME_MAX, TIME_MIN } from './time.ts'

const SAFE_MAX = Number.MAX_SAFE_INTEGER

export const closed = { additionalProperties: false } as const

/** One of a list of words. */
export function oneOf<const T extends readonly string[]>(words: T): Type.TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>(Type.Enum([...words]))
}

export const OriginShape = Type.Unsafe<Origin>(Type.Integer({ minimum: 1, maximum: ORIGIN_MAX }))
export const SeqShape = Type.Unsafe<Seq>(Type.Integer({ minimum: 0, maximum: SEQ_SPAN - 1 }))
export const FactIdShape = Type.Unsafe<FactId>(Type.Integer({ minimum: SEQ_SPAN + 1, maximum: SAFE_MAX }))
/** A fact id, or 0 for none. */
export const FactIdOrNoneShape = Type.Unsafe<FactId>(Type.Integer({ minimum: 0, maximum: SAFE_MAX }))
export const MemberIdOrNoneShape = Type.Unsafe<MemberId>(Type.Integer({ minimum: 0, maximum: SAFE_MAX }))
export const StoreIdShape = Type.Unsafe<StoreId>(Type.Integer({ minimum: 1, maximum: SAFE_MAX }))
/** A store, or 0 for facts that HQ makes in the cloud. */
export const StoreIdOrHqShape = Type.Unsafe<StoreId>(Type.Integer({ minimum: 0, maximum: SAFE_MAX }))
export const RuleIdShape = Type.Unsafe<RuleId>(Type.Integer({ minimum: 1, maximum: 1_000_000_000 }))
export const MetricIdShape = Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: '0 is points' })
export const ProgramVersionShape = Type.Unsafe<ProgramVersion>(
  Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
)

export const HybridTimeShape = Type.Unsafe<HybridTime>(Type.Integer({ minimum: TIME_MIN, maximum: TIME_MAX }))
export const MillisShape = Type.Unsafe<Millis>(Type.Integer({ minimum: -8.64e15, maximum: 8.64e15 }))
export const ZoneOffsetShape = Type.Unsafe<ZoneOffset>(Type.Integer({ minimum: -18 * 60, maximum: 18 * 60 }))

export const MoneyShape = Type.Unsafe<Money>(
  Type.Integer({
    minimum: 0,
    maximum: AMOUNT_MAX,
    description: 'Minor units of the currency (pence, cents)',
  }),
)
export const QuantityShape = Type.Unsafe<Quantity>(
  Type.Integer({ minimum: 0, maximum: QUANTITY_MAX, description: 'Thousandths of a piece' }),
)
/** Points of either sign: an adjustment may take points away. */
export const SignedPointsShape = Type.Unsafe<Points>(
  Type.Integer({ minimum: -POINTS_MAX, maximum: POINTS_MAX }),
)
export const PointsShape = Type.Unsafe<Points>(Type.Integer({ minimum: 0, maximum: POINTS_MAX }))

export const DateShape = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  description: 'A local date, YYYY-MM-DD',
})
export const KeyShape = Type.String({ minLength: 1, maxLength: KEY_CHARS_MAX, pattern: '^[\\x21-\\x7e]+$' })
/** Text of `minLength` to `maxLength` characters. Half a surrogate pair, which JSON can carry and UTF-8 cannot, is refused (P-COD-6). */
export function text(minLength: number, maxLength: number): Type.TString {
  return Type.String({ minLength, maxLength, pattern: '^\\P{Cs}*$' })
}
export const TextShape = text(0, TEXT_CHARS_MAX)
export const NameShape = text(1, TEXT_CHARS_MAX)
export const SkuShape = text(1, 64)
export const BytesShape = Type.Unsafe<Uint8Array>(
  Type.Refine(
    Type.Unknown(),
    (value) => value instanceof Uint8Array,
    () => 'must be bytes',
  ),
)
export const HashShape = Type.Unsafe<Uint8Array>(
  Type.Refine(
    Type.Unknown(),
    (value) => value instanceof Uint8Array && value.length === 32,
    () => 'must be 32 bytes',
  ),
)
export function orNull<T>(shape: T): Type.TUnion<[T extends Type.TSchema ? T : never, Type.TNull]> {
  return Type.Union([shape as T extends Type.TSchema ? T : never, Type.Null()])
}
