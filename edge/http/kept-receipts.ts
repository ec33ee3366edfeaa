// Receipts that terminals present with their calls (P-LIFE-7): `Tillstream-Receipt: ID.EPOCH.HASH`, the one furthest in the ledger of all a terminal was
// given. A ledger that was put back to an older state cannot have it, and finds out before it writes anything more, without the cloud.
import type { FactId } from '../../protocol/ids.ts'
import { idFromText } from '../../protocol/ids.ts'
import type { Result } from '../../protocol/result.ts'
import { accept, refuse } from '../../protocol/result.ts'

export const RECEIPT_HEADER = 'tillstream-receipt'
const RECEIPT = /^([1-9][0-9]{0,15})\.([1-9][0-9]{0,8})\.([0-9a-f]{64})$/
/** Terminals whose last receipt is remembered; beyond it receipts are compared anew. */
const TERMINALS_REMEMBERED_MAX = 1_000

export interface PresentedReceipt {
  readonly id: FactId
  readonly epoch: number
  readonly hash: Uint8Array
}

export class KeptReceipts {
  readonly #compare: (receipt: PresentedReceipt) => void
  readonly #last = new Map<string, string>()

  /** `compare`: with the ledger; what follows from it is the till's. */
  constructor(compare: (receipt: PresentedReceipt) => void) {
    this.#compare = compare
  }

  /** Before the call it came with is served; a terminal that presents the same one again costs nothing. */
  take(terminal: string, text: string): Result<null> {
    if (this.#last.get(terminal) === text) return accept(null)
    const [, digits = '', epoch = '', hash = ''] = RECEIPT.exec(text) ?? []
    const id = idFromText<FactId>(digits)
    if (id === undefined)
      return refuse(
        'input_invalid',
        'A receipt is presented as ID.EPOCH.HASH, as it was given.',
        RECEIPT_HEADER,
      )
    this.#compare({ id, epoch: Number(epoch), hash: Buffer.from(hash, 'hex') })
    if (this.#last.size >= TERMINALS_REMEMBERED_MAX) this.#last.clear()
    this.#last.set(terminal, text)
    return accept(null)
  }
}
