// The real sales file as the facts a store would have recorded of it: read and planned by the replay's own code, then a fact per call with a member.
// Guest sales are left out, as no state is folded from them.
import type { PlannedCall, SaleCall } from '../../cloud/demo/replay/plan.ts'
import { FILE_ZONE } from '../../cloud/demo/replay/rows.ts'
import { planOfFile } from '../../cloud/demo/replay/sales-file.ts'
import { encodeFact } from '../../protocol/codec.ts'
import type { Fact, ReturnLine, SaleLine } from '../../protocol/facts.ts'
import { NO_FACT, NO_MEMBER, factIdOf } from '../../protocol/ids.ts'
import type { FactId, MemberId, Origin, ProgramVersion, Seq, StoreId } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import { hybridTime, zoneOffset } from '../../protocol/time.ts'

/** Stored bytes of the facts of one member, in the order of time. */
export type StoredMember = readonly Uint8Array[]

export interface RealFacts {
  readonly members: readonly StoredMember[]
  readonly facts: number
  readonly lines: number
}

export async function realFacts(file: string): Promise<RealFacts> {
  const { calls } = await planOfFile(file)
  const maker = new FactMaker()
  for (const call of calls) maker.add(call)
  return { members: [...maker.members.values()], facts: maker.facts, lines: maker.lines }
}

class FactMaker {
  readonly members = new Map<string, Uint8Array[]>()
  readonly #ids = new Map<string, MemberId>()
  readonly #sales = new Map<SaleCall, FactId>()
  facts = 0
  lines = 0

  add(call: PlannedCall): void {
    const { customer } = call
    if (customer === null) return
    const bytes = encodeFact(this.#factOf(call, customer))
    const own = this.members.get(customer)
    if (own === undefined) this.members.set(customer, [bytes])
    else own.push(bytes)
  }

  #header<K extends Fact['kind']>(kind: K, call: PlannedCall, member: MemberId) {
    this.facts += 1
    return {
      kind,
      id: factIdOf(1 as Origin, this.facts as Seq),
      at: hybridTime(call.at, this.facts % 4096),
      claimed: null,
      offset: zoneOffset(FILE_ZONE, call.at),
      store: 1 as StoreId,
      terminal: 'till-1',
      key: call.key,
      program: 1 as ProgramVersion,
      member,
      claim: null,
      promised: 0 as Points,
      confirmed: false,
      suspect: false,
    }
  }

  #factOf(call: PlannedCall, customer: string): Fact {
    if (call.kind === 'enrolment') {
      const header = this.#header('enrolment', call, NO_MEMBER)
      this.#ids.set(customer, header.id as number as MemberId)
      return { ...header, name: null, identities: [{ kind: 'external_id', value: customer }] }
    }
    const member = this.#ids.get(customer) ?? NO_MEMBER
    this.lines += call.lines.length
    const amount = call.lines.reduce((sum, line) => sum + line.amount, 0)
    if (call.kind === 'sale') {
      const header = this.#header('sale', call, member)
      this.#sales.set(call, header.id)
      // The plan's numbers are the protocol's: thousandths and pence.
      const lines = call.lines.map(({ sku, category, quantity, amount: of }) => ({
        sku,
        category,
        quantity,
        amount: of,
      })) as SaleLine[]
      return { ...header, amount: amount as SaleLine['amount'], lines, tenders: [] }
    }
    const lines = call.lines.map(({ sale, line, sku, quantity, amount: of }) => ({
      sale: sale === null ? NO_FACT : (this.#sales.get(sale) ?? NO_FACT),
      line,
      sku,
      quantity,
      amount: of,
    })) as ReturnLine[]
    return { ...this.#header('return', call, member), amount: amount as ReturnLine['amount'], lines }
  }
}
