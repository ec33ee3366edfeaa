// What no simulation that keeps its operations in SQLite can be faster than, measured in the run whose figure stands beside it: an operation is a row with
// a key at its store and one at the cloud, here in two tables in memory, each committed alone, and nothing else is done.
import Sqlite from 'better-sqlite3'

const MEASURED_MS = 300
const BYTES = 300

/** Such operations per second of processor time. */
export function rawOperationsPerSecond(): number {
  const database = new Sqlite(':memory:')
  const inserts = ['store', 'cloud'].map((table) => {
    database.exec(
      `CREATE TABLE ${table} (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL)`,
    )
    return database.prepare(`INSERT INTO ${table} (key, bytes) VALUES (?, ?)`)
  })
  const bytes = Buffer.alloc(BYTES, 7)
  const before = process.cpuUsage()
  let count = 0
  for (const until = Date.now() + MEASURED_MS; Date.now() < until; count++)
    for (const insert of inserts) insert.run(`terminal-${count}`, bytes)
  const { user, system } = process.cpuUsage(before)
  database.close()
  return Math.round((count * 1e6) / (user + system))
}
