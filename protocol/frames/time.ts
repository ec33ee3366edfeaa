import { Type } from 'typebox'
import type { Static } from 'typebox'
import { MillisShape, closed } from '../shapes.ts'

/** Sign of life with the cloud's time, at least every HEARTBEAT_MS. */
export const TimeShape = Type.Object({ type: Type.Literal('time'), time: MillisShape }, closed)
export type Time = Readonly<Static<typeof TimeShape>>
