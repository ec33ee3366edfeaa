// The contract, the rows and the cases compared with each other, in both directions; COVERAGE.md of the dialect is the outcome (DF-8). `COVERAGE=write` writes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { InputTable, ReadInput } from '../../cloud/dialects/frame/input.ts'
import { PERKVILLE } from '../../cloud/dialects/perkville/perkville.ts'
import { CASES } from './cases.ts'
import { operationOf } from './conformance-case.ts'
import { contractOf } from './contract.ts'
import type { ContractOperation, ContractResource } from './contract.ts'
import { DEVIATIONS } from './deviations.ts'

const OWN = new URL('perkville.json', import.meta.url)
const GIVEN = new URL('../../../shared/contracts/perkville.json', import.meta.url)
const COVERAGE = new URL('../../cloud/dialects/perkville/COVERAGE.md', import.meta.url)

const contract = contractOf(readFileSync(OWN, 'utf8'))
const rows = new Map(PERKVILLE.resources.map((resource) => [resource.name, resource]))
const cases = Object.values(CASES).flat()
const good = cases.filter(({ status }) => status < 400)
const named = ({ method, on }: Pick<ContractOperation, 'method' | 'on'>): string => `${method} ${on}`

const tested = new Set(
  good.map((given) => {
    const { method, resource, on } = operationOf(given)
    return `${resource} ${method} ${on}`
  }),
)
const ruled = new Set(cases.flatMap(({ rules = [] }) => rules))
const shown = new Set(
  good.filter(({ fields }) => fields === true).map((given) => operationOf(given).resource),
)

test('DF-1 DF-8 no row is without its place in the contract', () => {
  for (const { name, endpoints, fields } of PERKVILLE.resources) {
    const resource = contract.resources.find((one) => one.name === name)
    expect(resource?.name).toBe(name)
    const known = resource?.operations.map(named) ?? []
    for (const endpoint of endpoints) expect(known, name).toContain(named(endpoint))
    for (const field of Object.keys(fields)) expect(resource?.fields, name).toContain(field)
  }
})

test('DF-8 what is there is there as the contract says: status, scopes, filters, bodies, fields', () => {
  const missing: string[] = []
  for (const resource of contract.resources) {
    const row = rows.get(resource.name)
    if (row === undefined) continue
    for (const operation of resource.operations) missing.push(...differences(resource, operation))
    for (const field of resource.fields)
      if (Object.keys(row.fields).length > 0 && !Object.hasOwn(row.fields, field))
        missing.push(`${resource.name}: the field ${field}`)
  }
  expect(missing.filter((text) => !Object.hasOwn(DEVIATIONS, text))).toEqual([])
  // A deviation that is none any more has to go.
  for (const text of Object.keys(DEVIATIONS))
    if (rows.has(text.split(/[ :]/)[0] ?? '')) expect(missing).toContain(text)
})

/** Of a declared input. */
function inputFieldsOf(input: InputTable | ReadInput | undefined): InputTable['fields'] {
  return typeof input === 'object' ? input.fields : {}
}

function differences({ name }: ContractResource, operation: ContractOperation): string[] {
  const row = rows.get(name)
  const endpoint = row?.endpoints.find((one) => named(one) === named(operation))
  const says = `${name} ${named(operation)}`
  if (row === undefined || endpoint === undefined) return [`${says}: not there`]
  const found: string[] = []
  if (endpoint.status !== operation.status) found.push(`${says}: status ${operation.status}`)
  const sorted = (list: readonly string[]): string => list.toSorted().join(' ')
  if (sorted(endpoint.scopes.all) !== sorted(operation.scopes_all)) found.push(`${says}: scopes`)
  const lists = (given: readonly (readonly string[])[]): string => sorted(given.map(sorted))
  if (lists(endpoint.scopes.anyOf) !== lists(operation.scopes_any))
    found.push(`${says}: alternatives of scopes`)
  for (const filter of operation.params)
    if (
      !Object.hasOwn(row.filters, filter) &&
      !Object.hasOwn(row.filters, filter.split('__')[0] ?? '') &&
      row.aside?.includes(filter) !== true &&
      row.collection !== null
    )
      found.push(`${says}: the filter ${filter}`)
  for (const needed of operation.one_or_more_of)
    if (
      row.collection !== null &&
      !needed.includes('*') &&
      endpoint.requires?.oneOf?.includes(needed) !== true
    )
      found.push(`${says}: requires ${needed}`)
  for (const forbidden of operation.forbidden)
    if (row.collection !== null && endpoint.requires?.forbids?.includes(forbidden) !== true)
      found.push(`${says}: forbids ${forbidden}`)
  for (const field of operation.body)
    if (!field.includes('[]') && inputFieldsOf(endpoint.input)[field] === undefined)
      found.push(`${says}: the body’s ${field}`)
  return found
}

test('DF-8 every operation that is there is tested, with its fields', () => {
  const untested = PERKVILLE.resources.flatMap(({ name, endpoints }) =>
    endpoints.map((endpoint) => `${name} ${named(endpoint)}`).filter((operation) => !tested.has(operation)),
  )
  expect(untested).toEqual([])
  const unseen = PERKVILLE.resources
    .filter(({ name, fields }) => Object.keys(fields).length > 0 && !shown.has(name))
    .map(({ name }) => name)
  expect(unseen).toEqual([])
})

test('DF-8 a case names operations and rules that are there', () => {
  for (const rule of ruled) {
    const [, name, place] = /^(.+) (\d+)$/.exec(rule) ?? []
    expect(
      contract.resources.find((resource) => resource.name === name)?.rules[Number(place)],
      rule,
    ).toBeDefined()
  }
})

test('DF-8 COVERAGE.md says what is so', () => {
  const text = coverage()
  if (process.env.COVERAGE === 'write') writeFileSync(COVERAGE, text)
  expect(readFileSync(COVERAGE, 'utf8')).toBe(text)
})

test.runIf(existsSync(GIVEN))('DF-8 the project’s copy of the contract is the contract’s', () => {
  const given = JSON.parse(readFileSync(GIVEN, 'utf8')) as {
    readonly [kind in 'resources' | 'reports' | 'batch']: readonly ContractResource[]
  }
  const all = [...given.resources, ...given.reports, ...given.batch]
  expect(contract.resources.map(({ name }) => name)).toEqual(all.map(({ name }) => name))
  for (const [index, { rules, operations, fields }] of all.entries()) {
    const copy = contract.resources[index]
    expect(copy?.rules).toEqual(rules)
    expect(copy?.fields).toEqual((fields as unknown as { name: string }[]).map(({ name }) => name))
    expect(copy?.operations.map(({ method, status }) => [method, status])).toEqual(
      operations.map(({ method, status }) => [method, status]),
    )
  }
})

function coverage(): string {
  const operations = contract.resources.flatMap((resource) =>
    resource.operations.map((operation) => ({
      resource,
      operation,
      says: `${resource.name} ${named(operation)}`,
    })),
  )
  const there = operations.filter(
    ({ resource, operation }) =>
      rows.get(resource.name)?.endpoints.some((one) => named(one) === named(operation)) === true,
  )
  const fields = contract.resources.flatMap(({ name, fields: all }) =>
    all.filter((field) => Object.hasOwn(rows.get(name)?.fields ?? {}, field)),
  ).length
  const rules = contract.resources.reduce((sum, resource) => sum + resource.rules.length, 0)
  const fieldsAll = contract.resources.reduce((sum, resource) => sum + resource.fields.length, 0)
  const lines = operations.map(({ resource, operation, says }) => {
    const done = there.some((one) => one.says === says)
    const shows = resource.rules.filter((_, index) => ruled.has(`${resource.name} ${index}`)).length
    const deviations = Object.entries(DEVIATIONS)
      .filter(([text]) => text.startsWith(`${says}:`) || text.startsWith(`${resource.name}:`))
      .map(([text, why]) => `${text.slice(text.indexOf(':') + 2)}: ${why}`)
    return `| ${resource.name} | ${operation.method} ${operation.on} | ${done ? 'yes' : 'no'} | ${tested.has(says) ? 'yes' : 'no'} | ${shows} of ${resource.rules.length} | ${deviations.join('; ')} |`
  })
  return [
    '# Perkville: what is covered',
    '',
    'Written by `COVERAGE=write npx vitest run test/conformance/coverage.test.ts` from the contract, the rows and the cases; the same test fails when it is out of date.',
    '',
    `Operations ${there.length} of ${operations.length}, tested ${operations.filter(({ says }) => tested.has(says)).length}. Fields ${fields} of ${fieldsAll}. Rules shown by a case ${ruled.size} of ${rules}.`,
    '',
    '| resource | operation | there | tested | rules shown | deviations |',
    '|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n')
}
