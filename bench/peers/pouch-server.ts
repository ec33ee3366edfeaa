// The far end of PouchDB's replication: a PouchDB on LevelDB behind the five calls of CouchDB's protocol that a push needs, on a bare node:http server.
// Less than express-pouchdb puts in the way, which is to its favour. Durable like ours.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PouchDB, makeDurable } from './pouch.ts'

makeDurable()

const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-pouch-'))
const database = new PouchDB(join(directory, 'far'))

interface Asked {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

async function answer({ method, path, body }: Asked): Promise<unknown> {
  if (path === '') return database.info()
  if (path === '_revs_diff') return database.revsDiff(body)
  if (path === '_bulk_docs') {
    // What its replicator sends.
    await database.bulkDocs((body as { docs: unknown[] }).docs, { new_edits: false })
    return []
  }
  return method === 'PUT' ? database.put(body) : database.get(decodeURIComponent(path))
}

const server = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const text = Buffer.concat(pieces).toString()
    const path = (request.url ?? '').split('?')[0]?.replace(/^\/far\/?/, '') ?? ''
    const asked = {
      method: request.method ?? 'GET',
      path,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    }
    answer(asked).then(
      (value) => {
        response.writeHead(method(asked.path), { 'Content-Type': 'application/json' })
        response.end(JSON.stringify(value))
      },
      (cause: unknown) => {
        const { status = 500 } = cause as { status?: number }
        response.writeHead(status, { 'Content-Type': 'application/json' })
        response.end(JSON.stringify({ error: 'not_found', reason: 'missing', status }))
      },
    )
  })
})
const method = (path: string): number => (path === '_bulk_docs' ? 201 : 200)

server.listen(0, '127.0.0.1', () => {
  // A listening TCP server has an address of this kind.
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ listening: port })}\n`)
})
process.on('SIGTERM', () => {
  rmSync(directory, { recursive: true, force: true })
  process.exit(0)
})
