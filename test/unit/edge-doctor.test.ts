// The doctor's words and the bundle that may be sent: what is wrong is said with what to do, and nothing of a member or a key is in it.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chmodSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askCloud } from '../../edge/doctor-cloud.ts'
import { main } from '../../edge/doctor-command.ts'
import { doctor } from '../../edge/doctor.ts'
import { LEDGER_FILE } from '../../edge/ledger/database.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { Points } from '../../protocol/numbers.ts'
import type { Millis } from '../../protocol/time.ts'
import { NOW, TillUnderTest } from '../support/till-under-test.ts'
import { layDown } from '../versions/recorded-files.ts'

const HOUR_MS = 3_600_000
const CANARIES = [
  'Canary Jones',
  '+447700900777',
  'canary-card-4711',
  'not used here',
  'canary-key',
  'canary-sku',
]

let shop: TillUnderTest
beforeEach(async () => {
  shop = new TillUnderTest()
  const identities = [
    { kind: 'phone', value: '+447700900777' },
    { kind: 'card', value: 'canary-card-4711' },
  ] as const
  const { receipt } = await shop.done(
    'enrolment',
    { name: 'Canary Jones', identities: [...identities] },
    'canary-key',
  )
  await shop.done('sale', { member: receipt.id, lines: [{ sku: 'canary-sku', quantity: 1000, amount: 100 }] })
})
afterEach(() => {
  shop.remove()
  process.exitCode = undefined
})

const wrongIn = async (now = NOW): Promise<string[]> =>
  (await doctor(shop.directory, now)).filter(({ ok }) => !ok).map(({ about }) => about)

test('DR-1 a store that sells: nothing but that the cloud was never heard', async () => {
  expect((await wrongIn()).filter((about) => about !== 'flush')).toEqual(['sync'])
})

test('DR-1 a clock that is behind, a node that is not running, a file that is cut', async () => {
  expect(await wrongIn(Date.UTC(1970, 0, 2))).toContain('clock')
  shop.ledger.close()
  expect(await wrongIn()).toContain('lock')
  truncateSync(join(shop.directory, LEDGER_FILE), 5000)
  expect(await wrongIn()).toContain('chain')
  writeFileSync(join(shop.directory, LEDGER_FILE), 'no ledger'.repeat(1000))
  const findings = await doctor(shop.directory, NOW)
  expect(findings.filter(({ ok }) => !ok).every(({ advice }) => (advice ?? '').length > 10)).toBe(true)
  shop.remove()
  shop = new TillUnderTest()
})

test('DR-1 what may not be looked at, and what is no ledger, is a finding with what to do', async () => {
  shop.ledger.close()
  const file = join(shop.directory, LEDGER_FILE)
  const told = async (directory = shop.directory): Promise<string> =>
    (await doctor(directory, NOW)).map(({ found, advice }) => `${found} ${advice ?? ''}`).join('\n')
  expect(await told(join(shop.directory, 'none'))).toContain('There is no directory')
  for (const bytes of ['', 'no ledger'.repeat(1000)]) {
    writeFileSync(file, bytes)
    for (const name of ['-wal', '-shm']) rmSync(file + name, { force: true })
    expect(await wrongIn(), bytes.slice(0, 9)).toEqual(expect.arrayContaining(['damage', 'chain']))
    expect(await told()).toContain('puts a damaged file aside')
  }
  rmSync(file)
  layDown(1, 'edge', shop.directory)
  expect(await told()).toContain('is brought to 2 at the next start')
  rmSync(file)
  writeFileSync(join(shop.directory, 'cloud.db'), '')
  expect(await told()).toContain('of a cloud, not of a store')
  shop.remove()
  shop = new TillUnderTest()
})

test('DR-1 N-9 whether the cloud answers, and what stands between', async () => {
  let answer = (response: ServerResponse): unknown => response.end('{"status":"live"}')
  const server = createServer((_request, response) => answer(response.setHeader('connection', 'close')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ask = (now = Date.now()) => askCloud(`http://127.0.0.1:${port}/`, () => now)
  expect(await ask()).toMatchObject({ ok: true, advice: null })
  expect((await ask(0)).found).toMatch(/[0-9]+ minutes apart/)
  answer = (response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to our WiFi')
  expect((await ask()).found).toContain('asks for a login')
  answer = (response) => response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{}')
  expect(await ask()).toMatchObject({ ok: false, advice: expect.stringContaining('--cloud') as string })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect((await ask()).found).toContain('nothing listens')
})

test('DR-1 what may be spent without the cloud is told, and when that ends soon it is to be looked at', async () => {
  const about = async (now: number) =>
    (await doctor(shop.directory, now)).find((one) => one.about === 'leases')
  expect(await about(NOW)).toMatchObject({
    ok: true,
    found: expect.stringContaining('Nothing is set apart') as string,
  })
  const term = { lease: 1, subject: 'points', member: 1 as MemberId, item: 0, code: null } as const
  shop.till.takeLeases({
    type: 'leases',
    cursor: 1,
    leases: [
      { ...term, granted: 80, used: 0, cap: 50 as Points, expires: (NOW + 2 * HOUR_MS) as Millis, recall: 0 },
    ],
  })
  expect(await about(NOW)).toMatchObject({ ok: true, found: expect.stringContaining('80 points') as string })
  expect(await about(NOW + 1.5 * HOUR_MS)).toMatchObject({
    ok: false,
    advice: expect.stringContaining('in touch') as string,
  })
  expect(await about(NOW + 3 * HOUR_MS)).toMatchObject({
    found: expect.stringContaining('Nothing is set apart') as string,
  })
})

test('DR-2 S37 the bundle holds no member, no name and no key', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillstream-bundle-'))
  writeFileSync(join(shop.directory, 'canary-file of somebody'), '')
  chmodSync(shop.directory, 0o755)
  const file = join(folder, 'bundle.json')
  const said: string[] = []
  await main(['--data', shop.directory, '--to', file], (text) => said.push(text))
  const bundle = readFileSync(file, 'utf8')
  rmSync(folder, { recursive: true })
  expect(JSON.parse(bundle)).toMatchObject({ rows: { facts: 2, members: 1 } })
  // The doctor's own words may say where: `chmod 700 DIR`.
  for (const canary of [shop.directory, 'canary-file']) expect(bundle).not.toContain(canary)
  await main(['--data', shop.directory], (words) => said.push(words))
  const text = bundle + said.join('')
  for (const canary of CANARIES) expect(text).not.toContain(canary)
})
