// Which machine and directory a ledger is in (P-LIFE-6): a hash, so that nobody is told. Two live copies cannot be in one directory of one machine (the
// lock, L-4); so the same binding means the same ledger, put back perhaps, and another one means a copy.
import { createHash } from 'node:crypto'
import { readFileSync, realpathSync } from 'node:fs'
import { hostname } from 'node:os'

const MACHINE_ID_FILE = '/etc/machine-id'
const BINDING_CHARS = 32

export function bindingOf(directory: string): string {
  return createHash('sha256')
    .update(`${machineId()}\n${realpathSync(directory)}`)
    .digest('hex')
    .slice(0, BINDING_CHARS)
}

/** Made once when the system is installed; a machine without one goes by its name. */
function machineId(): string {
  try {
    const id = readFileSync(MACHINE_ID_FILE, 'utf8').trim()
    return id === '' ? hostname() : id
  } catch {
    return hostname()
  }
}
