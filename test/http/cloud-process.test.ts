// The cloud as a process: arguments, the line on stdout, one node per directory, a drained stop, and what survives a kill.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseConfig } from '../../cloud/config.ts'
import { StartRefused, startCloud } from '../../cloud/node.ts'
import { freshDirectory } from '../support/cloud-core.ts'

const MAIN = fileURLToPath(new URL('../../cloud/main.ts', import.meta.url))

let directory: ReturnType<typeof freshDirectory>
let started: ChildProcess[]

beforeEach(() => {
  directory = freshDirectory()
  started = []
})
afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
  directory.remove()
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

class Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''
  #told: () => void = () => undefined

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    started.push(this.child)
    this.child.stdout?.on('data', (data: Buffer) => {
      this.#stdout += data.toString()
      this.#told()
    })
    this.child.stderr?.on('data', (data: Buffer) => (this.#stderr += data.toString()))
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code) => {
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr })
        this.#told()
      })
    })
  }

  /** The port of the line on stdout. */
  async listening(): Promise<number> {
    while (!this.#stdout.includes('\n')) {
      if (this.child.exitCode !== null) throw new Error(`ended: ${this.#stderr}`)
      await new Promise<void>((resolve) => (this.#told = resolve))
    }
    return (JSON.parse(this.#stdout) as { listening: number }).listening
  }
}

async function addStore(port: number): Promise<number> {
  const token = readFileSync(join(directory.path, 'hq.token'), 'utf8').trim()
  const answer = await fetch(`http://127.0.0.1:${port}/v1/stores`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: '{"name":"Camden","zone":"UTC"}',
  })
  return ((await answer.json()) as { id: number }).id
}

describe('a process', () => {
  test('prints one line of JSON, logs to stderr without any secret (S37), and stops drained on SIGTERM', async () => {
    const node = new Running('--data', directory.path, '--port', '0', '--log-level', 'debug')
    const port = await node.listening()
    const canary = `canary${'C'.repeat(37)}`
    for (const path of [
      `/account/proofs/${canary}`,
      `/invitations/${canary}`,
      `/perkville/biz/1/identify?token=${canary}`,
      `/unsubscribe?token=${canary}`,
      `/v1/feed?token=${canary}`,
      `/v1/members?token=${canary}`,
      `/perkville/v2/perks/?token=${canary}`,
      `/pegke/apiv1/?key=${canary}`,
      `/oauth/authorize?client_id=x&state=${canary}`,
      `/${canary}`,
    ])
      await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { authorization: `Bearer ${canary}`, cookie: `till_session=${canary}` },
      })
    for (const path of ['/oauth/token', '/perkville/api/token/', '/account', '/account/password'])
      await fetch(`http://127.0.0.1:${port}${path}?client_secret=${canary}`, {
        method: 'POST',
        body: new URLSearchParams({ step: 'login', grant_type: 'password', password: canary, csrf: canary }),
      })
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    const token = readFileSync(join(directory.path, 'hq.token'), 'utf8').trim()
    node.child.kill('SIGTERM')
    const { code, stdout, stderr } = await node.ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ listening: port })
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string })
    const told = lines.map(({ msg }) => msg)
    expect(told.filter((msg) => msg !== 'request')).toEqual(['listening', 'stopping', 'stopped'])
    expect(told).toContain('request')
    for (const secret of [token, canary]) expect(stderr).not.toContain(secret)
  })

  test('a second node on the same directory, or on the same port, is refused in words', async () => {
    const options = { port: 0, host: '127.0.0.1', logLevel: 'silent' } as const
    const node = await startCloud({ ...options, directory: directory.path })
    const elsewhere = freshDirectory()
    try {
      const second = startCloud({ ...options, directory: directory.path })
      await expect(second).rejects.toThrow(StartRefused)
      await expect(second).rejects.toThrow('another cloud node works in')
      const third = startCloud({ ...options, directory: elsewhere.path, port: node.port })
      await expect(third).rejects.toThrow(StartRefused)
      await expect(third).rejects.toThrow(`Port ${node.port} on 127.0.0.1 is taken`)
      // What was refused has let go of its own directory.
      await (await startCloud({ ...options, directory: elsewhere.path })).stop()
    } finally {
      await node.stop()
      elsewhere.remove()
    }
  })

  test('what was answered is there after kill -9', async () => {
    const node = new Running('--data', directory.path, '--port', '0')
    const id = await addStore(await node.listening())
    node.child.kill('SIGKILL')
    await node.ended
    const again = new Running('--data', directory.path, '--port', '0')
    expect(await addStore(await again.listening())).toBe(id + 1)
  })
})

describe('arguments', () => {
  const sentence = (...args: string[]): string => {
    const parsed = parseConfig(args)
    return parsed.ok ? 'accepted' : parsed.sentence
  }

  test('defaults: this machine only, port 8080', () => {
    expect(parseConfig(['--data', 'd'])).toEqual({
      ok: true,
      config: {
        directory: 'd',
        port: 8080,
        host: '127.0.0.1',
        logLevel: 'info',
        hostNames: [],
        moments: true,
        walkAfterMs: undefined,
      },
    })
    expect(
      parseConfig(['--data', 'd', '--port', '0', '--host', '::1', '--log-level', 'debug']),
    ).toMatchObject({ config: { port: 0, host: '::1', logLevel: 'debug' } })
    expect(
      parseConfig(['--data', 'd', '--host-name', 'a.example', '--host-name', 'b.example']),
    ).toMatchObject({
      config: { hostNames: ['a.example', 'b.example'] },
    })
    expect(parseConfig(['--data', 'd', '--moments', 'off'])).toMatchObject({ config: { moments: false } })
    expect(sentence('--data', 'd', '--moments', 'never')).toContain('on or off')
    expect(parseConfig(['--data', 'd', '--walk-after', '5'])).toMatchObject({ config: { walkAfterMs: 5000 } })
    expect(sentence('--data', 'd', '--walk-after', 'soon')).toContain('seconds')
  })

  test.each([
    [[], '--data DIR'],
    [['--data', ''], '--data DIR'],
    [['--data', 'd', '--port', '70000'], '--port must be a number'],
    [['--data', 'd', '--port', 'x'], '--port must be a number'],
    [['--data', 'd', '--log-level', 'loud'], '--log-level must be one of'],
    [['--data', 'd', '--database-url', 'postgres://x'], 'not supported yet'],
    [['--data', 'd', '--nats', 'nats://x'], 'not supported yet'],
    [['--data', 'd', '--colour'], 'colour'],
    [['--data', 'd', 'more'], 'more'],
  ])('%j is refused in words, with the usage', (args, words) => {
    expect(sentence(...args)).toContain(words)
    expect(sentence(...args)).toContain('usage: tillstream cloud')
  })

  test('a refused start ends with 2 and touches nothing', async () => {
    const ended = await new Running('--data', join(directory.path, 'new'), '--nats', 'nats://x').ended
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    expect(ended.stderr).toContain('not supported yet')
    expect(existsSync(join(directory.path, 'new'))).toBe(false)
  })
})
