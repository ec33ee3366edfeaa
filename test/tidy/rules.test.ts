// The rules of the SPEC.md files: each has one ID, each is shown by a test that names it, and no name names a rule that is not there.
import { expect, test } from 'vitest'
import type { SourceFile } from './source-files.ts'
import { FOLDERS, filesUnder, sourceFiles, withoutComments } from './source-files.ts'

const specs = FOLDERS.flatMap((folder) => filesUnder(folder, 'SPEC.md'))
/** Test files, and the contract suites that they run. */
const tests = [
  ...sourceFiles().filter(({ path }) => /^test\/.*(?:\.test|-suite)\.ts$/.test(path)),
  // Conformance cases are data and tests in one.
  ...filesUnder('test', '.json').filter(({ path }) => path.startsWith('test/conformance/cases/')),
]

/** `- **P-ID-1** …` */
const ID = /\*\*([A-Z]+(?:-[A-Z]+)*-\d+)\*\*/g

interface RuleOfSpec {
  readonly id: string
  readonly spec: string
}

function rulesOf(files: readonly SourceFile[]): RuleOfSpec[] {
  return files.flatMap(({ path, text }) => [...text.matchAll(ID)].map(([, id = '']) => ({ id, spec: path })))
}

/** What tests are called: every text in quotes of a test file. Table rows carry their rule's ID as a text too. */
function namesOf(files: readonly SourceFile[]): string {
  return files
    .flatMap(
      ({ text }) =>
        withoutComments(text).match(/'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g) ?? [],
    )
    .join('\n')
}

function twice(rules: readonly RuleOfSpec[]): string[] {
  return rules
    .filter(({ id }, index) => rules.findIndex((rule) => rule.id === id) !== index)
    .map(({ id, spec }) => `${id} is used again in ${spec}: take the next free number`)
}

function untested(rules: readonly RuleOfSpec[], names: string): string[] {
  return rules
    .filter(({ id }) => !new RegExp(`(?<![A-Z-])${id}(?!\\d)`).test(names))
    .map(({ id, spec }) => `${id} (${spec}): name it in the test that shows it`)
}

/** IDs that look like ours and stand in no SPEC. */
function unknown(rules: readonly RuleOfSpec[], files: readonly SourceFile[]): string[] {
  const known = new Set(rules.map(({ id }) => id))
  const families = [...new Set(rules.map(({ id }) => id.replace(/-\d+$/, '')))].toSorted(
    (a, b) => b.length - a.length,
  )
  const looksLike = new RegExp(`(?<![\\w-])(?:${families.join('|')})-\\d+(?![\\w-])`, 'g')
  return files.flatMap(({ path, text }) =>
    [...new Set(text.match(looksLike))]
      .filter((id) => !known.has(id))
      .map((id) => `${path} names ${id}, which no SPEC.md has: correct it`),
  )
}

const rules = rulesOf(specs)

test('every SPEC.md has rules', () => {
  expect(specs.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['protocol/SPEC.md', 'edge/SPEC.md', 'cloud/SPEC.md', 'cloud/evaluation/SPEC.md']),
  )
  expect(rules.length).toBeGreaterThan(90)
})

test('every rule ID is used once', () => {
  expect(twice(rules)).toEqual([])
})

test('every rule ID is in the name of a test', () => {
  expect(untested(rules, namesOf(tests))).toEqual([])
})

test('no code and no test names a rule that is not there', () => {
  // This file plants such names below.
  const files = sourceFiles().filter(({ path }) => path !== 'test/tidy/rules.test.ts')
  expect(unknown(rules, files)).toEqual([])
})

test('canary: a rule twice, a rule without a test and a name without a rule are caught', () => {
  const planted = rulesOf([
    { path: 'a/SPEC.md', text: '- **P-ID-1** x\n- **P-ID-11** y\n' },
    { path: 'b/SPEC.md', text: '- **P-ID-1** z\n' },
  ])
  expect(twice(planted)).toEqual(['P-ID-1 is used again in b/SPEC.md: take the next free number'])
  const names = namesOf([
    { path: 'x.test.ts', text: "// P-ID-1 in a comment is no name\ntest('P-ID-11: x', () => {})" },
  ])
  expect(untested(planted.slice(0, 2), names)).toEqual([
    'P-ID-1 (a/SPEC.md): name it in the test that shows it',
  ])
  const code = [{ path: 'x.ts', text: '// see P-ID-12, and UTF-8 and SHA-256' }]
  expect(unknown(planted, code)).toEqual(['x.ts names P-ID-12, which no SPEC.md has: correct it'])
})
