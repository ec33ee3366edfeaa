// The maps of the platforms' contracts: every name of the contract has a row and every row a name; every path leads somewhere; and a program with all of
// it compiles and does what its story says. EXPRESSES.md beside the core is the same map, for people.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FACT_SHAPES } from '../../../protocol/facts.ts'
import { ProgramDocumentShape } from '../../../cloud/evaluation/document/program.ts'
import { ClawbackEvaluationShape, ClawbackProcessedShape } from '../../../cloud/domain/clawback-shapes.ts'
import { SegmentMetricsViewShape } from '../../../cloud/domain/segment-shapes.ts'
import { ExplanationShape, FactSummaryShape, MemberViewShape } from '../../../cloud/domain/view-shapes.ts'
import { holds, programOf } from '../../tables/case.ts'
import { CHEETAH } from './cheetah.ts'
import { cheetahNames, haveContracts, pepperNames, perkvilleNames } from './contract-names.ts'
import type { ContractMap } from './contract-map.ts'
import { namesOf, rowFor } from './contract-map.ts'
import { EXAMPLES } from './examples.ts'
import { expressesText } from './expresses.ts'
import { PEPPER } from './pepper.ts'
import { PERKVILLE } from './perkville.ts'
import { pathsOf, schemaHas } from './schema-paths.ts'

const MAPS: Readonly<Record<string, ContractMap>> = { Perkville: PERKVILLE, Pepper: PEPPER, Cheetah: CHEETAH }
const NAMES = { Perkville: perkvilleNames, Pepper: pepperNames, Cheetah: cheetahNames }
const EVALUATION = join(import.meta.dirname, '../../../cloud/evaluation')
const SPECS = ['../../../protocol/SPEC.md', '../../../cloud/evaluation/SPEC.md', '../../../edge/SPEC.md']
  .map((path) => readFileSync(join(import.meta.dirname, path), 'utf8'))
  .join('\n')

/** What a path starts with, where it is not a field of the program document. */
const ROOTS = {
  member: MemberViewShape,
  clawback: ClawbackEvaluationShape,
  clawed: ClawbackProcessedShape,
  segment: SegmentMetricsViewShape,
  fact_view: FactSummaryShape,
  explanation: ExplanationShape,
} as const

function leadsSomewhere(path: string): boolean {
  const [root = '', ...rest] = path.split('.')
  if (root === 'fact') {
    const [kind = '', ...fields] = rest
    return kind in FACT_SHAPES && schemaHas(FACT_SHAPES[kind as keyof typeof FACT_SHAPES], fields.join('.'))
  }
  return root in ROOTS
    ? schemaHas(ROOTS[root as keyof typeof ROOTS], rest.join('.'))
    : schemaHas(ProgramDocumentShape, path)
}

const pathsIn = ({ expressed }: ContractMap): string[] =>
  Object.values(expressed).flatMap((row) => row.split(', '))
const isOfDocument = (path: string): boolean =>
  !/^(?:fact|member|clawback|clawed|segment|fact_view|explanation)\./.test(path)

describe.each(Object.keys(MAPS))('E-DOC-6 %s', (platform) => {
  const map = MAPS[platform] ?? PERKVILLE

  test('every path leads to a field or value of ours', () => {
    expect(pathsIn(map).filter((path) => !leadsSomewhere(path))).toEqual([])
  })

  test('every rule named is a rule of a SPEC', () => {
    const named = Object.values(map.rules).flatMap((row) => row.split(', '))
    expect(named.filter((id) => !SPECS.includes(`**${id}**`))).toEqual([])
  })

  test('no name has two rows', () => {
    const names = namesOf(map)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('its example has every path of the program that the map names', () => {
    const example = EXAMPLES.find(({ rule }) => rule === platform)
    const paths = pathsOf(example?.program)
    expect(pathsIn(map).filter((path) => isOfDocument(path) && !paths.has(path))).toEqual([])
  })
})

test.each(EXAMPLES)('E-DOC-6 $rule: the example compiles and does what its story says', (example) => {
  expect(programOf(example)).toBeDefined()
  holds(example)
})

test('E-DOC-6 EXPRESSES.md says the same', async () => {
  await expect(expressesText(MAPS)).toMatchFileSnapshot(join(EVALUATION, 'EXPRESSES.md'))
})

describe.runIf(haveContracts)('E-DOC-6 the contracts', () => {
  test.each(Object.keys(MAPS) as (keyof typeof NAMES)[])(
    '%s: every name has a row, every row a name',
    (platform) => {
      const map = MAPS[platform] ?? PERKVILLE
      const rows = new Set(namesOf(map))
      const elsewhere = new Set(Object.values(map.elsewhere).flat())
      const used = new Set<string>()
      const missing: string[] = []
      const parts = NAMES[platform]()
      for (const [part, names] of parts)
        for (const name of elsewhere.has(part) ? [] : names) {
          const row = rowFor(rows, part, name)
          if (row === undefined) missing.push(name)
          else used.add(row)
        }
      expect(missing).toEqual([])
      expect([...rows].filter((row) => !used.has(row))).toEqual([])
      expect([...elsewhere].filter((part) => !parts.has(part))).toEqual([])
    },
  )
})
