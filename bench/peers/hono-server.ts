// Ceiling of the API: hono behind the same adapter reads a JSON body, puts it into a table of one file, FULL, and sends it back. Nothing is checked.
// `single`: a commit of its own for each request, as a handler with one insert does it. `grouped`: those that came in one turn of the loop share one.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import Sqlite from 'better-sqlite3'
import { Hono } from 'hono'

const grouped = process.argv[2] === 'grouped'
const directory = mkdtempSync(join(tmpdir(), 'tillstream-bench-hono-'))
const database = new Sqlite(join(directory, 'echo.db'))
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.exec('CREATE TABLE bodies (id INTEGER PRIMARY KEY, body TEXT NOT NULL)')
const insert = database.prepare('INSERT INTO bodies (body) VALUES (?)')
const insertAll = database.transaction((texts: readonly string[]) =>
  texts.forEach((text) => insert.run(text)),
)

let waiting: { readonly text: string; readonly done: () => void }[] = []

function commitWaiting(): void {
  const group = waiting
  waiting = []
  insertAll(group.map(({ text }) => text))
  for (const { done } of group) done()
}

function stored(text: string): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.length === 0) setImmediate(commitWaiting)
    waiting.push({ text, done: resolve })
  })
}

const app = new Hono()
app.post('/*', async (c) => {
  const body: unknown = await c.req.json()
  const text = JSON.stringify(body)
  if (grouped) await stored(text)
  else insert.run(text)
  return c.json(body as object, 201)
})
const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
const server = createServer((request, response) => void listener(request, response))
server.listen(0, '127.0.0.1', () => {
  // A listening TCP server has an address of this kind.
  process.stdout.write(`${JSON.stringify({ listening: (server.address() as AddressInfo).port })}\n`)
})
process.on('SIGTERM', () => {
  rmSync(directory, { recursive: true, force: true })
  process.exit(0)
})
