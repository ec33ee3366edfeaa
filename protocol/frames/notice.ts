import { Type } from 'typebox'
import type { Static } from 'typebox'
import { FactIdOrNoneShape, closed } from '../shapes.ts'

/** Something the store should see: a fact of its own set aside, a voucher used twice. */
export const NoticeShape = Type.Object(
  {
    type: Type.Literal('notice'),
    code: Type.String({ maxLength: 64 }),
    fact: FactIdOrNoneShape,
    text: Type.String({ maxLength: 400 }),
  },
  closed,
)
export type Notice = Readonly<Static<typeof NoticeShape>>
