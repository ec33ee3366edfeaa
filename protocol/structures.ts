// The record structures of the wire, in order: the index is the record tag, so this table is append-only (P-COD-1). A field added to a
// shape is a new protocol version with the old structure kept for the versions still spoken.
import type { TSchema } from 'typebox'
import { DOWN_SHAPES } from './down.ts'
import {
  AttributeChangeShape,
  BasketShape,
  FACT_SHAPES,
  IdentityShape,
  ReturnLineShape,
  SaleLineShape,
  TenderShape,
} from './facts.ts'
import { BudgetStandingShape } from './frames/budgets.ts'
import { StoreClientShape } from './frames/clients.ts'
import { ConflictNewsShape, CorrectionShape } from './frames/corrections.ts'
import { HeldShape } from './frames/holds.ts'
import { MemberSnapshotShape } from './frames/members.ts'
import { LeaseLineShape, LeaseTermShape, RightShape } from './leases.ts'
import { LifeShape } from './lives.ts'
import { UP_SHAPES } from './up.ts'

const fieldsOf = (shape: TSchema): readonly string[] =>
  Object.keys((shape as { properties?: object }).properties ?? {})

export const STRUCTURES: readonly (readonly string[])[] = [
  ...[SaleLineShape, TenderShape, ReturnLineShape, IdentityShape, AttributeChangeShape].map(fieldsOf),
  ...Object.values(FACT_SHAPES).map(fieldsOf),
  ...Object.values(UP_SHAPES).map(fieldsOf),
  ...Object.values(DOWN_SHAPES).map(fieldsOf),
  ...[MemberSnapshotShape, CorrectionShape, BasketShape, ConflictNewsShape, LifeShape].map(fieldsOf),
  ...[RightShape, LeaseLineShape, LeaseTermShape, BudgetStandingShape, StoreClientShape, HeldShape].map(
    fieldsOf,
  ),
]
