// The demo as a newcomer runs it: it says where to look, sells by itself, goes on selling with a store's network cut, and hands everything in
// when the network is back.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { freePorts } from '../support/free-ports.ts'

const DEMO = fileURLToPath(new URL('../../cloud/demo/main.ts', import.meta.url))
const RUN_MS_MAX = 120_000
const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 40_000, interval: 100 })

interface StoreStatus {
  readonly seq: number
  readonly unsynced: number
  readonly link: { readonly state: string }
}

test(
  'O-2 npm start: sells, survives a cut, syncs, stops and leaves no node behind',
  { timeout: RUN_MS_MAX },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tillstream-demo-'))
    const base = await freePorts(3)
    const demo = spawn(process.execPath, [DEMO, '--data', directory, '--ports', String(base)])
    let said = ''
    demo.stdout.on('data', (piece: Buffer) => (said += piece.toString()))
    demo.stderr.on('data', (piece: Buffer) => (said += piece.toString()))
    const exited = new Promise<number | null>((resolve) => demo.once('exit', resolve))
    const urlOf = (port: number): string => {
      const url = new RegExp(`http://127\\.0\\.0\\.1:${port}/#token=[\\w-]+`).exec(said)?.[0]
      if (url === undefined) throw new Error(`no address of ${port} yet:\n${said}`)
      return url
    }
    const status = async (port: number): Promise<StoreStatus> => {
      const token = urlOf(port).split('token=')[1] ?? ''
      const response = await fetch(`http://127.0.0.1:${port}/v1/status`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect(response.status).toBe(200)
      return (await response.json()) as StoreStatus
    }
    try {
      await until(() => [0, 1, 2].forEach((offset) => urlOf(base + offset)))
      for (const offset of [0, 1, 2]) {
        const page = await fetch(urlOf(base + offset))
        expect(page.status).toBe(200)
        expect(page.headers.get('content-type')).toContain('text/html')
      }
      await until(async () => expect((await status(base + 1)).seq).toBeGreaterThan(5))
      await until(async () => expect((await status(base + 2)).seq).toBeGreaterThan(5))
      demo.stdin.write('cut 1\n')
      await until(async () => expect((await status(base + 1)).unsynced).toBeGreaterThan(5))
      demo.stdin.write('status\n')
      await until(() => expect(said).toMatch(/Covent Garden: NETWORK CUT, \d+ facts to sync/))
      const cutAt = (await status(base + 1)).seq
      demo.stdin.write('heal 1\n')
      await until(async () => {
        const { seq, unsynced, link } = await status(base + 1)
        expect(link.state).toBe('online')
        expect(seq - unsynced).toBeGreaterThanOrEqual(cutAt)
      })
      demo.stdin.write('quit\n')
      expect(await exited).toBe(0)
      expect(said).toContain('Stopped. The data is kept')
      for (const offset of [0, 1, 2])
        await expect(fetch(`http://127.0.0.1:${base + offset}/livez`)).rejects.toThrow('fetch failed')
    } finally {
      demo.kill('SIGTERM')
      await exited
      rmSync(directory, { recursive: true, force: true })
    }
  },
)
