// The commands as an operator runs them, and nodes as child processes: started, killed, started again, stopped.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { NodeProcess } from '../../cloud/demo/node-process.ts'
import type { NodeFault } from '../../cloud/demo/node-process.ts'
import { openShops } from '../../cloud/demo/shops.ts'
import { freePorts } from '../support/free-ports.ts'

const CLI = fileURLToPath(new URL('../../cloud/cli.ts', import.meta.url))
const DEMO = fileURLToPath(new URL('../../cloud/demo/main.ts', import.meta.url))

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tillstream-processes-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(program: string, ...args: string[]): Promise<Ran> {
  return runWith('', program, ...args)
}

/** `input` is all there is on standard input. */
function runWith(input: string, program: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { cwd: directory }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

describe('the tillstream command', () => {
  test('says what it can do', async () => {
    for (const args of [[], ['help'], ['--help']]) {
      const { code, stdout } = await run(CLI, ...args)
      expect(code).toBe(0)
      for (const command of ['cloud', 'edge', 'verify']) expect(stdout).toContain(`\n  ${command} --data DIR`)
    }
  })

  test.each([
    [['fly'], 'There is no command "fly".'],
    [['verify'], 'Say whose data with --data DIR.'],
    [['verify', '--fast'], 'usage: tillstream verify'],
    [['cloud'], '--data DIR'],
    [['edge'], '--data DIR'],
  ])('%s ends in a sentence and exit code 2', async (args, sentence) => {
    const { code, stderr } = await run(CLI, ...args)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(code).toBe(2)
  })

  test.each([
    ['', '--enrol needs the code that HQ made for this store.'],
    ['\nB\n', '--enrol needs the code that HQ made for this store.'],
    ['A-CODE\nB\n', 'cannot be reached; is the address right?'],
  ])('edge --enrol - takes the first line of standard input for the code: %j', async (input, sentence) => {
    const cloud = `http://127.0.0.1:${await freePorts(1)}`
    const args = ['edge', '--data', directory, '--cloud', cloud, '--port', '0', '--enrol', '-']
    const { code, stderr } = await runWith(input, CLI, ...args)
    expect(stderr).toContain(sentence)
    expect(code).toBe(2)
  })

  test('verify of a directory that is no node', async () => {
    const { code, stderr } = await run(CLI, 'verify', '--data', directory)
    expect(stderr).toBe(`${directory} holds no data of a cloud (cloud.db) and none of a store (ledger.db).\n`)
    expect(code).toBe(2)
  })
})

describe('O-3 npm start', () => {
  test.each([
    [['--speed', 'max'], '--speed belongs to a replay; name a file with --sales FILE.'],
    [['--sales', 'nowhere.csv', '--data', 'replay'], 'There is no file nowhere.csv.'],
  ])('%s ends in one plain sentence', async (args, sentence) => {
    const { code, stderr } = await run(DEMO, ...args, '--ports', String(await freePorts(3)))
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(code).toBe(2)
  })

  test('O-3 a busy port is named', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
    try {
      // A listening TCP server has an address with a port.
      const { port } = server.address() as AddressInfo
      const { code, stderr, stdout } = await run(
        DEMO,
        '--data',
        join(directory, 'demo'),
        '--ports',
        String(port),
      )
      expect(stderr).toBe(
        `Port ${port} is in use by another program. Stop that program, or choose other ports with --ports BASE.\n`,
      )
      expect(stdout).not.toContain('at ')
      expect(code).toBe(2)
    } finally {
      server.close()
    }
  })
})

describe('a node as a child process', () => {
  const deaths: NodeFault[] = []
  const nodeOn = (port: number, ...more: string[]): NodeProcess =>
    new NodeProcess(
      {
        name: 'cloud',
        args: ['cloud', '--data', join(directory, 'cloud'), '--port', String(port), ...more],
        port,
        log: join(directory, 'cloud.log'),
      },
      (fault) => void deaths.push(fault),
    )

  test('starts, survives kill -9 with its data, tells its memory, stops', async () => {
    const node = nodeOn(await freePorts(2))
    await node.start()
    const token = readFileSync(join(directory, 'cloud', 'hq.token'), 'utf8')
    await node.kill()
    await expect(fetch(`${node.url}/livez`)).rejects.toThrow('fetch failed')
    await node.start(false)
    expect((await fetch(`${node.url}/livez`)).status).toBe(200)
    expect(readFileSync(join(directory, 'cloud', 'hq.token'), 'utf8')).toBe(token)
    const usage = node.usage()
    if (existsSync('/proc/self/status')) expect(usage?.peakBytes).toBeGreaterThan(10 * 1024 * 1024)
    else expect(usage).toBeNull()
    await node.stop()
    expect(node.usage()?.cpuS ?? 0).toBeGreaterThanOrEqual(usage?.cpuS ?? 0)
    await expect(fetch(`${node.url}/livez`)).rejects.toThrow('fetch failed')
    expect(deaths).toEqual([])
  })

  test('one that does not start says why, with the end of its log', async () => {
    const node = nodeOn(await freePorts(2), '--wings')
    await expect(node.start()).rejects.toThrow(/The cloud stopped by itself[^]*--wings/)
  })
})

test('O-2 a cloud that does not start is what is told, and the stores that wait for their codes can be stopped', async () => {
  const base = await freePorts(3)
  const started: NodeProcess[] = []
  writeFileSync(join(directory, 'cloud'), 'a file where the cloud wants its directory')
  const opening = openShops(
    {
      directory,
      portBase: base,
      stores: ['Corner', 'Market'].map((name) => ({ name, zone: 'Europe/London' })),
      terminals: [],
      cloudArgs: [],
      edgeArgs: [],
      cloudPortFor: async () => base,
      onDeath: () => undefined,
    },
    started,
  )
  await expect(opening).rejects.toThrow(/^The cloud stopped by itself/)
  expect(started.map(({ name }) => name)).toEqual(['cloud', 'store 1', 'store 2'])
  for (const node of started.toReversed()) await node.stop()
  expect(started.map(({ running }) => running)).toEqual([false, false, false])
})

test('O-1 opening the shops twice over the same data makes nothing twice', async () => {
  const base = await freePorts(2)
  const started: NodeProcess[] = []
  const plan = {
    directory,
    portBase: base,
    stores: [{ name: 'Corner', zone: 'Europe/London' }],
    terminals: ['till-1'],
    cloudArgs: [],
    edgeArgs: [],
    cloudPortFor: async () => base,
    onDeath: (fault: NodeFault) => {
      throw fault
    },
  }
  try {
    const first = await openShops(plan, started)
    const { cloud, hqToken } = first
    for (const node of started.splice(0).toReversed()) await node.stop()
    const second = await openShops(plan, started)
    expect(second.hqToken).toBe(hqToken)
    expect(second.shops.map(({ managerToken, terminalTokens }) => [managerToken, terminalTokens])).toEqual(
      first.shops.map(({ managerToken, terminalTokens }) => [managerToken, terminalTokens]),
    )
    for (const list of ['stores', 'programs', 'edges']) {
      const response = await fetch(`${cloud.url}/v1/${list}`, {
        headers: { authorization: `Bearer ${hqToken}` },
      })
      const { items } = (await response.json()) as { items: unknown[] }
      expect(items.length).toBe(1)
    }
  } finally {
    for (const node of started.toReversed()) await node.stop()
  }
})
