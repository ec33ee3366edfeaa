// The CA of a merchant's stores is changed under real nodes (G-13, TLS-7), and HQ sees what certificates there are.
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startEdge } from '../../edge/node.ts'
import type { EdgeNode, EdgeOptions } from '../../edge/node.ts'
import { TLS_FILE, readCertificate } from '../../edge/tls/certificate-file.ts'
import { freshDirectory } from '../support/cloud-core.ts'
import { CloudUnderTest, pick } from '../support/cloud-node.ts'
import { until } from '../support/edge-under-test.ts'
import { get, portOf } from '../support/tls-get.ts'

const TLS = { host: '127.0.0.1', port: 0 }

let cloud: CloudUnderTest
let home: ReturnType<typeof freshDirectory>
let node: EdgeNode | undefined

beforeEach(async () => {
  cloud = await CloudUnderTest.start()
  home = freshDirectory()
})
afterEach(async () => {
  await node?.stop()
  node = undefined
  await cloud.stop()
  home.remove()
})

const start = async (more: Partial<EdgeOptions> = {}): Promise<EdgeNode> => {
  const log = pino({ enabled: false })
  node = await startEdge({ directory: home.path, host: '127.0.0.1', port: 0, log, cloud: cloud.url, ...more })
  return node
}
const ALL_CHANGED = [
  ['signing', 1],
  ['previous', 0],
]
const ca = async (): Promise<string> => (await cloud.ask('/ca.crt', { token: null })).text
const statesOf = (json: unknown): [state: string, devices: number][] =>
  (pick(json, 'authorities') as { state: string; devices: number }[]).map(({ state, devices }) => [
    state,
    devices,
  ])

test('TLS-7 G-13: the CA is announced, changed and forgotten; who is connected and who was away gets another certificate, the retired one does not', async () => {
  const step = (word: string): Promise<{ status: number; json: unknown }> =>
    cloud.ask('/v1/ca', { method: 'POST', body: { step: word } })
  const authorities = async (): Promise<unknown> => statesOf((await cloud.ask('/v1/ca')).json)
  const code = await cloud.code(await cloud.addStore('Bath'))
  const edge = await start({ enrol: code, tls: TLS })
  const old = await ca()
  for (const early of ['change', 'forget']) expect((await step(early)).status).toBe(400)
  expect(statesOf((await step('announce')).json)).toEqual([
    ['signing', 1],
    ['next', 0],
  ])
  expect((await step('announce')).status).toBe(400)
  const both = await ca()
  const next = both.slice(old.length)
  expect(both.startsWith(old) && next.length > 0).toBe(true)
  // Announced, it proves nobody yet.
  await expect(get(portOf(edge), '/livez', { ca: next })).rejects.toThrow('certificate')
  await until('it is connected', async () => {
    return pick((await cloud.ask('/v1/edges')).json, 'items', 0, 'connected') === true
  })
  expect((await step('change')).status).toBe(200)
  await until('the next CA proves it', () => readCertificate(home.path)?.ca === next)
  expect((await get(portOf(edge), '/livez', { ca: next })).status).toBe(200)
  await expect(get(portOf(edge), '/livez', { ca: old })).rejects.toThrow('certificate')
  await until('it says so', async () => isDeepStrictEqual(await authorities(), ALL_CHANGED))
  expect(statesOf((await step('forget')).json)).toEqual([['signing', 1]])
  expect(await ca()).toBe(next)
  // Away meanwhile: with its next welcome.
  await node?.stop()
  await step('announce')
  await step('change')
  expect(await authorities()).toEqual([
    ['signing', 0],
    ['previous', 1],
  ])
  await start({ tls: TLS })
  await until('the third CA proves it', async () => {
    const held = readCertificate(home.path)?.ca
    return held !== next && (await ca()).startsWith(held ?? 'none')
  })
  await step('forget')
  const retired = pick((await cloud.ask('/v1/edges')).json, 'items', 0, 'edge') as number
  await cloud.ask(`/v1/edges/${retired}/retire`, { method: 'POST', body: {} })
  await step('announce')
  expect(statesOf((await step('change')).json)).toEqual([
    ['signing', 0],
    ['previous', 1],
  ])
})

test('G-13 TLS-7 P-SYNC-9: a certificate that was sent and lost is sent again on the next line', async () => {
  const step = (word: string): Promise<unknown> =>
    cloud.ask('/v1/ca', { method: 'POST', body: { step: word } })
  const counts = async (): Promise<unknown> => statesOf((await cloud.ask('/v1/ca')).json)
  const listed = async (): Promise<unknown> =>
    pick((await cloud.ask('/v1/edges')).json, 'items', 0, 'certificate', 'ca')
  await start({ enrol: await cloud.code(await cloud.addStore('Bath')), tls: TLS })
  const [file, before] = [join(home.path, TLS_FILE), join(home.path, 'before.pem')]
  copyFileSync(file, before)
  const old = await listed()
  await step('announce')
  await step('change')
  await until('it says that it has the next', async () => isDeepStrictEqual(await counts(), ALL_CHANGED))
  await node?.stop()
  // As if the line had broken before it came: the cloud gave it out, and the store has the one before.
  copyFileSync(before, file)
  await start()
  const next = (await ca()).slice(0, -(readCertificate(home.path)?.ca.length ?? 0))
  await until('it was sent again', () => readCertificate(home.path)?.ca === next)
  await until('the cloud heard it', async () => isDeepStrictEqual(await counts(), ALL_CHANGED))
  expect(await listed()).not.toBe(old)
})

test('G-13: the fleet list says until when each certificate lasts, and whether it nears its end', async () => {
  await start({ enrol: await cloud.code(await cloud.addStore('Bath')), tls: TLS })
  const listed = (await cloud.ask('/v1/edges')).json
  expect(pick(listed, 'items', 0, 'certificate', 'ca')).toMatch(/^Tillstream stores [0-9a-f]{8}$/)
  expect(pick(listed, 'items', 0, 'certificate')).toMatchObject({
    ends_at: new Date(readCertificate(home.path)?.until ?? 0).toISOString(),
    ending: false,
  })
})
