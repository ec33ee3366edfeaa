// What is to be earned and redeemed at a place, as lists in the order to show them in (VIEW-1): what the core says (E-BOARD) beside the documents of the
// rules, for a customer or for nobody in particular. What customers are not to see is left out. Nothing is written, and nothing is decided.
import { NO_MEMBER } from '../../../../protocol/ids.ts'
import type { MemberId, StoreId } from '../../../../protocol/ids.ts'
import { accept, refuse } from '../../../../protocol/result.ts'
import type { Result } from '../../../../protocol/result.ts'
import { hybridTime, millisOfWallClock, zoneOffset } from '../../../../protocol/time.ts'
import type { Clock } from '../../../../protocol/time.ts'
import type { Row } from '../../../collections/collection.ts'
import { bodyOf } from '../../../collections/documents.ts'
import { EVERYTHING } from '../../../collections/query.ts'
import { CONFIGURATION } from '../../../collections/tables/configuration.ts'
import type { BonusOnBoard, EarnOnBoard, Look, RedeemOnBoard } from '../../../evaluation/explanation/board.ts'
import { earningBoard, redeemingBoard } from '../../../evaluation/explanation/board.ts'
import { decodeState, newState } from '../../../evaluation/state.ts'
import type { MemberState } from '../../../evaluation/state.ts'
import { stateAt } from '../../../evaluation/time/time.ts'
import type { PersonId } from '../../../store/platform-port.ts'
import type { Reads, StoreRow, TenantId } from '../../../store/port.ts'
import type { ProgramShelf } from '../../programs.ts'

export interface BoardRequest {
  readonly tenant: TenantId
  /** Null: the customer's home, else the business's first. */
  readonly store: StoreId | null
  /** Null: nobody in particular. */
  readonly person: PersonId | null
}

/** A bonus beside the perk it looks at. */
export interface ShownBonus extends BonusOnBoard {
  readonly document: Row
  /** Of a FREQUENCY. */
  readonly frequency: Row | null
}

export interface ShownPerk extends Omit<EarnOnBoard, 'bonuses'> {
  readonly document: Row
  readonly category: Row | null
  readonly bonuses: readonly ShownBonus[]
}

/** A value of a custom attribute, with the attribute's own document. */
export interface ShownValue {
  readonly value: Row
  readonly attribute: Row
}

export interface ShownReward extends Pick<RedeemOnBoard, 'perk' | 'limit'> {
  readonly document: Row
  /** Any of these the customer must have; empty: none. */
  readonly attributes: readonly ShownValue[]
  /** When the limit allows another, where it allows none now; null: never, or now. */
  readonly again: number | null
}

export interface Board<T> {
  /** The place looked at; null: the business has none. */
  readonly store: StoreId | null
  readonly entries: readonly T[]
}

/** Documents of one kind that a board reads. */
const DOCUMENTS_MAX = 20_000

export class Boards {
  readonly #read: Reads
  readonly #shelf: ProgramShelf
  readonly #clock: Clock

  constructor(read: Reads, shelf: ProgramShelf, clock: Clock) {
    this.#read = read
    this.#shelf = shelf
    this.#clock = clock
  }

  /** By category and then by their own order; what has none comes last. */
  async earning(request: BoardRequest): Promise<Result<Board<ShownPerk>>> {
    const placed = await this.#look(request)
    if (!placed.ok) return placed
    const { store, look } = placed.value
    if (look === null) return accept({ store, entries: [] })
    const documents = await this.#byRule(request.tenant)
    const categories = byId(await this.#all('perk_categories', request.tenant))
    const frequencies = new Map(
      (await this.#all('frequency_bonuses', request.tenant)).map((row) => [Number(row.reward), row]),
    )
    const entries = earningBoard(look).flatMap(({ perk, bonuses }): ShownPerk[] => {
      const document = documents.get(perk.id)
      if (document === undefined || document.invisible === true) return []
      const category = categories.get(Number(document.category)) ?? null
      const shown = bonuses.flatMap((one): ShownBonus[] => {
        const its = documents.get(one.bonus.id)
        return its === undefined || its.invisible === true
          ? []
          : [{ ...one, document: its, frequency: frequencies.get(Number(its.id)) ?? null }]
      })
      return [{ perk, document, category, bonuses: shown }]
    })
    return accept({
      store,
      entries: entries.toSorted(
        (a, b) =>
          byOrder(a.category, b.category) ||
          Number(a.category?.id ?? 0) - Number(b.category?.id ?? 0) ||
          byOrder(a.document, b.document),
      ),
    })
  }

  /** By their order; what has none comes last. */
  async redeeming(request: BoardRequest): Promise<Result<Board<ShownReward>>> {
    const placed = await this.#look(request)
    if (!placed.ok) return placed
    const { store, look, zone } = placed.value
    if (look === null) return accept({ store, entries: [] })
    const documents = await this.#byRule(request.tenant)
    const values = byId(await this.#all('custom_attribute_values', request.tenant))
    const attributes = byId(await this.#all('custom_attributes', request.tenant))
    const entries = redeemingBoard(look).flatMap(({ perk, limit }): ShownReward[] => {
      const document = documents.get(perk.id)
      if (document === undefined || document.invisible === true) return []
      const again = limit?.againOn ?? null
      return [
        {
          perk,
          limit,
          document,
          attributes: idsIn(document).flatMap((id) => {
            const value = values.get(id)
            const attribute = attributes.get(Number(value?.custom_attribute))
            return value === undefined || attribute === undefined ? [] : [{ value, attribute }]
          }),
          again: again === null ? null : millisOfWallClock(Date.parse(`${again}T00:00:00Z`), zone),
        },
      ]
    })
    return accept({ store, entries: entries.toSorted((a, b) => byOrder(a.document, b.document)) })
  }

  async #look(
    request: BoardRequest,
  ): Promise<Result<{ readonly store: StoreId | null; readonly zone: string; readonly look: Look | null }>> {
    const { tenant, person, store: wanted } = request
    const [customer] =
      person === null ? [] : await this.#read.accountRows('connections', { tenant, person, hidden: false })
    const stores = await this.#read.stores(tenant)
    const place = placeOf(stores, wanted, customer?.home ?? null)
    if (place === undefined && wanted !== null)
      return refuse('store_not_found', 'The business has no such location', 'loc_id')
    const ms = this.#clock.now()
    const program = (await this.#shelf.of(tenant)).program(hybridTime(ms))
    if (place === undefined || program === null)
      return accept({ store: place?.id ?? null, zone: 'UTC', look: null })
    const { id: store, zone } = place
    const offset = zoneOffset(zone, ms)
    const state = person === null ? null : await this.#stateOf((customer?.member ?? NO_MEMBER) as MemberId)
    const member = state && stateAt(program, state, (customer?.member ?? NO_MEMBER) as MemberId, ms, offset)
    return accept({ store, zone, look: { program, member, store, ms, offset } })
  }

  /** Somebody who is no customer yet sees what a new one would. */
  async #stateOf(member: MemberId): Promise<MemberState> {
    const row = member > 0 ? await this.#read.member(member) : undefined
    return (row?.state && decodeState(row.state)) ?? newState()
  }

  async #byRule(tenant: TenantId): Promise<Map<number, Row>> {
    return new Map((await this.#all('perks', tenant)).map((row) => [Number(row.rule), row]))
  }

  #all(collection: keyof typeof CONFIGURATION, tenant: TenantId): Promise<Row[]> {
    return this.#read.rows(CONFIGURATION[collection], {
      tenants: [tenant],
      where: EVERYTHING,
      limit: DOCUMENTS_MAX,
    })
  }
}

function placeOf(
  stores: readonly StoreRow[],
  wanted: number | null,
  home: number | null,
): StoreRow | undefined {
  if (wanted !== null) return stores.find(({ id }) => id === wanted)
  return stores.find(({ id }) => id === home) ?? stores[0]
}

function byId(rows: readonly Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [Number(row.id), row]))
}

/** By `display_order`, without one last; equals stay as they are. */
function byOrder(a: Row | null, b: Row | null): number {
  const orderOf = (row: Row | null): number =>
    row === null ? Infinity : typeof row.display_order === 'number' ? row.display_order : LAST
  return orderOf(a) === orderOf(b) ? 0 : orderOf(a) - orderOf(b)
}

/** Behind every order that is given, before what is in no category at all. */
const LAST = Number.MAX_SAFE_INTEGER

function idsIn(document: Row): number[] {
  const { valid_customer_attributes: ids } = bodyOf(document)
  return Array.isArray(ids) ? ids.map(Number) : []
}
