// What the feeds of a store and of HQ say, whatever carries it: a welcome, runs of activities, beats. Both describe it by these shapes (F-10), and the kit's
// client reads it by their types.
import { Type } from 'typebox'
import type { Static, TSchema } from 'typebox'
import { CLOSE_CODES } from './close-codes.ts'
import type { CloseReason } from './close-codes.ts'
import { closed } from './shapes.ts'

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

export type FeedMessage<Activity> =
  | Readonly<Static<typeof FeedWelcomeShape>>
  | Readonly<Static<typeof FeedBeatShape>>
  | (Readonly<Static<typeof RunShape>> & { readonly activities: readonly Activity[] })

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
