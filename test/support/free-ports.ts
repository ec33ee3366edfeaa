// Ports for real processes: a run of `count` neighbouring ports that are free now. Below the range the system hands out by itself, so that no
// connection of somebody else takes one between looking and using.
import { createServer } from 'node:net'

const RANGE_FROM = 15_000
const RANGE_TO = 32_000
/** Each process looks from a place of its own, or two that look at once would find the same. */
const OWN = 100
const TRIES_MAX = 50
let next = (process.pid * OWN) % (RANGE_TO - RANGE_FROM)

export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const base = RANGE_FROM + next
    next = (next + count) % (RANGE_TO - RANGE_FROM - count)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(base + index)))
    if (free.every(Boolean)) return base
  }
  throw new Error(`no ${count} free ports in a row`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
