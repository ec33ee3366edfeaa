// The receipt that is furthest in the ledger, of all this terminal was given (KT-9). A store node that was put back to an older state cannot have it,
// and finds that out from the first call, without the cloud.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface WitnessReceipt {
  readonly id: string
  readonly epoch: number
  readonly seq: number
  readonly hash: string
}

const WITNESS_FILE = 'witness.json'

export class Witness {
  readonly #path: string | undefined
  #receipt: WitnessReceipt | undefined

  /** Without a directory it is forgotten with the process. */
  constructor(directory: string | undefined) {
    this.#path = directory === undefined ? undefined : join(directory, WITNESS_FILE)
    this.#receipt = this.#path === undefined ? undefined : read(this.#path)
  }

  /** As it is presented; undefined before the first receipt. */
  get header(): string | undefined {
    const last = this.#receipt
    return last === undefined ? undefined : `${last.id}.${last.epoch}.${last.hash}`
  }

  keep({ id, epoch, seq, hash }: WitnessReceipt): void {
    const last = this.#receipt
    if (last !== undefined && (epoch < last.epoch || (epoch === last.epoch && seq <= last.seq))) return
    this.#receipt = { id, epoch, seq, hash }
    if (this.#path === undefined) return
    // Whole or not at all. It need not survive a power loss: an older receipt is a witness too.
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.#receipt), { mode: 0o600 })
    renameSync(`${this.#path}.new`, this.#path)
  }
}

function read(path: string): WitnessReceipt | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as WitnessReceipt
  } catch {
    return undefined
  }
}
