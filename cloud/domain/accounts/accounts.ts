// All that is done with customers, for whoever serves a platform.
import type { Clock } from '../../../protocol/time.ts'
import type { CloudStore } from '../../store/port.ts'
import type { Authority } from '../authority.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { ProgramShelf } from '../programs.ts'
import { Barring } from './barring.ts'
import { BatchNews } from './staff-mail.ts'
import { Agreeing } from './operations/agreeing.ts'
import { Claiming } from './operations/claiming.ts'
import { Customers } from './operations/customers.ts'
import { Memberships } from './operations/memberships.ts'
import { Merging } from './operations/merging.ts'
import { Referring } from './operations/referring.ts'
import { Transactions } from './operations/transactions.ts'
import { VoucherUses } from './operations/voucher-use.ts'
import { Histories } from './histories.ts'
import { Projections } from './projections.ts'
import { Boards } from './views/boards.ts'
import { Rankings } from './views/rankings.ts'

export interface AccountsParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly shelf: ProgramShelf
  readonly authority: Authority
  readonly clock: Clock
}

export class Accounts {
  readonly projections: Projections
  readonly transactions: Transactions
  readonly customers: Customers
  readonly memberships: Memberships
  readonly referring: Referring
  readonly claiming: Claiming
  readonly agreeing: Agreeing
  readonly barring: Barring
  readonly boards: Boards
  readonly rankings: Rankings
  readonly merging: Merging
  readonly voucherUses: VoucherUses
  readonly histories: Histories
  readonly batchNews: BatchNews

  constructor(parts: AccountsParts) {
    const { store, ingest, shelf, clock } = parts
    this.projections = new Projections(store, shelf, clock)
    this.transactions = new Transactions(parts)
    this.customers = new Customers(parts)
    this.memberships = new Memberships(store, ingest, shelf, clock)
    this.merging = new Merging(store, this.customers, clock)
    this.agreeing = new Agreeing(store, clock)
    this.voucherUses = new VoucherUses(parts)
    this.histories = new Histories(store.read)
    this.batchNews = new BatchNews(store, clock)
    this.referring = new Referring(store, ingest, shelf, clock)
    this.claiming = new Claiming(store, ingest, shelf, clock)
    this.barring = new Barring(store.read, clock)
    this.boards = new Boards(store.read, shelf, clock)
    this.rankings = new Rankings(store.read)
  }
}
