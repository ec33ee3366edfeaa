// The project's own source, as text: what the tidy rules read. Found by walking the folders, so that a file nobody committed yet is read too.
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export interface SourceFile {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
}

const ROOT = join(import.meta.dirname, '..', '..')
export const FOLDERS = ['protocol', 'edge', 'cloud', 'bench', 'test'] as const

export function filesUnder(folder: string, ending: string): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((full) => ({ path: relative(ROOT, full).split(sep).join('/'), text: readFileSync(full, 'utf8') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** `.ts` and `.tsx` unless told otherwise; what was built is not source. */
export function sourceFiles(...endings: readonly string[]): SourceFile[] {
  const wanted = endings.length === 0 ? ['.ts', '.tsx'] : endings
  return FOLDERS.flatMap((folder) => wanted.flatMap((ending) => filesUnder(folder, ending)))
}

/** The code without its comments; texts in quotes are left alone, also where they hold two slashes. */
export function withoutComments(text: string): string {
  return text.replaceAll(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, quoted: string | undefined) => quoted ?? '',
  )
}
