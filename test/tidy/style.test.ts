// STYLE as far as a machine can read it. Every message says what to do instead. A rule is a pattern and the files it holds for.
import { describe, expect, test } from 'vitest'
import type { SourceFile } from './source-files.ts'
import { sourceFiles, withoutComments } from './source-files.ts'

const LINES_MAX = 450

interface Rule {
  readonly name: string
  readonly holdsFor: (path: string) => boolean
  readonly pattern: RegExp
  readonly instead: string
  /** A line that must be caught, and one that must not. */
  readonly canary: readonly [bad: string, good: string]
}

const everywhere = (): boolean => true
const inTests = (path: string): boolean => path.startsWith('test/')
const outside =
  (...places: string[]) =>
  (path: string): boolean =>
    !places.some((place) => path.startsWith(place))
/** Where time and chance come from outside. */
const pure = (path: string): boolean =>
  /^(?:protocol|cloud\/evaluation|cloud\/domain|edge\/till|edge\/feed|edge\/sync)\//.test(path)

const RULES: readonly Rule[] = [
  {
    name: 'enum',
    holdsFor: everywhere,
    pattern: /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/m,
    instead: 'list the words `as const` and take the union of them',
    canary: ['export const enum Kind { A }', 'const enumerated = 1'],
  },
  {
    name: 'namespace',
    holdsFor: everywhere,
    pattern: /^\s*(?:export\s+)?(?:declare\s+)?(?:namespace|module)\s+[\w.]+\s*\{/m,
    instead: 'a file is the namespace: export from it by name',
    canary: ['export namespace Facts {', 'const namespace = {'],
  },
  {
    name: 'parameter property',
    holdsFor: everywhere,
    pattern: /constructor\s*\((?:[^)]*,)?\s*(?:public|private|protected|readonly)\s+\w+\s*[:?]/,
    instead: 'declare a #private field and assign it in the constructor',
    canary: ['  constructor(a: A, private clock: Clock) {', '  constructor(clocks: readonly Clock[]) {'],
  },
  {
    name: 'default export',
    holdsFor: (path) => !path.endsWith('.config.ts'),
    pattern: /^export\s+default\b|^export\s*\{[^}]*\bas\s+default\b/m,
    instead: 'export it by its name',
    canary: ['export default function main() {}', 'export function main() {}'],
  },
  {
    name: 'any',
    holdsFor: everywhere,
    pattern: /[:<,|]\s*any\b(?!\w)|\bas any\b/,
    instead: 'use unknown at the border and narrow it',
    canary: ['const x = value as any', 'const many: string[] = []'],
  },
  {
    name: 'text as HTML',
    holdsFor: outside('test/http/'),
    pattern: /innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML/,
    instead: 'let Preact write it as text (S23)',
    canary: ['<p dangerouslySetInnerHTML={{ __html: name }} />', '<p>{name}</p>'],
  },
  {
    name: "the machine's clock",
    holdsFor: pure,
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    instead: 'take a Clock (protocol/time.ts) from outside',
    canary: ['const now = Date.now()', 'const day = new Date(ms)'],
  },
  {
    name: "the machine's chance",
    holdsFor: outside('edge/system.ts', 'cloud/system.ts', 'test/support/generators.ts'),
    pattern: /\bMath\.random\(/,
    instead: 'take the random source of the System; in tests, seededRandom',
    canary: ['const r = Math.random()', 'const r = system.random()'],
  },
  {
    name: 'a mocked module',
    holdsFor: inTests,
    pattern: /\bvi\s*\.\s*(?:mock|doMock|spyOn|stubGlobal|useFakeTimers)\b/,
    instead: 'use the real part, with time and chance passed in',
    canary: ["vi.mock('../x.ts')", 'const video = mock'],
  },
  {
    name: 'a test left out',
    holdsFor: inTests,
    pattern: /\b(?:test|it|describe)\s*\.\s*(?:skip|todo|only)\b/,
    instead: 'make it pass, or delete it',
    canary: ["test.only('x', () => {})", "test('only', () => {})"],
  },
  {
    name: 'sleeping',
    holdsFor: inTests,
    pattern:
      /\bsleep\s*\(\s*\d|await\s+setTimeout\s*\(|await new Promise[^\n]*setTimeout\(\s*\w+\s*,\s*\d{3,}/,
    instead: 'wait for the condition, with a deadline',
    canary: ['await sleep(500)', 'await until(() => seen)'],
  },
  {
    name: 'unfinished work',
    holdsFor: (path) => path !== 'test/tidy/style.test.ts',
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    instead: 'finish it, or write the rule into the SPEC',
    canary: ['// TODO: later', '// done'],
  },
  {
    name: 'an unexplained suppression',
    holdsFor: everywhere,
    pattern: /(?:oxlint|eslint)-disable(?:-next)?(?:-line)?(?![^\n]* -- \w)|@ts-(?:ignore|nocheck)/,
    instead: 'say why behind " -- ", or mend the code',
    canary: [
      '// oxlint-disable-next-line no-new',
      '// oxlint-disable-next-line no-new -- it registers itself',
    ],
  },
]

/** Rules about comments read the whole text, the others the code. */
const READS_COMMENTS = new Set(['unfinished work', 'an unexplained suppression'])

function broken(rule: Rule, files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => rule.holdsFor(path))
    .filter(({ text }) =>
      rule.pattern.test(READS_COMMENTS.has(rule.name) ? text : withoutQuoted(withoutComments(text))),
    )
    .map(({ path }) => `${path}: ${rule.name}; ${rule.instead}`)
}

/** Texts in quotes may say anything. */
function withoutQuoted(code: string): string {
  return code.replaceAll(/'(?:\\.|[^'\\\n])*'/g, "''")
}

const files = sourceFiles()

describe.each(RULES)('$name', (rule) => {
  test('is nowhere', () => {
    expect(
      broken(
        rule,
        files.filter(({ path }) => path !== 'test/tidy/style.test.ts'),
      ),
    ).toEqual([])
  })

  test('canary: a planted one is caught, a look-alike is not', () => {
    const path = ['test/planted.test.ts', 'protocol/planted.ts'].find((place) => rule.holdsFor(place)) ?? ''
    const [bad, good] = rule.canary
    expect(broken(rule, [{ path, text: bad }]).length).toBe(1)
    expect(broken(rule, [{ path, text: good }])).toEqual([])
  })
})

test(`no file is longer than ${LINES_MAX} lines`, () => {
  const long = files
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ path, lines }) => `${path}: ${lines} lines; split it by the nouns in it`)
  expect(long).toEqual([])
})

test('a file of the product opens with what it owns', () => {
  // A frame is one schema, and the comment above it says what the frame is for.
  const silent = files
    .filter(({ path }) => /^(?:protocol|edge|cloud)\//.test(path) && !path.startsWith('protocol/frames/'))
    .filter(({ text }) => !/^(?:#![^\n]*\n)?(?:\/\/ |\/\*)/.test(text))
    .map(
      ({ path }) =>
        `${path}: open it with two to ten lines: what it owns, what it keeps, what a newcomer would get wrong`,
    )
  expect(silent).toEqual([])
})

test('no folder or file is a drawer', () => {
  const drawers = files
    .map(({ path }) => path)
    .filter((path) => /(?:^|\/)(?:utils?|helpers?|common|misc|index)(?:\/|\.ts$)/.test(path))
    .map((path) => `${path}: name the noun it is about`)
  expect(drawers).toEqual([])
})

test('file names are kebab-case', () => {
  expect(
    files
      .map(({ path }) => path)
      .filter((path) => !/^(?:[a-z0-9-]+\/)*[a-z0-9-]+(?:\.test|\.config|\.d)?\.tsx?$/.test(path)),
  ).toEqual([])
})
