// What the feeds of a store and of HQ say, whatever carries it: a welcome, runs of activities, beats. Both describe it by these shapes (F-10), and the kit's
// client reads it by their types.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { CLOSE_CODES } from './close-codes.ts'
import type { CloseReason } from './close-codes.ts'
import { closed, orNull } from './shapes.ts'

const Position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const Epoch = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Life of the log: positions of another one mean nothing here',
})

export const FeedWelcomeShape = Type.Object(
  {
    type: Type.Literal('welcome'),
    epoch: Epoch,
    position: Type.Integer({ ...Position, description: 'Of the last activity there is' }),
    recovered: Type.Boolean({
      description: 'False: the place is unknown or too old, and the latest activities follow in its stead',
    }),
  },
  closed,
)

export const FeedBeatShape = Type.Object(
  {
    type: Type.Literal('beat'),
    epoch: Epoch,
    position: Type.Integer({ ...Position, description: 'Everything asked for up to here was sent' }),
  },
  closed,
)

const RUN = { type: Type.Literal('activities'), epoch: Epoch, from: Position, to: Position } as const

/** A run of activities: every one from `from` to `to` that was asked for. */
export function feedActivitiesShape(activity: TSchema): TSchema {
  return Type.Object({ ...RUN, activities: Type.Array(activity) }, closed)
}

const RunShape = Type.Object(RUN, closed)

/** Of each activity, or one for all. */
const numbers = (description?: string) =>
  Type.Array(Type.Integer(), { minItems: 1, ...(description === undefined ? {} : { description }) })
const numbersOrNull = (description?: string) =>
  Type.Array(orNull(Type.Integer()), { minItems: 1, ...(description === undefined ? {} : { description }) })
const words = (description?: string) =>
  Type.Array(Type.Union([Type.String(), Type.Integer({ minimum: 0 }), Type.Null()]), {
    minItems: 1,
    ...(description === undefined ? {} : { description }),
  })

/** The same run by columns (packed-feed.ts), for readers that ask for it. */
export const FeedPackedShape = Type.Object(
  {
    type: Type.Literal('packed'),
    epoch: Epoch,
    from: Position,
    to: Position,
    count: Type.Integer({ minimum: 1, description: 'Activities in it' }),
    time: Type.Integer({ description: 'Milliseconds since 1970 that the times are after' }),
    fact: Type.Integer({ description: 'What the facts are after, beside their index' }),
    columns: Type.Object(
      {
        position: numbers('Less "from" and the index'),
        epoch: numbers(),
        time: numbers('Milliseconds after "time" of the frame'),
        kind: words(),
        fact: numbersOrNull('Less "fact" of the frame and the index'),
        terminal: words(),
        member: words(),
        amount: numbersOrNull(),
        points: numbers(),
        status: words(),
        tier: words(),
        vouchers: numbers(),
        text: words(
          'U+0001 stands for the member, U+0002 for the amount with two decimals, U+0003 for the amount, U+0004 for the points without their sign',
        ),
      },
      {
        ...closed,
        description:
          'A list of one value: all activities have it; else each its own. In a list of words a number stands for the word at that index of the list',
      },
    ),
  },
  closed,
)
export type FeedPacked = Readonly<Static<typeof FeedPackedShape>>

export type FeedMessage<Activity> =
  | Readonly<Static<typeof FeedWelcomeShape>>
  | Readonly<Static<typeof FeedBeatShape>>
  | (Readonly<Static<typeof RunShape>> & { readonly activities: readonly Activity[] })
  | FeedPacked

/** With which codes a feed's WebSocket is closed, and what a reader should do. */
export const FEED_CLOSES = {
  stopping: 'The node stops: reconnect soon, resuming by position',
  resume: 'Held back too much, and was cut: reconnect and resume by position. Nothing was skipped',
  unauthorised: 'The token is not valid any more: do not reconnect with it',
} as const satisfies Partial<Record<CloseReason, string>>

export const feedCloseCodes = (): Record<string, string> =>
  Object.fromEntries(
    // The keys of a literal.
    (Object.keys(FEED_CLOSES) as (keyof typeof FEED_CLOSES)[]).map((reason) => [
      String(CLOSE_CODES[reason]),
      `${reason}: ${FEED_CLOSES[reason]}`,
    ]),
  )
