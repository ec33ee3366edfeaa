// Whole replays with real processes over a small file: the summary proves itself, and the outcome does not depend on what happened to the
// network and the nodes on the way.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../cloud/demo/random.ts'
import { freePorts } from '../support/free-ports.ts'

const DEMO = fileURLToPath(new URL('../../cloud/demo/main.ts', import.meta.url))
const RUN_MS_MAX = 120_000
const INVOICES = 400

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tillstream-replay-'))
  writeFileSync(join(directory, 'sales.csv'), salesFile())
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** December 2010: 40 customers and guests, a return now and then, one row of every fourth invoice no sale. */
function salesFile(): string {
  const random = seededRandom(11)
  const rows = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country']
  for (let index = 0; index < INVOICES; index += 1) {
    const minute = Math.floor((index * 30 * 1440) / INVOICES)
    const time = new Date(Date.UTC(2010, 11, 1) + minute * 60_000)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' ')
    const customer = random.happens(0.15) ? '' : `${12_000 + random.below(40)}.0`
    const gives = customer !== '' && random.happens(0.15)
    const invoice = `${gives ? 'C' : ''}${500_000 + index}`
    for (let line = random.below(4); line >= 0; line -= 1) {
      const sku = `S${random.below(6)}`
      const quantity = (gives ? -1 : 1) * (1 + random.below(9))
      rows.push(
        `${invoice},${sku},RED BAG ${sku},${quantity},${time},${sku.slice(1)}.25,${customer},United Kingdom`,
      )
    }
    if (index % 4 === 0) rows.push(`${invoice},X,WRITTEN OFF,0,${time},1.00,${customer},United Kingdom`)
  }
  return `${rows.join('\n')}\n`
}

async function replay(
  ...options: string[]
): Promise<{ code: number; stderr: string; summary: Record<string, unknown> }> {
  const ports = String(await freePorts(3))
  const args = [
    DEMO,
    '--sales',
    'sales.csv',
    '--exit-when-done',
    '--digest',
    '--data',
    'replay',
    '--ports',
    ports,
    ...options,
  ]
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, { cwd: directory }, (_, stdout, stderr) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      // The summary is the program's own output; what is in it is what the test is about.
      const summary = (last.startsWith('{') ? JSON.parse(last) : {}) as Record<string, unknown>
      resolve({ code: child.exitCode ?? -1, stderr, summary })
    })
  })
}

test(
  'R-12 R-14 straight and repeated; then cut off, shuffled and killed: nothing lost, nothing twice, one outcome',
  { timeout: RUN_MS_MAX },
  async () => {
    const straight = await replay('--repeat')
    expect(straight.stderr).not.toContain('FAILED')
    expect(straight.code).toBe(0)
    expect(straight.summary).toMatchObject({
      invoices: INVOICES,
      rows_accounted: true,
      quarantined: { quantity_not_positive: expect.any(Number) as number },
      lost: 0,
      duplicated: 0,
      fold_mismatches: 0,
      chain_ok: true,
      errors: 0,
    })
    const { facts, edge_facts, cloud_facts, repeated, lines_quarantined } = straight.summary
    expect(facts).toBeGreaterThan(INVOICES / 2)
    expect([edge_facts, cloud_facts]).toEqual([facts, facts])
    expect(repeated).toEqual({ calls: facts, replayed: facts })
    const aside = readFileSync(join(directory, 'replay', 'quarantine.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    expect(aside.filter((line) => line.includes('"sent":false')).length).toBe(lines_quarantined)

    const rough = await replay(
      '--offline=1:2010-12-05:2010-12-12',
      '--shuffle-sync=5',
      '--kill=cloud:2010-12-14',
      '--kill=1:2010-12-18T12:00',
      '--kill=2:2010-12-20',
      '--kill=cloud:2010-12-24',
    )
    expect(rough.stderr).not.toContain('FAILED')
    expect(rough.code).toBe(0)
    expect(rough.summary).toMatchObject({
      lost: 0,
      duplicated: 0,
      digest: straight.summary.digest,
      points_earned: straight.summary.points_earned,
      kills: [
        { target: 'cloud', at: '2010-12-14' },
        { target: '1', at: '2010-12-18T12:00' },
        { target: '2', at: '2010-12-20' },
        { target: 'cloud', at: '2010-12-24' },
      ],
    })
  },
)
