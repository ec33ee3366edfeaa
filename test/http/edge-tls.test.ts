// TLS of a store's node over real sockets, with certificates of a real CA: at enrolment, over the line, by whom it is believed, exchanged while it
// serves, and near its end (TLS, G-11, KW-5).
import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Certifier } from '../../cloud/fleet/certifier.ts'
import { systemWith as cloudSystem } from '../../cloud/system.ts'
import { parseConfig } from '../../edge/config.ts'
import { doctor } from '../../edge/doctor.ts'
import { FeedClient } from '../../edge/kit/feed-client.ts'
import { TerminalClient } from '../../edge/kit/terminal-client.ts'
import { trustingSockets } from '../../edge/kit/trusted-socket.ts'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode, EdgeOptions } from '../../edge/node.ts'
import { realSystem } from '../../edge/system.ts'
import { TLS_FILE, readCertificate, writeCertificate } from '../../edge/tls/certificate-file.ts'
import { newTlsKey } from '../../edge/tls/certificate-keeper.ts'
import { ownNames } from '../../edge/tls/own-names.ts'
import type { Certified } from '../../protocol/frames/certificate.ts'
import type { CertificateRequest } from '../../protocol/frames/certify.ts'
import type { Held } from '../../protocol/frames/holds.ts'
import { CERTIFICATE_DAYS, CERTIFICATE_RENEW_DAYS, CERTIFICATE_WARN_DAYS } from '../../protocol/limits.ts'
import { DAY_MS } from '../../protocol/time.ts'
import { CloudCore, freshDirectory } from '../support/cloud-core.ts'
import { CloudUnderTest } from '../support/cloud-node.ts'
import { EdgeUnderTest, ONE_SALE, until } from '../support/edge-under-test.ts'
import { get, portOf } from '../support/tls-get.ts'

const NAMES = ['localhost', '127.0.0.1']
const TLS = { host: '127.0.0.1', port: 0 }
const log = pino({ level: 'silent' })

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step()
})

/** A tenant's CA whose clock stands `daysAgo`. */
async function certifierOf(daysAgo = 0): Promise<{ certifier: Certifier; tenant: number }> {
  const { path, remove } = freshDirectory()
  const clock = { now: () => Date.now() - daysAgo * DAY_MS }
  const core = new CloudCore(path, clock)
  await core.found(null)
  cleanUp.push(async () => {
    await core.store.close()
    remove()
  })
  return { certifier: new Certifier({ store: core.store, system: cloudSystem(clock) }), tenant: core.tenant }
}

async function certified(request: CertificateRequest, daysAgo = 0): Promise<Certified> {
  const { certifier, tenant } = await certifierOf(daysAgo)
  const made = await certifier.certify(tenant, 7, request)
  if (!made.ok) throw new Error(made.refusal.detail)
  return made.value
}

/** Puts a certificate into a node's directory, `daysAgo` old. */
async function placeCertificate(directory: string, daysAgo = 0): Promise<Certified> {
  const key = newTlsKey(ownNames([]))
  const made = await certified(key.request, daysAgo)
  expect(writeCertificate(directory, key.privateKey, made)).toBeDefined()
  return made
}

describe('a real cloud and a real edge', () => {
  let cloud: CloudUnderTest
  let home: ReturnType<typeof freshDirectory>
  let node: EdgeNode | undefined

  beforeEach(async () => {
    cloud = await CloudUnderTest.start()
    home = freshDirectory()
    chmodSync(home.path, 0o700)
  })
  afterEach(async () => {
    await node?.stop()
    node = undefined
    await cloud.stop()
    home.remove()
  })

  const start = async (more: Partial<EdgeOptions> = {}): Promise<EdgeNode> => {
    await node?.stop()
    node = await startEdge({
      directory: home.path,
      host: '127.0.0.1',
      port: 0,
      log,
      cloud: cloud.url,
      ...more,
    })
    return node
  }
  const ca = async (): Promise<string> => (await cloud.ask('/ca.crt', { token: null })).text

  test('TLS-1 TLS-2 TLS-6 G-11: the enrolment brings a certificate, and the CA of HQ proves the node', async () => {
    const code = await cloud.code(await cloud.addStore('Bath'))
    const edge = await start({ enrol: code, tls: TLS, hostNames: ['bath.lan', 'bath.example.com'] })
    expect(statSync(join(home.path, TLS_FILE)).mode & 0o777).toBe(0o600)
    expect(statSync(join(cloud.directory, 'cloud.db')).mode & 0o777).toBe(0o600)
    const trusted = { ca: await ca() }
    expect(await get(portOf(edge), '/livez', trusted)).toMatchObject({ status: 200, body: '{"alive":true}' })
    expect((await get(portOf(edge), '/livez', { ...trusted, host: 'localhost' })).status).toBe(200)
    // TLS-6: the same, from the node itself.
    const own = await fetch(`http://127.0.0.1:${edge.port}/ca.crt`)
    expect(own.headers.get('content-type')).toBe('application/x-x509-ca-cert')
    expect(await own.text()).toBe(trusted.ca)
    const held = readCertificate(home.path)
    expect(held?.covers('bath.lan')).toBe(true)
    expect(held?.covers('bath.example.com')).toBe(false)
    const days = ((held?.until ?? 0) - (held?.from ?? 0)) / DAY_MS
    expect(days).toBe(CERTIFICATE_DAYS)
  })

  test('TLS-3 P-SYNC-9: an edge of an earlier release, or one that was put back, gets its certificate over the line and serves from then on', async () => {
    const code = await cloud.code(await cloud.addStore('Bath'))
    await start({ enrol: code })
    await node?.stop()
    rmSync(join(home.path, TLS_FILE))
    const edge = await start({ tls: TLS })
    await until('TLS is served', () => edge.tlsPort !== null)
    expect((await get(portOf(edge), '/livez', { ca: await ca() })).status).toBe(200)
  })

  test('G-11: an enrolment without a TLS key, as earlier releases ask, is answered as before', async () => {
    const device = await cloud.addDevice()
    expect(device.edge).toBeGreaterThan(0)
  })

  test('G-11: an enrolment asked with what cannot be certified is an enrolment without a certificate', async () => {
    const code = await cloud.code(await cloud.addStore('Bath'))
    const key = newTlsKey(['www.bank.example', '8.8.8.8'])
    const { public_key } = newTlsKey(NAMES).request
    const enrol = (tls: object): Promise<unknown> =>
      cloud
        .post('/v1/enrol', { code, public_key: ED25519, software: 'test/1', tls }, { token: null })
        .then(({ json }) => json)
    expect(await enrol(key.request)).not.toHaveProperty('tls')
    expect(await enrol({ public_key: ED25519, names: NAMES })).not.toHaveProperty('tls')
    expect(await enrol({ public_key, names: NAMES })).toHaveProperty('tls.certificate')
  })

  test('G-11: the CA stays the same over restarts of the cloud', async () => {
    const before = await ca()
    const again = await cloud.ask('/ca.crt', { token: null })
    expect(again.headers.get('content-type')).toContain('application/x-x509-ca-cert')
    expect(again.text).toBe(before)
  })
})

// A key of the right form for `public_key` of an enrolment, and the wrong one for TLS.
const ED25519 = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='

test('G-13: a device counts under the CA of the certificate it says it holds, and gets another until that is of the one that signs', async () => {
  const { certifier, tenant } = await certifierOf()
  const { request } = newTlsKey(NAMES)
  const counts = async (): Promise<number[]> =>
    (await certifier.authorities(tenant)).map(({ devices }) => devices)
  const held = async (): Promise<Held> => (await certifier.held(tenant)).get(7) ?? expect.unreachable()
  await certifier.certify(tenant, 7, request)
  const first = await held()
  await certifier.holds(tenant, 7, first)
  for (const step of ['announce', 'change'] as const) await certifier.step(tenant, step)
  const sent = [await certifier.again(tenant, 7), await certifier.again(tenant, 7)]
  expect(await counts()).toEqual([0, 1])
  expect(await held()).toEqual(first)
  const [, last] = sent.map((one) => new X509Certificate(one?.certificate ?? ''))
  const ca = last?.issuer.slice('CN='.length) ?? ''
  await certifier.holds(tenant, 7, { ...first, serial: last?.serialNumber.toLowerCase() ?? '', ca })
  expect(await counts()).toEqual([1, 0])
  expect(await certifier.again(tenant, 7)).toBeUndefined()
  // Whose file is gone has none: it asks by itself where it needs one.
  await certifier.holds(tenant, 7, null)
  expect(await counts()).toEqual([0, 0])
  expect(await certifier.again(tenant, 7)).toBeUndefined()
})

describe('G-11: what is certified', () => {
  test('local names and addresses, each once; a request with none of them is refused', async () => {
    const { certifier, tenant } = await certifierOf()
    const asked = [
      'till.local',
      'till.local',
      'bank.example',
      '10.1.2.3',
      '8.8.8.8',
      'fd00::1',
      '2001:db8::1',
      'a b.local',
    ]
    const { privateKey, request: whole } = newTlsKey(asked)
    const made = await certifier.certify(tenant, 7, whole)
    if (!made.ok) throw new Error(made.refusal.detail)
    const { path, remove } = freshDirectory()
    cleanUp.push(remove)
    const held = writeCertificate(path, privateKey, made.value)
    expect(asked.map((name) => held?.covers(name))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
      false,
      false,
    ])
    const none = await certifier.certify(tenant, 7, { ...whole, names: ['localhost.example', '1.1.1.1'] })
    expect(none).toMatchObject({ ok: false, refusal: { code: 'input_invalid', param: '/names' } })
  })

  test('TLS-1: what is not for the key, or not of the CA it came with, is not written', async () => {
    const { path, remove } = freshDirectory()
    cleanUp.push(remove)
    const mine = newTlsKey(NAMES)
    const made = await certified(mine.request)
    const other = await certified(newTlsKey(NAMES).request)
    expect(writeCertificate(path, newTlsKey(NAMES).privateKey, made)).toBeUndefined()
    expect(writeCertificate(path, mine.privateKey, { ...made, ca: other.ca })).toBeUndefined()
    expect(writeCertificate(path, mine.privateKey, { certificate: 'no', ca: 'no' })).toBeUndefined()
    expect(existsSync(join(path, TLS_FILE))).toBe(false)
  })
})

describe('an edge with a line the test holds', () => {
  let edge: EdgeUnderTest
  beforeEach(async () => {
    edge = await EdgeUnderTest.start()
  })
  afterEach(() => edge.stop())

  /** The certificate request the edge has sent, if it has. */
  const asked = (): CertificateRequest | undefined =>
    edge.cloud.hear(edge.network.line).flatMap((frame) => (frame.type === 'certify' ? [frame] : []))[0]
  const online = async (): Promise<CertificateRequest | undefined> => {
    edge.cloud.greet(edge.network.line)
    await new Promise((resolve) => void setImmediate(resolve))
    return asked()
  }

  test('S33: another CA, a wrong host and an old version of TLS are refused', async () => {
    const { ca } = await placeCertificate(edge.directory)
    await edge.restart({ tls: TLS })
    const port = portOf(edge.node)
    const other = await certified(newTlsKey(NAMES).request)
    await expect(get(port, '/livez', { ca: other.ca })).rejects.toThrow(/self-signed|unable to verify|issuer/)
    const wrongHost = new Promise((resolve, reject) => {
      const socket = connectTls({ host: '127.0.0.1', port, ca, servername: 'other.local' }, () =>
        resolve(null),
      )
      socket.on('error', reject)
    })
    await expect(wrongHost).rejects.toThrow(/altnames/)
    const old = new Promise((resolve, reject) => {
      const socket = connectTls(
        {
          host: '127.0.0.1',
          port,
          ca,
          minVersion: 'TLSv1',
          maxVersion: 'TLSv1.1',
          ciphers: 'DEFAULT@SECLEVEL=0',
        },
        () => resolve(null),
      )
      socket.on('error', reject)
    })
    await expect(old).rejects.toThrow(/protocol|version|alert/i)
    // Plain HTTP to the TLS port gets no answer and no redirect.
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow('fetch failed')
  })

  test('TLS-3 TLS-4: an ended certificate is believed by nobody; the next one counts at once, and open lines go on', async () => {
    const ended = await placeCertificate(edge.directory, CERTIFICATE_DAYS + 1)
    await edge.restart({ tls: TLS })
    const port = portOf(edge.node)
    await expect(get(port, '/livez', { ca: ended.ca })).rejects.toThrow(/expired/)
    const open = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
    await new Promise((resolve) => void open.once('secureConnect', resolve))
    const wanted = await online()
    if (wanted === undefined) throw new Error('nothing was asked')
    const renewed = await certified(wanted)
    edge.cloud.say(edge.network.line, { type: 'certificate', ...renewed })
    edge.network.line.deliver()
    await until('the new one is served', () =>
      get(port, '/livez', { ca: renewed.ca }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    )
    const answer = new Promise<string>(
      (resolve) => void open.once('data', (bytes: Buffer) => resolve(bytes.toString())),
    )
    open.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
    expect(await answer).toContain('200 OK')
    open.destroy()
    await edge.restart({ tls: TLS })
    expect((await get(portOf(edge.node), '/livez', { ca: renewed.ca })).status).toBe(200)
  })

  test('TLS-3: what was exchanged many times is served as the last', async () => {
    await placeCertificate(edge.directory, CERTIFICATE_DAYS + 1)
    await edge.restart({ tls: TLS })
    const port = portOf(edge.node)
    for (let turn = 0; turn < 4; turn++) {
      const wanted = await online()
      if (wanted === undefined) throw new Error('nothing was asked')
      // Nearly over each time, so that the next line asks again.
      const next = await certified(wanted, CERTIFICATE_DAYS - 2 - turn)
      edge.cloud.say(edge.network.line, { type: 'certificate', ...next })
      edge.network.line.deliver()
      await until('it is served', () =>
        get(port, '/livez', { ca: next.ca }).then(
          () => true,
          () => false,
        ),
      )
      const lines = edge.network.lines.length
      edge.network.line.break()
      await until('another line', () => edge.network.lines.length > lines)
    }
  })

  test.each([
    ['young', 0, false],
    ['the last day it is left alone', CERTIFICATE_DAYS - CERTIFICATE_RENEW_DAYS - 2, false],
    ['the first day it is renewed', CERTIFICATE_DAYS - CERTIFICATE_RENEW_DAYS, true],
  ])('TLS-3: early renewal: %s', async (_, age, renews) => {
    await placeCertificate(edge.directory, age)
    await edge.restart()
    expect((await online()) !== undefined).toBe(renews)
  })

  test('TLS-3: a name the certificate does not cover is asked for at once', async () => {
    await placeCertificate(edge.directory)
    await edge.restart({ hostNames: ['bath.lan', 'bath.example.com'] })
    const wanted = await online()
    expect(wanted?.names).toContain('bath.lan')
    expect(wanted?.names).not.toContain('bath.example.com')
  })

  test('TLS-3: the feed, the doctor and the figures say when it nears its end', async () => {
    await placeCertificate(edge.directory, CERTIFICATE_DAYS - CERTIFICATE_WARN_DAYS + 1)
    await edge.restart()
    const metrics = await edge.get('/metrics', { role: 'manager' })
    const ends = /certificate_ends_seconds (\d+)/.exec(metrics.text)?.[1]
    expect(Number(ends) * 1000).toBe(readCertificate(edge.directory)?.until)
    const texts = edge.node.till.feed.read(0, 100).map(({ text }) => text)
    expect(texts.filter((text) => text.includes('TLS ends at'))).toHaveLength(1)
    const finding = (await doctor(edge.directory, Date.now())).find(({ about }) => about === 'certificate')
    expect(finding).toMatchObject({ ok: false })
    expect(
      (await doctor(edge.directory, Date.now() + 60 * DAY_MS)).find(({ about }) => about === 'certificate')
        ?.found,
    ).toContain('ended')
  })

  test('TLS-3: without TLS to serve nothing is asked', async () => {
    expect(await online()).toBeUndefined()
  })

  test('KW-5: the kit sells and watches over TLS with the CA, and not without', async () => {
    const { ca } = await placeCertificate(edge.directory)
    await edge.restart({ tls: TLS, system: realSystem })
    const url = `https://127.0.0.1:${portOf(edge.node)}`
    const terminal = new TerminalClient({ url, ca, token: edge.tokens.terminal })
    const stranger = new TerminalClient({ url, token: edge.tokens.terminal, patienceMs: 200 })
    const seen: string[] = []
    const client = new FeedClient({
      url,
      token: edge.tokens.manager,
      connect: trustingSockets(ca),
      onActivities: (activities) => void seen.push(...activities.map(({ kind }) => kind)),
    })
    let refusedBy: string | undefined
    const doubter = new FeedClient({
      url,
      token: edge.tokens.manager,
      onActivities: () => undefined,
      onState: (state) => (refusedBy ??= state === 'connecting' ? undefined : state),
    })
    try {
      expect((await terminal.write('sale', ONE_SALE)).is).toBe('answered')
      await until('the sale was watched', () => seen.includes('sale'))
      expect((await stranger.write('sale', ONE_SALE)).is).toBe('unanswered')
      await until('the other is not let in', () => refusedBy !== undefined)
      expect(refusedBy).toBe('waiting')
    } finally {
      await terminal.close()
      await stranger.close()
      client.close()
      doubter.close()
    }
  })
})

describe('TLS-5: what the command line opens', () => {
  const config = (...args: string[]): unknown => {
    const parsed = parseConfig(['--data', 'd', ...args])
    return parsed.ok ? { host: parsed.config.host, tls: parsed.config.tls } : parsed.sentence
  }
  test('plain HTTP on loopback alone, TLS where it is told to', () => {
    expect(config()).toEqual({ host: '127.0.0.1', tls: undefined })
    expect(config('--tls-port', '8443')).toEqual({ host: '127.0.0.1', tls: { host: '0.0.0.0', port: 8443 } })
    expect(config('--tls-port', '0', '--tls-on', '192.168.1.4')).toMatchObject({
      tls: { host: '192.168.1.4' },
    })
    expect(config('--plain-http-on', '0.0.0.0')).toMatchObject({ host: '0.0.0.0' })
    expect(config('--tls-on', '0.0.0.0')).toContain('--tls-on needs --tls-port')
    expect(config('--tls-port', '65536')).toContain('--tls-port must be')
    expect(config('--host', '0.0.0.0')).toContain("'--host'")
  })
})

test('TLS-1: the file is read for what it is, or as if there were none', async () => {
  const { path, remove } = freshDirectory()
  cleanUp.push(remove)
  expect(readCertificate(path)).toBeUndefined()
  await placeCertificate(path)
  expect(readFileSync(join(path, TLS_FILE), 'utf8')).toContain('PRIVATE KEY')
  expect(readCertificate(path)?.covers('127.0.0.1')).toBe(true)
})
