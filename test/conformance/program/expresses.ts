// The maps as a page to read.
import type { ContractMap, Owner } from './contract-map.ts'
import { OWNERS } from './contract-map.ts'

const code = (text: string): string => `\`${text}\``
const codes = (list: readonly string[]): string => list.map(code).join(', ')
const entriesOf = (
  lists: Readonly<Partial<Record<Owner, readonly string[]>>>,
): [Owner, readonly string[]][] => Object.entries(lists) as [Owner, readonly string[]][]

export function expressesText(maps: Readonly<Record<string, ContractMap>>): string {
  return `${[
    '# What the platforms express, and where it is here',
    '',
    'Made from `test/conformance/program` (`npx vitest run test/conformance/program -u`), which also holds it against the contracts and runs a program with all of it.',
    'A path goes through the program document; with `fact.` through a fact; with `member.`, `segment.`, `clawback.`, `clawed.`, `fact_view.` or `explanation.` through what the cloud',
    'tells. `*` is any part of the contract.',
    '',
    "| not the program's | because |",
    '|---|---|',
    ...Object.entries(OWNERS).map(([owner, why]) => `| ${owner} | ${why} |`),
    ...Object.entries(maps).flatMap(([platform, map]) => platformText(platform, map)),
  ].join('\n')}\n`
}

function platformText(platform: string, { elsewhere, expressed, rules, not }: ContractMap): string[] {
  return [
    '',
    `## ${platform}`,
    '',
    '| field or value | here |',
    '|---|---|',
    ...Object.entries(expressed).map(([name, paths]) => `| ${code(name)} | ${codes(paths.split(', '))} |`),
    '',
    '| rule | kept by |',
    '|---|---|',
    ...Object.entries(rules).map(([rule, ids]) => `| ${rule} | ${ids} |`),
    '',
    "Not the program's:",
    '',
    ...entriesOf(not).map(([owner, names]) => `- **${owner}**: ${codes(names)}`),
    '',
    'Parts without anything of the program:',
    '',
    ...entriesOf(elsewhere).map(([owner, parts]) => `- **${owner}**: ${codes(parts)}`),
  ]
}
