// What a device may try that speaks the protocol well: another tenant's ledger, a batch that was changed on the way, the same batches again and again.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { judgeHello, tailOf } from '../../cloud/domain/lives.ts'
import { encodeFrame } from '../../protocol/codec.ts'
import { exportPublicKey, newKeyPair, seal, unseal } from '../../protocol/envelope.ts'
import type { Seq } from '../../protocol/ids.ts'
import type { Millis } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import type { OriginWriter } from '../support/origin-writer.ts'
import { SMALL_PROGRAM } from '../support/programs.ts'
import { seededRandom } from '../support/random.ts'

const T0 = Date.UTC(2026, 0, 5, 10)
const REPLAYS = 1_000
const BATCH = 5

let directory: ReturnType<typeof freshDirectory>
let cloud: CloudCore
let store: OriginWriter

beforeEach(async () => {
  directory = freshDirectory()
  cloud = new CloudCore(directory.path, { now: () => T0 + 3_600_000 })
  await cloud.found(SMALL_PROGRAM)
  store = await cloud.addStore()
  const member = store.enrol({ at: T0 }, [{ kind: 'card', value: '1' }])
  for (let n = 1; n < 6 * BATCH; n++) store.sale({ at: T0 + n, member }, [{ sku: 'TEA', amount: 100 * n }])
})
afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

const rows = async () => (await cloud.store.read.facts(cloud.tenant, {}, { after: 0, limit: 1_000 })).length

test('S02 a device of one tenant that names the ledger of another is a stranger, and nothing is written', async () => {
  const hello = store.hello(new Uint8Array(16))
  await cloud.ingest.submit(store.origin, store.batch(1, BATCH))
  const before = await rows()
  const verdict = await cloud.store.write(async (tx) => {
    const tenant = await tx.insertTenant('Somebody else')
    const row = await tx.insertStore(tenant, 'Elsewhere', 'UTC')
    const publicKey = exportPublicKey(newKeyPair().publicKey)
    const edge = await tx.insertEdge({ tenant, store: row.id, publicKey, enrolledAt: T0 as Millis })
    return { edge, said: await judgeHello(tx, edge, hello, T0 as Millis) }
  })
  expect(verdict.said).toEqual({ word: 'stranger' })
  // Nor is it told anything of that ledger.
  const asked = { type: 'past', origin: store.origin, after: 0 as Seq, hash: hello.base } as const
  expect(await tailOf(cloud.store.read, verdict.edge, asked)).toMatchObject({ facts: [], seq: 0 })
  expect(await rows()).toBe(before)
  expect((await cloud.store.read.origin(store.origin))?.state).toBe('open')
  expect(verdict.edge.store).not.toBe(store.store)
})

test('S08 a batch with one bit flipped anywhere, or signed with another key, is not read', () => {
  const { privateKey, publicKey } = newKeyPair()
  const frame = encodeFrame(store.batch(1, 2))
  const sealed = seal(frame, privateKey)
  expect(unseal(sealed, publicKey)).toEqual(frame)
  for (let bit = 0; bit < sealed.length * 8; bit += 5) {
    const flipped = Buffer.from(sealed)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(unseal(flipped, publicKey), `bit ${bit}`).toBeUndefined()
  }
  expect(unseal(seal(frame, newKeyPair().privateKey), publicKey)).toBeUndefined()
})

test('S10 the same batches a thousand times in any order leave the ledger as it was', async () => {
  const random = seededRandom(10)
  const send = (n: number) => cloud.ingest.submit(store.origin, store.batch(n * BATCH + 1, (n + 1) * BATCH))
  for (let n = 0; n < 6; n++) await send(n)
  const read = async () => ({
    facts: await cloud.store.read.facts(cloud.tenant, {}, { after: 0, limit: 1_000 }),
    members: await cloud.store.read.members(cloud.tenant, { after: 0, limit: 10 }),
    origin: await cloud.store.read.origin(store.origin),
    conflicts: await cloud.store.read.conflicts(cloud.tenant, false, { after: 0, limit: 10 }),
  })
  const before = await read()
  expect(before.facts).toHaveLength(store.seq)
  const answers = await Promise.all(Array.from({ length: REPLAYS }, () => send(random.below(6))))
  // Every replay is acknowledged as what is there already.
  for (const answer of answers) expect(answer).toMatchObject({ type: 'ack', seq: store.seq })
  expect(await read()).toEqual(before)
  await cloud.outcomes()
})
