// Directories of tests and rigs. The process that makes one stands in its name, so that what a killed run left behind is removed by the next one: a run that
// ends by itself removes its own.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const NAME = /^tillstream-[a-z-]+-(\d+)-[A-Za-z0-9]{6}$/
/** So many at a time, so that nobody waits long for what others left. */
const LEFT_REMOVED_MAX = 50
/** A container beside this one may have the place, and not its processes, in common with it. */
const LEFT_AGE_MS = 3_600_000
const looked = new Set<string>()

/** A new directory of this process; `what` is small letters and hyphens. */
export function ownDirectory(what: string, place = tmpdir()): string {
  if (!looked.has(place)) {
    looked.add(place)
    removeLeft(place, Date.now())
  }
  return mkdtempSync(join(place, `tillstream-${what}-${process.pid}-`))
}

/** Removes directories of processes that are gone; one that another run removes meanwhile is none. */
export function removeLeft(place: string, now: number): void {
  let removed = 0
  for (const name of readdirSync(place)) {
    const pid = Number(NAME.exec(name)?.[1] ?? 0)
    if (pid === 0 || runs(pid)) continue
    const path = join(place, name)
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now)
    if (age < LEFT_AGE_MS) continue
    rmSync(path, { recursive: true, force: true })
    removed += 1
    if (removed === LEFT_REMOVED_MAX) return
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    // Another user's process runs too.
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
