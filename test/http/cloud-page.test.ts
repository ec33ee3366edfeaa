// The overview page as it is served: under a policy that allows nothing from elsewhere, and written so that nothing from outside becomes markup.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CloudUnderTest } from '../support/cloud-node.ts'

let cloud: CloudUnderTest
beforeAll(async () => {
  cloud = await CloudUnderTest.start()
})
afterAll(() => cloud.stop())

const served = async (path: string) => cloud.ask(path, { token: null })

describe('the overview page', () => {
  test.each([
    ['/', 'text/html; charset=utf-8'],
    ['/overview.js', 'text/javascript; charset=utf-8'],
    ['/overview.css', 'text/css; charset=utf-8'],
  ])('%s is public and of its type, under a strict policy', async (path, type) => {
    const { status, headers } = await served(path)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe(type)
    const policy = headers.get('content-security-policy') ?? ''
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(rule)
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
  })

  test('S23 asks nothing of elsewhere, runs nothing inline, and writes text only', async () => {
    const html = (await served('/')).text
    const script = (await served('/overview.js')).text
    const style = (await served('/overview.css')).text
    for (const text of [html, script, style]) expect(text).not.toMatch(/https?:\/\/|\/\/[a-z]+\.[a-z]/i)
    expect(html).not.toMatch(/<script(?![^>]*src=)|\son[a-z]+=|style=/i)
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/)
    expect(style).not.toMatch(/@import|url\(/)
  })

  test('every element the script looks for is in the page', async () => {
    const html = (await served('/')).text
    const script = readFileSync(join(import.meta.dirname, '../../cloud/console/app/overview.js'), 'utf8')
    const ids = [...script.matchAll(/find\('([a-z-]+)'\)/g)].map(([, id]) => id)
    expect(ids.length).toBeGreaterThan(8)
    for (const id of ids) expect(html).toContain(`id="${id}"`)
    for (const id of ['members', 'balance', 'earned', 'reversed', 'goodwill', 'facts'])
      expect(html).toContain(`id="total-${id}"`)
  })
})
