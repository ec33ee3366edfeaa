// The record structures of the wire, in order: the index is the record tag, so this table is append-only (P-COD-1). What is added to shapes says since
// which version (`since`), and stands behind everything older, wherever it is written.
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
import { assert } from './result.ts'
import { grows, structuresOf } from './since.ts'
import { UP_SHAPES } from './up.ts'

/** Read before the versions are known, or sealed once for all edges. */
const UNCHANGING: readonly TSchema[] = [UP_SHAPES.hello, DOWN_SHAPES.challenge, DOWN_SHAPES.time]
assert(!UNCHANGING.some(grows), 'challenge, hello and time are the same in every version (P-VER-3)')

export const STRUCTURES: readonly (readonly string[])[] = structuresOf([
  SaleLineShape,
  TenderShape,
  ReturnLineShape,
  IdentityShape,
  AttributeChangeShape,
  ...Object.values(FACT_SHAPES),
  ...Object.values(UP_SHAPES),
  ...Object.values(DOWN_SHAPES),
  MemberSnapshotShape,
  CorrectionShape,
  BasketShape,
  ConflictNewsShape,
  LifeShape,
  RightShape,
  LeaseLineShape,
  LeaseTermShape,
  BudgetStandingShape,
  StoreClientShape,
  HeldShape,
])
