// The names that the contracts have: `resource.field`, `resource.field=VALUE`, and rules by their id, or by their text where they have none.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const CONTRACTS = join(import.meta.dirname, '../../../../shared/contracts')
export const haveContracts = existsSync(CONTRACTS)

function contract(name: string): unknown {
  return JSON.parse(readFileSync(join(CONTRACTS, `${name}.json`), 'utf8'))
}

/** By the part of the contract (a resource, a group) they stand in. */
export type Names = ReadonlyMap<string, readonly string[]>

interface PerkvilleResource {
  readonly name: string
  readonly fields?: readonly { readonly name: string; readonly enum?: readonly (string | null)[] }[]
  readonly rules?: readonly string[]
}

export function perkvilleNames(): Names {
  const { resources, reports, batch } = contract('perkville') as Record<
    'resources' | 'reports' | 'batch',
    PerkvilleResource[]
  >
  return new Map(
    [...resources, ...reports, ...batch].map(({ name, fields = [], rules = [] }) => [
      name,
      [
        ...fields.flatMap((field) =>
          field.enum === undefined
            ? [`${name}.${field.name}`]
            : field.enum.filter(Boolean).map((value) => `${name}.${field.name}=${value}`),
        ),
        ...rules.map((rule) => `${name}: ${rule}`),
      ],
    ]),
  )
}

interface Group {
  readonly name: string
  readonly operations: readonly {
    readonly id?: string
    readonly params: readonly { readonly name: string; readonly in: string; readonly enum?: unknown }[]
    readonly response_shape?: string
  }[]
  readonly rules?: readonly { readonly id: string }[]
}

/** What a group's operations take in their bodies, and its rules. */
function ofGroup({ name, operations, rules = [] }: Group): string[] {
  const bodies = operations.flatMap(({ params }) => params.filter((param) => param.in === 'body'))
  return [
    ...new Set(bodies.map((param) => `${name}.${param.name}`)),
    ...rules.map(({ id }) => `${name}: ${id}`),
  ]
}

const enumNames = (name: string, values: readonly string[]): readonly [string, readonly string[]] => [
  `enum ${name}`,
  values.map((value) => `${name}=${value}`),
]

export function pepperNames(): Names {
  const { groups, enums } = contract('pepper') as {
    groups: Group[]
    enums: Record<string, { values: string[] }>
  }
  return new Map([
    ...groups.map((group) => [group.name, ofGroup(group)] as const),
    ...Object.entries(enums).map(([name, { values }]) => enumNames(name, values)),
  ])
}

/** The operations that show a record of the program whole; the others show parts of the same. */
const CHEETAH_RECORDS = [
  'rewards.get',
  'rewards.prizes',
  'awards.get',
  'offers.get',
  'offers.certificates.get',
  'challenges.get',
  'segments.get',
  'badges.list',
  'members.summary',
  'members.orders.claim',
  'orders.get',
  'orders.return.evaluate',
  'orders.return.process',
]

export function cheetahNames(): Names {
  const { groups, enums, shapes } = contract('cheetah') as {
    groups: Group[]
    enums: Record<string, unknown>
    shapes: Record<string, Record<string, string>>
  }
  const operations = groups.flatMap((group) => group.operations)
  const records = CHEETAH_RECORDS.map((id) => {
    const shape = shapes[operations.find((one) => one.id === id)?.response_shape ?? ''] ?? {}
    // `data.badges[].badge.levels` is `levels` of the record.
    const fields = Object.keys(shape).map((key) =>
      key.replace(/^data(?:\[\])?\.(?:badges\[\]\.badge\.)?/, ''),
    )
    return [id, fields.filter((field) => field !== 'success').map((field) => `${id}.${field}`)] as const
  })
  const defined = operations
    .flatMap(({ params }) => params)
    .filter(({ name }) => name.startsWith('definition['))
    .map(({ name }) => `challenges.${name}`)
  return new Map([
    ...groups.map(
      (group) => [group.name, (group.rules ?? []).map(({ id }) => `${group.name}: ${id}`)] as const,
    ),
    ...records,
    ['challenges.definition', [...new Set(defined)]] as const,
    ...Object.entries(enums).map(([name, values]) =>
      enumNames(name, Array.isArray(values) ? values.map(String) : Object.keys(values as object)),
    ),
  ])
}
