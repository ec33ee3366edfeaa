// How the store's feed is asked for, and what it says, as a document for programs that watch it (F-10).
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { asyncApi } from '../../protocol/asyncapi.ts'
import { FeedPackedShape } from '../../protocol/feed-frames.ts'
import { closed } from '../../protocol/shapes.ts'
import { ACTIVITY_KINDS, ActivityShape } from '../till/answers.ts'

export const FeedQueryShape = Type.Object(
  {
    epoch: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    kinds: Type.Optional(
      Type.String({
        pattern: `^(${ACTIVITY_KINDS.join('|')})(,(${ACTIVITY_KINDS.join('|')}))*$`,
        description: 'Only these kinds of activities, separated by commas',
      }),
    ),
    terminal: Type.Optional(Type.String({ maxLength: 64, description: 'Only what this terminal did' })),
    token: Type.Optional(Type.String()),
  },
  closed,
)
export type FeedQuery = Static<typeof FeedQueryShape>

export function streamText(software: string): object {
  return asyncApi({
    title: "Tillstream edge: a store's activity",
    version: software,
    description:
      'What happens in a store, as it happens, also without the internet: sales with their points, returns, redemptions, corrections, and the state of its link. Members are masked.',
    query: FeedQueryShape,
    activity: ActivityShape,
    kinds: ACTIVITY_KINDS,
    subprotocols: {
      'tillstream.json': 'application/json',
      'tillstream.cbor': 'application/cbor',
      'tillstream.packed': 'application/json',
    },
    packed: FeedPackedShape,
  })
}
