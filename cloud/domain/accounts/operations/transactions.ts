// Transactions that somebody posts (OP). Whatever waits when a commit ends goes into the next one together, one row of a member each, so that every row is
// decided on what the rows before it left. A row that is refused leaves nothing; the others stand.
import { setImmediate } from 'node:timers/promises'
import type { FactId, MemberId, StoreId } from '../../../../protocol/ids.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import { hybridTime } from '../../../../protocol/time.ts'
import type { Clock, Millis } from '../../../../protocol/time.ts'
import type { AccountRow } from '../../../collections/tables/accounts.ts'
import type { EarnPerk, Program, RedeemPerk } from '../../../evaluation/compile.ts'
import type { CloudStore, StoreRow, TenantId } from '../../../store/port.ts'
import type { Authority, Shortage } from '../../authority.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { ProgramShelf } from '../../programs.ts'
import { barred } from '../barring.ts'
import { queueMail } from '../mail-queue.ts'
import { tellStaff } from '../staff-mail.ts'
import { activityOf, checkOncePerDay, mayEarn } from './earn.ts'
import { redeem } from './redeem.ts'
import { headerOf, memberState } from './scene.ts'
import type { OperationScene, When } from './scene.ts'
import { REDEEMED_AT_ONCE_MAX, checkSource, checkTime } from './transaction-request.ts'
import type { TransactionRequest } from './transaction-request.ts'
import { lookUp, makeCustomer, memberOf } from './who.ts'
import type { Subject } from './who.ts'

/** Rows of one commit, and rows that may wait; more are told to come later. */
export const POSTED_TOGETHER_MAX = 200
export const POSTS_WAITING_MAX = 10_000

/** Rows of the transactions: the posted one first, then what else it gave (bonuses). */
export type Posted = readonly [AccountRow<'transactions'>, ...AccountRow<'transactions'>[]]

interface Waiting {
  readonly tenant: TenantId
  readonly request: TransactionRequest
  /** Leases were asked back for it. */
  recalled: boolean
  readonly resolve: (posted: Result<Posted>) => void
  readonly reject: (cause: unknown) => void
}

/** What became of a row inside the commit; `later`: a row of the same member went before it. */
type Outcome = Result<readonly FactId[]> | 'later' | Shortage

export interface TransactionsParts {
  readonly store: CloudStore
  readonly ingest: Ingest
  readonly shelf: ProgramShelf
  readonly authority: Authority
  readonly clock: Clock
}

export class Transactions {
  readonly #parts: TransactionsParts
  readonly #stores = new Map<StoreId, StoreRow>()
  #waiting: Waiting[] = []
  #working: Promise<void> | null = null

  constructor(parts: TransactionsParts) {
    this.#parts = parts
  }

  post(tenant: TenantId, request: TransactionRequest): Promise<Result<Posted>> {
    if (this.#waiting.length >= POSTS_WAITING_MAX)
      return Promise.resolve(refuse('busy', 'Too many transactions wait; come again in a moment'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tenant, request, recalled: false, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Each row for itself, in the order given. */
  postAll(tenant: TenantId, requests: readonly TransactionRequest[]): Promise<Result<Posted>[]> {
    return Promise.all(requests.map((request) => this.post(tenant, request)))
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#working !== null) await this.#working
  }

  async #work(): Promise<void> {
    // Whoever posts in this turn is in the first commit too.
    await setImmediate()
    while (this.#waiting.length > 0) {
      const [first] = this.#waiting
      const group: Waiting[] = []
      this.#waiting = this.#waiting.filter((one) => {
        const taken = one.tenant === first?.tenant && group.length < POSTED_TOGETHER_MAX
        if (taken) group.push(one)
        return !taken
      })
      await this.#commit(group)
    }
    this.#working = null
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const [first] = group
    if (first === undefined) return
    const { ingest, store } = this.#parts
    try {
      const outcomes = await ingest.record(first.tenant, async (tx, own) => {
        const scene = await this.#scene(first.tenant, { tx, own })
        const used = new Set<MemberId>()
        const list: Outcome[] = []
        for (const { request } of group) list.push(await this.#row(scene, request, used))
        return list
      })
      const later: Waiting[] = []
      for (const [index, waiting] of group.entries()) {
        const outcome = outcomes[index] ?? 'later'
        if (outcome === 'later') later.push(waiting)
        else if ('leased' in outcome) this.#recall(waiting, outcome)
        else if (outcome.ok) waiting.resolve(accept(await postedOf(store, outcome.value)))
        else waiting.resolve(outcome)
      }
      this.#waiting.unshift(...later)
    } catch (cause) {
      // One row may have brought the commit down: each is tried alone.
      if (group.length === 1) first.reject(cause)
      else for (const single of group) await this.#commit([single])
    }
  }

  #recall(waiting: Waiting, shortage: Shortage): void {
    const { authority } = this.#parts
    if (waiting.recalled) {
      waiting.resolve(refuse('lease_elsewhere', shortage.refused.detail, 'perk'))
      return
    }
    waiting.recalled = true
    authority.recall(waiting.tenant, shortage).then(() => {
      this.#waiting.push(waiting)
      this.#working ??= this.#work()
    }, waiting.reject)
  }

  async #scene(tenant: TenantId, { tx, own }: Pick<OperationScene, 'tx' | 'own'>): Promise<OperationScene> {
    const { shelf, clock } = this.#parts
    return { tx, own, tenant, programs: await shelf.of(tenant), now: clock.now() as Millis }
  }

  async #row(scene: OperationScene, request: TransactionRequest, used: Set<MemberId>): Promise<Outcome> {
    const place = await this.#placeOf(scene, request)
    if (!place.ok) return place
    const checked = checkTime(request, scene)
    if (!checked.ok) return checked
    const source = await checkSource(request, scene)
    if (!source.ok) return source
    const subject = await lookUp(scene, request.who)
    if (!subject.ok) return subject
    const member = memberOf(subject.value)
    if (member > 0 && used.has(member)) return 'later'
    const done = await this.#perform(scene, request, subject.value, place.value)
    if (typeof done === 'object' && 'ok' in done && done.ok) {
      const [fact] = done.value
      // Somebody new is a member now.
      const now = member > 0 ? subject : await lookUp(scene, request.who)
      if (now.ok) used.add(memberOf(now.value))
      if (fact !== undefined && request.sourceId !== '')
        await scene.tx.insertAccountRow('source_ids', {
          tenant: scene.tenant,
          source_id: request.sourceId,
          fact,
        })
    }
    return done
  }

  async #placeOf(
    { tx, tenant }: OperationScene,
    { location, at }: TransactionRequest,
  ): Promise<Result<When>> {
    if (!this.#stores.has(location)) for (const row of await tx.stores(tenant)) this.#stores.set(row.id, row)
    const row = this.#stores.get(location)
    return row?.tenant === tenant
      ? accept({ store: row.id, zone: row.zone, at })
      : refuse('store_not_found', 'The business has no such location', 'location')
  }

  #perform(
    scene: OperationScene,
    request: TransactionRequest,
    subject: Subject,
    when: When,
  ): Promise<Outcome> {
    const program = scene.programs.program(hybridTime(when.at ?? scene.now))
    if (program === null)
      return Promise.resolve(refuse('program_missing', 'No program is in force at that time', 'perk'))
    const redeemed = program.redeemPerks.get(request.perk)
    if (redeemed !== undefined)
      return this.#redeem(scene, request, { program, perk: redeemed, subject, when })
    const earned = program.activityPerks.get(request.perk)
    return earned === undefined
      ? Promise.resolve(refuse('perk_not_found', 'There is no such perk that could be posted', 'perk'))
      : this.#earn(scene, request, { program, perk: earned, subject, when })
  }

  async #earn(
    scene: OperationScene,
    request: TransactionRequest,
    { program, perk, subject, when }: Omit<Redeemed, 'perk'> & { readonly perk: EarnPerk },
  ): Promise<Outcome> {
    if (!request.mayEarn) return refuse('role_insufficient', 'The caller may not give points', 'perk')
    const header = await headerOf(scene, when, memberOf(subject))
    const { tx } = scene
    const ms = when.at ?? scene.now
    const state = await memberState(scene, program, header.member, ms, header.offset)
    const may = mayEarn(program, perk, activityOf(program, perk, header, request.quantity), state)
    if (!may.ok) return may
    const bar = subject.connection && (await barred(tx, subject.connection, 'earn'))
    if (bar !== null) return { ok: false, refusal: bar }
    if (request.oncePerDay && subject.connection !== null) {
      const once = await checkOncePerDay(scene, subject.connection.id, perk.id, when, header)
      if (!once.ok) return once
    }
    const connection = await makeCustomer(scene, subject, when, 'PENDING')
    const own = await headerOf(scene, when, connection.member as MemberId)
    await scene.own.append(activityOf(program, perk, own, request.quantity))
    if (request.sendEmail && request.quantity > 0) {
      const type = connection.status === 'ACTIVE' ? 'USER_EARN_ALERT' : 'USER_WARM_REG_REQUEST'
      await queueMail(tx, connection, { type, fact: own.id, location: when.store, now: scene.now })
    }
    return accept([own.id])
  }

  async #redeem(
    scene: OperationScene,
    request: TransactionRequest,
    { program, perk, subject, when }: Redeemed,
  ): Promise<Outcome> {
    const { quantity, onlyFor, voucherStatus } = request
    if (!request.mayRedeem || (onlyFor !== null && onlyFor !== subject.person))
      return refuse('role_insufficient', 'The caller may not redeem for this person', 'perk')
    if (!Number.isInteger(quantity) || quantity < 1 || quantity > REDEEMED_AT_ONCE_MAX)
      return refuse('input_invalid', `Redeem 1 to ${REDEEMED_AT_ONCE_MAX} at once`, 'quantity')
    if (subject.connection === null)
      return refuse('points_insufficient', 'Somebody new has nothing to redeem', 'perk')
    const bar = await barred(scene.tx, subject.connection, 'redeem')
    if (bar !== null) return { ok: false, refusal: bar }
    if (request.oncePerDay) {
      const header = await headerOf(scene, when, memberOf(subject))
      const once = await checkOncePerDay(scene, subject.connection.id, perk.id, when, header)
      if (!once.ok) return once
    }
    const redeeming = { program, perk, subject, when, voucherStatus }
    const done = await redeem(scene, this.#parts.authority, redeeming, quantity)
    if ('leased' in done || !done.ok) return done
    await makeCustomer(scene, subject, when, 'PENDING')
    const [fact] = done.value
    if (request.sendEmail && fact !== undefined) {
      const order = { fact, location: when.store, now: scene.now }
      await queueMail(scene.tx, subject.connection, { ...order, type: 'USER_REDEEM_ALERT' })
      // What staff redeem for a customer they know of.
      if (onlyFor !== null) await tellStaff(scene.tx, scene.tenant, { ...order, type: 'OBLIGATION' })
    }
    return done
  }
}

interface Redeemed {
  readonly program: Program
  readonly perk: RedeemPerk
  readonly subject: Subject
  readonly when: When
}

async function postedOf(store: CloudStore, facts: readonly FactId[]): Promise<Posted> {
  const rows: AccountRow<'transactions'>[] = []
  for (const fact of facts) rows.push(...(await store.read.accountRows('transactions', { fact })))
  const [first, ...more] = rows
  if (first === undefined) throw new Error('transactions are posted for tenants that are projected')
  return [first, ...more]
}
