// Every bound is a rule (P-LIM-1): each that a limits file exports is imported by a test, which shows what happens there, or stands below with the reason.
import { expect, test } from 'vitest'
import { sourceFiles, withoutComments } from './source-files.ts'

const LIMITS = ['protocol/limits.ts', 'cloud/platform/limits.ts', 'edge/kit/limits.ts']

const NOT_NAMED: Readonly<Record<string, string>> = {
  WHAT_IFS_KEPT_MAX:
    'each is a thread that folds the whole ledger: as many one after the other take half a minute',
  FEED_HISTORY_MAX: 'F-4 shows it with a shorter history: so many activities take their time',
  INGEST_QUEUE_BATCHES_MAX:
    'an assertion, which P-LIM-1 shows that nobody can reach: every link has out what it may',
  HAND_IN_MS: 'a pause of the kit in real time: KT-3 shows that what waits is handed in without another call',
  TIME_KEPT_MS: 'ten minutes of real time; KT-8 shows that the word is carried on',
  KNOWN_BROWSER_MS_MAX: 'browsers keep it, not we: the cookie’s Max-Age is all there is',
}

interface Bound {
  readonly name: string
  readonly file: string
}

const boundsOf = (file: string, text: string): Bound[] =>
  [...text.matchAll(/^export const (\w+)/gm)].map(([, name = '']) => ({ name, file }))

/** Bounds that tests import: another constant may have the same name. */
const importedIn = (texts: readonly string[]): Set<string> =>
  new Set(
    texts.flatMap((text) =>
      [...withoutComments(text).matchAll(/^import \{([^}]*)\} from '[./]*([\w./-]*limits\.ts)'/gm)].flatMap(
        ([, names = '', path = '']) =>
          names.split(',').map((name) => `${path} ${name.trim().split(' ')[0] ?? ''}`),
      ),
    ),
  )

/** Names that stand in code, comments left out. */
const namesIn = (texts: readonly string[]): Set<string> =>
  new Set(texts.flatMap((text) => withoutComments(text).match(/\b[A-Z][A-Z0-9_]+\b/g) ?? []))

function unnamed(
  bounds: readonly Bound[],
  named: ReadonlySet<string>,
  left: Readonly<Record<string, string>>,
): string[] {
  return bounds
    .filter(({ name, file }) => !named.has(`${file} ${name}`) && !Object.hasOwn(left, name))
    .map(({ name, file }) => `${name} (${file}) is named in no test: show what happens at it, and one beyond`)
}

const files = sourceFiles()
const bounds = files
  .filter(({ path }) => LIMITS.includes(path))
  .flatMap(({ path, text }) => boundsOf(path, text))
const textsOf = (wanted: (path: string) => boolean): string[] =>
  files.filter(({ path }) => wanted(path)).map(({ text }) => text)
const inTests = importedIn(textsOf((path) => path.startsWith('test/') && path !== 'test/tidy/bounds.test.ts'))

test('P-LIM-1 every bound is named in a test', () => {
  expect(bounds.length).toBeGreaterThan(150)
  expect(unnamed(bounds, inTests, NOT_NAMED)).toEqual([])
})

test('P-LIM-1 every bound bounds something', () => {
  const inProduct = namesIn(textsOf((path) => !/^(?:test|bench)\//.test(path) && !LIMITS.includes(path)))
  const inLimits = textsOf((path) => LIMITS.includes(path)).flatMap(
    (text) => text.match(/\b[A-Z][A-Z0-9_]+\b/g) ?? [],
  )
  const unused = bounds.filter(
    ({ name }) => !inProduct.has(name) && inLimits.filter((other) => other === name).length < 2,
  )
  expect(unused.map(({ name }) => `${name} bounds nothing: delete it`)).toEqual([])
})

test('no reason outlives its bound, or the test that names it after all', () => {
  const names = new Set(bounds.map(({ name }) => name))
  const over = Object.keys(NOT_NAMED).filter(
    (name) => !names.has(name) || LIMITS.some((file) => inTests.has(`${file} ${name}`)),
  )
  expect(over.map((name) => `${name} needs no reason any more: delete its line`)).toEqual([])
})

test('canary: a bound that no test imports is caught, also where another has its name', () => {
  const planted = boundsOf(
    'x/limits.ts',
    'export const A_MAX = 1\nexport const B_MAX = 2\nexport const C_MAX = 3\n',
  )
  const named = importedIn(["const A_MAX = 1\nimport { B_MAX, D_MAX as D } from '../../x/limits.ts'\n"])
  expect(unnamed(planted, named, { C_MAX: 'for the test' })).toEqual([
    'A_MAX (x/limits.ts) is named in no test: show what happens at it, and one beyond',
  ])
})
