// Codes, guesses and enrolment on the real store, with a clock and a source of bytes that the test holds.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { attested } from '../../protocol/attestation.ts'
import { exportPublicKey, newKeyPair } from '../../protocol/envelope.ts'
import type { Origin, ProgramVersion, Seq } from '../../protocol/ids.ts'
import {
  ENROL_CODE_MS_MAX,
  ENROL_GUESSES_MAX,
  ENROL_GUESSES_TOTAL_MAX,
  ENROL_GUESS_WINDOW_MS,
} from '../../protocol/limits.ts'
import type { Millis } from '../../protocol/time.ts'
import { enrolCode, enrolCodeHash } from '../../cloud/fleet/enrol-code.ts'
import { Fleet } from '../../cloud/fleet/fleet.ts'
import type { Contact } from '../../cloud/fleet/fleet.ts'
import { Attestations } from '../../cloud/sync/attestations.ts'
import { systemWith } from '../../cloud/system.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'

const T0 = Date.UTC(2026, 5, 1)

let directory: ReturnType<typeof freshDirectory>
let now: number
let cloud: CloudCore
let fleet: Fleet
let live: Map<Origin, Contact>
let store: number

const publicKey = (): string => exportPublicKey(newKeyPair().publicKey)
const request = (code: string, key = publicKey()) => ({ code, public_key: key, software: 'test/1' })

beforeEach(async () => {
  directory = freshDirectory()
  now = T0
  const clock = { now: () => now }
  cloud = new CloudCore(directory.path, clock)
  await cloud.found(null)
  live = new Map()
  fleet = new Fleet({
    store: cloud.store,
    system: systemWith(clock),
    cloudPublicKey: 'cloud-key',
    ingest: cloud.ingest,
    certifier: cloud.certifier,
    attest: async (edge, lives) => `${edge.id}: ${lives.map(({ epoch }) => epoch).join()}`,
    connected: () => live,
  })
  const added = await fleet.addStore(cloud.tenant, 'Camden', 'Europe/London')
  if (!added.ok) throw new Error('added')
  store = added.value.id
})

afterEach(async () => {
  await cloud.store.close()
  directory.remove()
})

async function newCode(): Promise<string> {
  const made = await fleet.newCode(cloud.tenant, store as never)
  if (!made.ok) throw new Error(made.refusal.detail)
  return made.value.code
}

async function refusal(code: string, caller = 'a'): Promise<string> {
  const result = await fleet.enrol(request(code), caller)
  return result.ok ? 'enrolled' : result.refusal.code
}

describe('codes', () => {
  test('G-1 a code is 80 random bits in four groups of letters that cannot be mistaken', async () => {
    expect(enrolCode(new Uint8Array(10))).toBe('0000-0000-0000-0000')
    expect(enrolCode(new Uint8Array(10).fill(255))).toBe('ZZZZ-ZZZZ-ZZZZ-ZZZZ')
    const codes = new Set<string>()
    for (let index = 0; index < 20; index++) codes.add(await newCode())
    expect(codes.size).toBe(20)
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/)
  })

  test('G-1 how a person types it does not matter', () => {
    expect(enrolCodeHash('k7qx 2m9d-i0l1 oooo')).toBe(enrolCodeHash('K7QX-2M9D-1011-0000'))
    expect(enrolCodeHash('K7QX-2M9D-1011-0000')).not.toBe(enrolCodeHash('K7QX-2M9D-1011-0001'))
  })

  test('G-1 the store keeps the hash, never the code', async () => {
    const code = await newCode()
    const row = await cloud.store.write((tx) => tx.code(enrolCodeHash(code)))
    expect(row).toMatchObject({ store, usedBy: null, expires: T0 + ENROL_CODE_MS_MAX })
    expect(JSON.stringify(row)).not.toContain(code.replaceAll('-', ''))
  })

  test('a store that is not there gets no code, and a zone must exist', async () => {
    expect(await fleet.newCode(cloud.tenant, 999 as never)).toMatchObject({
      refusal: { code: 'store_not_found' },
    })
    expect(await fleet.newCode(cloud.tenant + 1, store as never)).toMatchObject({
      refusal: { code: 'store_not_found' },
    })
    expect(await fleet.addStore(cloud.tenant, 'x', 'Europe/Nowhere')).toMatchObject({
      refusal: { code: 'input_invalid', param: '/zone' },
    })
  })
})

describe('enrolment', () => {
  test('G-1 a code exchanges a key for edge, origin, epoch, store and the cloud key', async () => {
    const enrolled = await fleet.enrol(request(await newCode()), 'a')
    expect(enrolled).toMatchObject({
      ok: true,
      value: {
        edge: 1,
        epoch: 1,
        store: { id: store, name: 'Camden', zone: 'Europe/London' },
        cloudPublicKey: 'cloud-key',
      },
    })
    expect(await fleet.edges(cloud.tenant)).toMatchObject([
      { edge: 1, connected: false, seq: 0, lag: 0, software: 'test/1', contactAt: T0 },
    ])
  })

  test('G-1 a code works once; the same device asking again gets the same answer, another one nothing', async () => {
    const code = await newCode()
    const mine = request(code)
    const first = await fleet.enrol(mine, 'a')
    expect(await fleet.enrol(mine, 'a')).toEqual(first)
    expect(await refusal(code)).toBe('code_unknown')
    expect(await fleet.edges(cloud.tenant)).toHaveLength(1)
  })

  test('G-1 of devices that race with one code exactly one wins', async () => {
    const code = await newCode()
    const results = await Promise.all(Array.from({ length: 8 }, () => fleet.enrol(request(code), 'a')))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await fleet.edges(cloud.tenant)).toHaveLength(1)
  })

  test('G-1 a code ends with its time', async () => {
    const code = await newCode()
    now = T0 + ENROL_CODE_MS_MAX
    expect(await refusal(code)).toBe('code_unknown')
    now -= 1
    expect(await refusal(code)).toBe('enrolled')
  })

  test('a key that is none is refused before the code is used up', async () => {
    const code = await newCode()
    expect(await fleet.enrol(request(code, 'bm90IGEga2V5'), 'a')).toMatchObject({
      refusal: { code: 'input_invalid', param: '/public_key' },
    })
    expect(await refusal(code)).toBe('enrolled')
  })
})

describe('guesses', () => {
  test('G-4 wrong codes from one address are slowed down, also a right one after them; others go on', async () => {
    const code = await newCode()
    for (let guess = 0; guess < ENROL_GUESSES_MAX; guess++)
      expect(await refusal(`AAAA-${guess}`)).toBe('code_unknown')
    const locked = await fleet.enrol(request(code), 'a')
    expect(locked).toMatchObject({
      refusal: { code: 'too_many_requests', retryAfterS: ENROL_GUESS_WINDOW_MS / 1000 },
    })
    expect(await refusal(code, 'b')).toBe('enrolled')
    now += ENROL_GUESS_WINDOW_MS
    expect(await refusal('AAAA')).toBe('code_unknown')
  })

  test('G-4 guesses sent at once are counted like guesses sent in turn', async () => {
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, guess) => refusal(`BBBB-${guess}`)))
    expect(outcomes.filter((code) => code === 'code_unknown')).toHaveLength(ENROL_GUESSES_MAX)
    expect(outcomes.filter((code) => code === 'too_many_requests')).toHaveLength(100 - ENROL_GUESSES_MAX)
  })

  test('G-4 many addresses together are slowed down too', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, (_, guess) => refusal(`CCCC-${guess}`, `address ${guess % 250}`)),
    )
    expect(outcomes.filter((code) => code === 'code_unknown')).toHaveLength(ENROL_GUESSES_TOTAL_MAX)
  })

  test('G-4 right codes are no guesses, and a clock set back locks nobody out', async () => {
    for (let device = 0; device < ENROL_GUESSES_MAX + 5; device++)
      expect(await refusal(await newCode())).toBe('enrolled')
    for (let guess = 0; guess < ENROL_GUESSES_MAX; guess++) await refusal('DDDD')
    now = T0 - 10 * ENROL_GUESS_WINDOW_MS
    expect(await refusal('DDDD')).toBe('code_unknown')
  })
})

describe('the fleet list', () => {
  test('G-3 says how far each edge is here, how far it said it is, and what is between', async () => {
    const enrolled = await fleet.enrol(request(await newCode()), 'a')
    if (!enrolled.ok) throw new Error('enrolled')
    const { origin } = enrolled.value
    const said = {
      saidSeq: 12 as Seq,
      contactAt: (T0 + 5) as Millis,
      software: 'edge/2',
      program: 3 as ProgramVersion,
    }
    await cloud.store.write((tx) => tx.saveContact({ origin, ...said }))
    await cloud.store.write((tx) => tx.saveOrigins([{ origin, seq: 4 as Seq, head: new Uint8Array(32) }]))
    expect(await fleet.edges(cloud.tenant)).toMatchObject([
      { connected: false, seq: 4, saidSeq: 12, lag: 8, software: 'edge/2', program: 3, contactAt: T0 + 5 },
    ])
    live.set(origin, { ...said, saidSeq: 20 as Seq })
    expect(await fleet.edges(cloud.tenant)).toMatchObject([{ connected: true, saidSeq: 20, lag: 16 }])
    await cloud.store.write((tx) => tx.saveOrigins([{ origin, seq: 25 as Seq, head: new Uint8Array(32) }]))
    expect(await fleet.edges(cloud.tenant)).toMatchObject([{ seq: 25, saidSeq: 25, lag: 0, state: 'active' }])
  })
})

test('P-ATT-1 what was signed for a device is kept with it: a fleet that returns costs no signature, new lives cost one', async () => {
  const { privateKey, publicKey: ours } = newKeyPair()
  const made = await fleet.enrol(request(await newCode()), 'a')
  if (!made.ok) throw new Error(made.refusal.detail)
  const { edge: id, origin, epoch, spares } = made.value
  const lives = [{ origin, epoch }, ...spares]
  const word = async (given = lives) => {
    // As after a restart: nothing is in memory.
    const attestations = new Attestations(cloud.store, privateKey)
    const edge = await cloud.store.read.edge(id)
    if (edge === undefined) throw new Error('enrolled')
    return { text: await attestations.of(edge, 1, given), signed: attestations.signed }
  }
  const first = await word()
  expect(first.signed).toBe(1)
  expect(attested(first.text, ours)).toMatchObject({ edge: id, lives })
  expect(await word()).toEqual({ text: first.text, signed: 0 })
  expect((await word(lives.slice(1))).signed).toBe(1)
  expect((await word(lives.slice(1))).signed).toBe(0)
})
