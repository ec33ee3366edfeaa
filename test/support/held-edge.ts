// A real till, ledger and link over a held line against a cloud worked by hand: real frames, real signatures, virtual time.
import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { expect } from 'vitest'
import { openLedger } from '../../edge/ledger/ledger.ts'
import type { Ledger } from '../../edge/ledger/ledger.ts'
import { Link } from '../../edge/sync/link.ts'
import { Till } from '../../edge/till/till.ts'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Origin } from '../../protocol/ids.ts'
import type { Money } from '../../protocol/numbers.ts'
import { HandCloud } from './hand-cloud.ts'
import { HeldNetwork } from './held-line.ts'
import { STORE } from './till-under-test.ts'
import { VirtualSystem } from './virtual-system.ts'

export interface HeldEdge {
  readonly ledger: Ledger
  readonly till: Till
  readonly link: Link
  readonly cloud: HandCloud
  readonly network: HeldNetwork
  readonly system: VirtualSystem
}

/** Enrolled, in its first life, and not started. */
export function heldEdge(): HeldEdge {
  const keys = newKeyPair()
  const cloud = new HandCloud(exportPublicKey(keys.publicKey))
  const system = new VirtualSystem()
  const network = new HeldNetwork()
  const ledger = openLedger({ directory: ':memory:' })
  ledger.enrol({
    edge: 7,
    origin: 3 as Origin,
    epoch: 1,
    store: STORE,
    privateKey: exportPrivateKey(keys.privateKey),
    cloudPublicKey: cloud.publicKey,
    cloudUrl: 'http://127.0.0.1:1',
  })
  const till = new Till({ ledger, system, software: 'test' })
  const log = pino({ level: 'silent' })
  const link = new Link({ ledger, till, system, open: network.factory, software: 'test', log })
  till.connect(link)
  return { ledger, till, link, cloud, network, system }
}

let sales = 0
/** Guest sales, all of one commit where they fit. */
export async function sell({ till, system }: HeldEdge, count: number): Promise<void> {
  const answers = Array.from({ length: count }, () => {
    const call = { terminal: 't1', key: `sale-${++sales}`, requestHash: randomBytes(32) }
    return till.write('sale', call, { lines: [{ sku: 'TEA', amount: 250 as Money }] })
  })
  await system.settle()
  for (const answer of await Promise.all(answers)) expect(answer.ok).toBe(true)
  await system.settle()
}
