// A real edge for the benches: ledger on disk with FULL, an identity of its own, no cloud in reach. Prints its port and tokens. `GET`s beside the
// local API are not added: what the feed bench needs is asked over stdin: a line `N` records N sales in groups of PER_TURN, `tell N` tells N activities.
import { createInterface } from 'node:readline'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { exportPrivateKey, exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Identity } from '../../protocol/facts.ts'
import type { Origin, ProgramVersion, StoreId } from '../../protocol/ids.ts'
import type { Money } from '../../protocol/numbers.ts'
import { hybridTime } from '../../protocol/time.ts'
import { openLedger } from '../../edge/ledger/ledger.ts'
import { startEdge } from '../../edge/node.ts'
import { SMALL_PROGRAM } from '../../test/support/programs.ts'
import { MEMBERS, PER_TURN, activityAt, amountAt, memberAt, memberName, tillAt } from '../feed/activities.ts'

const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-edge-'))
const ledger = openLedger({ directory })
ledger.enrol({
  edge: 1,
  origin: 2 as Origin,
  epoch: 1,
  store: { id: 1 as StoreId, name: 'Bench', zone: 'Europe/London' },
  privateKey: exportPrivateKey(newKeyPair().privateKey),
  cloudPublicKey: exportPublicKey(newKeyPair().publicKey),
  cloudUrl: 'http://127.0.0.1:9',
})
ledger.close()
const log = pino({ enabled: false })
const node = await startEdge({ directory, port: 0, host: '127.0.0.1', log })
node.till.takeProgram({
  type: 'program',
  version: 1 as ProgramVersion,
  effective_from: hybridTime(Date.UTC(1980, 0, 1)),
  document: JSON.stringify(SMALL_PROGRAM),
})
/** Of the members of the bench's sales. */
const cards: readonly Identity[] = Array.from({ length: MEMBERS }, (_, member) => ({
  kind: 'card',
  value: `${1000 + member}`,
}))
let recorded = 0

async function enrol(): Promise<void> {
  await Promise.all(
    cards.map((card, member) => {
      const call = { terminal: tillAt(member), key: `member-${member}`, requestHash: Buffer.alloc(32) }
      return node.till.write('enrolment', call, { name: memberName(member), identities: [card] })
    }),
  )
}

await enrol()
const admin = readFileSync(join(directory, 'admin.token'), 'utf8').trim()
process.stdout.write(`${JSON.stringify({ listening: node.port, admin, directory })}\n`)

async function record(count: number): Promise<void> {
  for (let left = count; left > 0; left -= PER_TURN) {
    await Promise.all(
      Array.from({ length: Math.min(PER_TURN, left) }, () => {
        const n = ++recorded
        const member = memberAt(n)
        const card = member === undefined ? undefined : cards[member]
        const input = {
          ...(card === undefined ? {} : { member: card }),
          lines: [{ sku: 'A1', category: 'BAG', quantity: 1, amount: amountAt(n) as Money }],
        }
        const call = { terminal: tillAt(n), key: `bench-${n}`, requestHash: Buffer.alloc(32) }
        return node.till.write('sale', call, input)
      }),
    )
  }
}

/** Activities alone, stored as those of facts are: a transaction, a frame, every position kept. */
async function tell(count: number): Promise<void> {
  const { ledger: book, till } = node
  const { feed } = till
  for (let left = count; left > 0; left -= PER_TURN) {
    book.transact(() => {
      for (let n = 0; n < Math.min(PER_TURN, left); n++) feed.add(activityAt(feed.next))
      feed.seal()
    })
    feed.publish()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [word, count] = line.split(' ')
  void (word === 'tell' ? tell(Number(count)) : record(Number(word)))
})
process.on('SIGTERM', () => {
  void node.stop().finally(() => {
    rmSync(directory, { recursive: true, force: true })
    process.exit(0)
  })
})
