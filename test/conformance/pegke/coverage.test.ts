// Pegke's contract, the rows and the cases compared with each other, in both directions; COVERAGE.md of the dialect is the outcome (DF-8). `COVERAGE=write`
// writes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PEGKE } from '../../../cloud/dialects/pegke/pegke.ts'
import { REALTIME_PATH } from '../../../cloud/dialects/pegke/realtime.ts'
import { PEGKE_CALLS, PEGKE_CALL_NAMES } from '../../../protocol/pegke/calls.ts'
import type { PegkeCase } from './case.ts'
import { CASES } from './cases.ts'

interface Contract {
  readonly calls: readonly {
    readonly q: string
    readonly method: string
    readonly params: readonly string[]
  }[]
  /** Names of the web API, and the calls they are. */
  readonly web_api: Readonly<Record<string, string>>
  readonly realtime: Readonly<Record<string, string>>
  readonly statements: Readonly<Record<string, string>>
  /** Statements that no case can show, and the test that does. */
  readonly elsewhere: Readonly<Record<string, string>>
}

const GIVEN = new URL('../../../../shared/contracts/pegke.json', import.meta.url)
const FOLDER = new URL('../../../cloud/dialects/pegke/', import.meta.url)
const ROOT = new URL('../../../', import.meta.url)

const read = (name: string | URL): string => readFileSync(name, 'utf8')
// The file is this project's own.
const contract = JSON.parse(read(new URL('../pegke-contract.json', import.meta.url))) as Contract
const PLACES = ['hq', 'store'] as const

const at = (place: string): PegkeCase[] => CASES.filter((given) => (given.at ?? place) === place)
const operations = PEGKE.resources.flatMap(({ name, endpoints }) =>
  endpoints.map(({ method }) => ({ name, method })),
)
const isShown = (place: string, name: string, method: string): boolean =>
  at(place).some((given) => given.q === name && given.method === method && given.status === 200)
const decisions = [...read(new URL('SPEC.md', FOLDER)).matchAll(/\*\*(PG-\d+)\*\*/g)].map(([, id = '']) => id)
const namedBy = (id: string, names: readonly string[]): boolean =>
  names.some((name) => new RegExp(`${id}(?!\\d)`).test(name))

test('DF-8 every call of the contract is a row, with its verb first and its parameters; every row is in the contract', () => {
  for (const { q, method, params } of contract.calls) {
    const row = PEGKE.resources.find(({ name }) => name === q)
    expect(row?.endpoints[0]?.method, q).toBe(method)
    const { fields } = PEGKE_CALLS[q as keyof typeof PEGKE_CALLS]
    for (const param of params) expect(Object.keys(fields), q).toContain(param)
  }
  const known = [...contract.calls.map(({ q }) => q), ...Object.values(contract.web_api)]
  expect(PEGKE.resources.map(({ name }) => name).toSorted()).toEqual([...new Set(known)].toSorted())
  expect(PEGKE.resources.map(({ name }) => name)).toEqual(PEGKE_CALL_NAMES)
  expect(Object.values(contract.realtime)).toEqual([REALTIME_PATH])
})

test('DF-8 every operation is shown at HQ and in a store', () => {
  for (const place of PLACES)
    expect(
      operations.filter(({ name, method }) => !isShown(place, name, method)),
      place,
    ).toEqual([])
})

test('DF-8 every statement of the contract is shown by a case, or by the test that is named', () => {
  const shown = new Set(CASES.flatMap(({ shows = [] }) => shows))
  for (const name of shown) expect(Object.keys(contract.statements)).toContain(name)
  const missing = Object.keys(contract.statements).filter(
    (name) => !shown.has(name) && contract.elsewhere[name] === undefined,
  )
  expect(missing).toEqual([])
  for (const file of Object.values(contract.elsewhere))
    expect(existsSync(new URL(file, ROOT)), file).toBe(true)
})

test('DF-8 COVERAGE.md of Pegke says what is so', () => {
  const path = new URL('COVERAGE.md', FOLDER)
  const text = coverage()
  if (process.env.COVERAGE === 'write') writeFileSync(path, text)
  expect(read(path)).toBe(text)
})

test.runIf(existsSync(GIVEN))('DF-8 the project’s copy of Pegke’s contract is the contract’s', () => {
  const given = JSON.parse(read(GIVEN)) as {
    readonly merchant_api: {
      readonly base: string
      readonly calls: readonly { q: string; method: string; params: object }[]
    }
    readonly web_api: readonly { readonly name: string; readonly wire?: string }[]
    readonly realtime_activity_api: readonly { readonly name: string }[]
  }
  const { merchant_api: api } = given
  expect(api.base).toBe(`${PEGKE.base}/`)
  expect(api.calls.map(({ q, method, params }) => ({ q, method, params: Object.keys(params) }))).toEqual(
    contract.calls,
  )
  expect(given.web_api.map(({ name }) => name)).toEqual(Object.keys(contract.web_api))
  // A wire that is named is the call's own.
  for (const { name, wire = 'open' } of given.web_api)
    if (!wire.startsWith('open')) expect(contract.web_api[name]).toBe(wire)
  expect(given.realtime_activity_api.map(({ name }) => name)).toEqual(Object.keys(contract.realtime))
})

function coverage(): string {
  const names = CASES.map(({ name }) => name)
  const count = (name: string, place: string): number => at(place).filter((given) => given.q === name).length
  const shownBy = (name: string): string => {
    const cases = CASES.filter(({ shows = [] }) => shows.includes(name)).length
    return cases > 0 ? `${cases} ${cases === 1 ? 'case' : 'cases'}` : (contract.elsewhere[name] ?? 'nothing')
  }
  return [
    '# Pegke: what is covered',
    '',
    'Written by `COVERAGE=write npx vitest run test/conformance/pegke/coverage.test.ts` from the contract, the rows and the cases; the same test fails when it is out of date.',
    '',
    `Operations ${operations.length} of ${operations.length}, each shown at HQ and in a store. Cases ${at('hq').length} at HQ, ${at('store').length} in a store.`,
    `Rules shown by cases ${decisions.filter((id) => namedBy(id, names)).length} of ${decisions.length}; the others by tests that name them.`,
    '',
    '| call | verbs | in the contract as | cases at HQ | in a store |',
    '|---|---|---|---|---|',
    ...PEGKE.resources.map(({ name, endpoints }) => {
      const verbs = endpoints.map(({ method }) => method).join(', ')
      const web = Object.entries(contract.web_api).filter(([, q]) => q === name)
      const merchant = contract.calls.some(({ q }) => q === name) ? [`merchant API, \`${name}\``] : []
      const as = [...merchant, ...web.map(([title]) => `web API, ${title}`)].join('; ')
      return `| ${name} | ${verbs} | ${as} | ${count(name, 'hq')} | ${count(name, 'store')} |`
    }),
    '',
    '| the document says | shown by |',
    '|---|---|',
    ...Object.entries(contract.statements).map(([name, text]) => `| ${text} | ${shownBy(name)} |`),
    '',
  ].join('\n')
}
