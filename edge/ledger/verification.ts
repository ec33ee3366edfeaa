// Is a ledger what it says it is (L-3)? Every life's chain from its genesis, and every fact at its own place, under its own key, with its own receipt.
import { decodeFact } from '../../protocol/codec.ts'
import { CHAIN_GENESIS, chainHash, sameHash } from '../../protocol/chain.ts'
import type { FactId, Seq } from '../../protocol/ids.ts'
import { NO_FACT, factIdOf, originOf, seqOf } from '../../protocol/ids.ts'
import { CHAIN_TAIL_FACTS } from '../../protocol/limits.ts'
import { LedgerDamaged } from './database.ts'
import { STRAY_KEY } from './fact-statements.ts'
import type { FactStatements } from './fact-statements.ts'
import type { Lives } from './lives.ts'
import { isSoundFact } from './row-sums.ts'
import type { StoredFact } from './row-sums.ts'

export interface Verification {
  readonly chain_ok: boolean
  readonly facts: number
  readonly seq: number
  /** What is wrong, in words, the first FAULTS_TOLD; empty when nothing is. */
  readonly faults: readonly string[]
}

const FAULTS_TOLD = 100

/** `others`: what is wrong with rows that are no facts. */
export function verifyFacts(
  statements: FactStatements,
  lives: Lives,
  seq: Seq,
  others: readonly string[],
): Verification {
  const faults: string[] = []
  let chainOk = true
  let expected = NO_FACT
  let previous = CHAIN_GENESIS
  for (const row of statements.chain.iterate(NO_FACT)) {
    if (originOf(row.id) !== originOf(expected)) {
      expected = factIdOf(originOf(row.id), 1 as Seq)
      previous = CHAIN_GENESIS
    }
    const fault = chainFault(row, expected, previous)
    if (fault !== undefined) chainOk = false
    const told = fault ?? factFault(statements, lives, row)
    if (told !== undefined && faults.length < FAULTS_TOLD) faults.push(told)
    expected = (row.id + 1) as FactId
    previous = row.hash
  }
  return { chain_ok: chainOk, facts: statements.count.get() ?? 0, seq, faults: [...faults, ...others] }
}

function factFault(statements: FactStatements, lives: Lives, row: StoredFact): string | undefined {
  const { id, key, bytes, hash, answer } = row
  const decoded = decodeFact(bytes)
  if (!decoded.ok) return `fact ${seqOf(id)} cannot be read: ${decoded.malformed.reason}`
  const { id: ownId, key: ownKey } = decoded.value
  if (ownId !== id) return `fact ${seqOf(id)} says it is ${originOf(ownId)}/${seqOf(ownId)}`
  // The key of a stray is its successor's, and so is its receipt the successor's answer.
  if (ownKey !== key && key !== `${STRAY_KEY}${id}`)
    return `fact ${seqOf(id)} is filed under another key than its own`
  const stray = lives.strayOf(id)
  const answered = (stray === undefined ? undefined : statements.hash.get(stray)) ?? hash
  const receipt = `"hash":"${Buffer.from(answered).toString('hex')}"`
  // It was lost with a damaged file where it is empty (L-16).
  if (answer.length > 0 && !Buffer.from(answer).includes(receipt))
    return `fact ${seqOf(id)} has the answer of another`
  return isSoundFact(row) ? undefined : `the row of fact ${seqOf(id)} is not what was written`
}

export function chainFault(row: StoredFact, expected: FactId, previous: Uint8Array): string | undefined {
  if (row.id !== expected) return `fact ${seqOf(expected)} is missing`
  return sameHash(chainHash(previous, row.bytes), row.hash)
    ? undefined
    : `fact ${seqOf(row.id)} does not fit the hash chain`
}

/** The end of the open life's chain; throws where it is broken. `genesis`: the id before its first. */
export function walkTail(statements: FactStatements, genesis: FactId, seq: Seq, path: string): void {
  const before = Math.max(0, seq - CHAIN_TAIL_FACTS) as Seq
  let previous = before === 0 ? CHAIN_GENESIS : statements.hash.get((genesis + before) as FactId)
  let expected = (genesis + before + 1) as FactId
  for (const row of statements.chain.iterate((genesis + before) as FactId)) {
    const fault = previous === undefined ? `fact ${before} is missing` : chainFault(row, expected, previous)
    if (fault !== undefined) throw new LedgerDamaged(path, fault)
    previous = row.hash
    expected = (row.id + 1) as FactId
  }
}
