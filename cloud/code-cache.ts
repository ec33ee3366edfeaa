// A process starts in half the time when nothing has to be made of its code that an earlier one has made: Node keeps compiled code by itself, and the
// text without its types is kept here, beside it. A text is found by the hash of its source, so that what was kept of other code is never
// used. It all lies within the packages, which only whoever may change the code may write. What cannot be read or written is made again.
import { hash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { enableCompileCache, getCompileCacheDir, registerHooks, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BY_PLACE = /^\.\.?\/.*\.(?:ts|mjs)$/
const MODULE_FILE = /^file:.*\.(?:ts|mjs)$/
const DIRECTORY = join(import.meta.dirname, '../node_modules/.cache/tillstream')

/** From here on, for everything this thread loads. `name` tells programs apart that load different files: each keeps its own. */
export function keepCode(name: string, within = DIRECTORY): void {
  enableCompileCache(within)
  const directory = getCompileCacheDir()
  if (directory === undefined) return
  const path = join(directory, `stripped-${name}.json`)
  const kept = keptTexts(path)
  const used: Record<string, string> = {}
  let added = false
  registerHooks({
    // What is named by its place and its ending needs no looking around, and a start names a thousand files.
    resolve(specifier, context, next) {
      const { parentURL } = context
      return parentURL !== undefined && BY_PLACE.test(specifier)
        ? { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
        : next(specifier, context)
    },
    load(url, context, next) {
      if (!MODULE_FILE.test(url)) return next(url, context)
      const bytes = readFileSync(fileURLToPath(url))
      if (!url.endsWith('.ts')) return { format: 'module', source: bytes, shortCircuit: true }
      const source = bytes.toString()
      const key = hash('sha256', source, 'base64')
      const before = kept[key]
      if (before === undefined) added = true
      const text = before ?? stripped(source)
      used[key] = text
      return { format: 'module', source: text, shortCircuit: true }
    },
  })
  process.once('exit', () => {
    if (added) keep(path, used)
  })
}

/** Node does the same to every file by itself, and only of this way to ask for it says that it is new. */
function stripped(source: string): string {
  const warn = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = warn
  }
}

function keptTexts(path: string): Record<string, string> {
  try {
    // Written below; whatever else lies there has no key that is a hash of our sources.
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}

/** Whole or not at all: several processes of one name may end at once. */
function keep(path: string, texts: Record<string, string>): void {
  const whole = `${path}.${process.pid}`
  try {
    writeFileSync(whole, JSON.stringify(texts), { mode: 0o600 })
    renameSync(whole, path)
  } catch {
    // A full or read-only disk: the next start takes a moment longer.
  }
}
