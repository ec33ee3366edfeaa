// The demo as a newcomer runs it: it says where to look, sells by itself, goes on selling with a store's network cut, and hands everything in
// when the network is back.
import { execFileSync, spawn } from 'node:child_process'
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
  readonly leases: { readonly vouchers: number }
}

/** The calls of a Pegke merchant that the demo prints for a shell, run as printed: what each answered, by address and call. */
async function merchantCalls(said: string, base: string): Promise<Record<string, unknown>[]> {
  const key = /^ {2}key='(.+)'$/m.exec(said)?.[1] ?? ''
  const lines = said.split('\n').filter((line) => line.startsWith('  curl -H') && line.includes(base))
  const answers: Record<string, unknown>[] = []
  for (const line of lines) {
    const printed = execFileSync(
      'sh',
      ['-c', `key='${key}'; printf '%s\\n' ${line.trim().slice('curl '.length)}`],
      {
        encoding: 'utf8',
      },
    )
    const words = printed.trimEnd().split('\n')
    const after = (option: string) => words.filter((_, index) => words[index - 1] === option)
    const form = new FormData()
    for (const field of after('-F')) form.append(...(field.split('=') as [string, string]))
    const [header = ''] = after('-H')
    const response = await fetch(words.at(-1) ?? '', {
      headers: [header.split(': ') as [string, string]],
      ...(after('-F').length === 0 ? {} : { method: 'POST', body: form }),
    })
    expect([line, response.status]).toEqual([line, 200])
    answers.push((await response.json()) as Record<string, unknown>)
  }
  return answers
}

test(
  'O-2 O-5 npm start: sells, answers the calls it prints, survives a cut, syncs, stops and leaves no node behind',
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
      // The customer's voucher, whose use the cloud lends the store.
      await until(async () => expect((await status(base + 1)).leases.vouchers).toBeGreaterThan(0))
      demo.stdin.write('cut 1\n')
      await until(async () => expect((await status(base + 1)).unsynced).toBeGreaterThan(5))
      await until(() => expect(said).toContain('?q=validate_redeem'))
      const hq = await merchantCalls(said, `127.0.0.1:${base}/`)
      expect(hq).toMatchObject([
        { username: 'Demo till software' },
        { name: 'Pat Example', points: 190, status: 'confirmed' },
        { page: 1 },
      ])
      // Of a store that is cut off.
      const points = { points: 200, status: 'provisional' }
      expect(await merchantCalls(said, `127.0.0.1:${base + 1}/`)).toMatchObject([
        { success: true, points_given: 10, ...points },
        { customer: { name: 'Pat Example', points: 200 } },
        { offers: expect.any(Array) as unknown },
        { valid: true, used: false, status: 'unused' },
        { valid: true, used: true, status: 'provisional' },
      ])
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
