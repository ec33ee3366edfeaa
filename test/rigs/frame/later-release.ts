// Releases that are yet to come, for a rig that has today's stores meet them: this source tree, copied, with the changes of each later release in it. They
// are of the kinds that a release may make (P-VER-2, P-STEP-1): a field of a fact, a field of a frame down, a frame down, another format of states, and a
// step of either side's tables each. Where the text that one replaces is no longer there, the rig says so: give it another place.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { STATE_FORMAT } from '../../../cloud/evaluation/state.ts'
import { PROTOCOL_VERSION } from '../../../protocol/version.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** What a node and the judge of its files are made of. */
const COPIED = ['package.json', 'protocol', 'cloud', 'edge', 'test/support', 'test/rigs']

interface Change {
  readonly file: string
  /** Stands there once. */
  readonly before: string
  readonly after: string
}

/** What the n-th release from now brings, beside a schema step; from the fourth on nothing else. */
const BROUGHT: readonly ((version: number) => readonly Change[])[] = [
  // A field of a fact: sales say through which channel they were made.
  (version) => [
    {
      file: 'protocol/facts.ts',
      before: "    ...header('sale'),\n    amount: MoneyShape,\n",
      after: `    ...header('sale'),\n    channel: since(${version}, text(1, 16), 'unknown'),\n    amount: MoneyShape,\n`,
    },
    {
      file: 'protocol/facts.ts',
      before: "import type { HybridTime } from './time.ts'\n",
      after: "import type { HybridTime } from './time.ts'\nimport { since } from './since.ts'\n",
    },
    {
      file: 'edge/till/sales.ts',
      before: "    kind: 'sale',\n",
      after: "    kind: 'sale',\n    channel: 'till',\n",
    },
  ],
  // A field of a frame down: an ack says how many stores wait.
  (version) => [
    {
      file: 'protocol/frames/ack.ts',
      before: '...CREDIT }',
      after: `...CREDIT, queue: since(${version}, Type.Integer({ minimum: 0, maximum: 9 }), 0) }`,
    },
    {
      file: 'protocol/frames/ack.ts',
      before: "import { Type } from 'typebox'\n",
      after: "import { Type } from 'typebox'\nimport { since } from '../since.ts'\n",
    },
    {
      file: 'cloud/sync/session.ts',
      before: '{ ...answer, ...this.#credit() }',
      after: '{ ...answer, ...this.#credit(), queue: 3 }',
    },
    {
      file: 'cloud/sync/session.ts',
      before: 'head: row.head, ...this.#credit() }',
      after: 'head: row.head, ...this.#credit(), queue: 3 }',
    },
  ],
  // A frame down: the cloud greets whom it welcomes. And another format of members' states, which stores ask for anew.
  (version) => [
    {
      file: 'cloud/evaluation/state.ts',
      before: `STATE_FORMAT = ${STATE_FORMAT}`,
      after: `STATE_FORMAT = ${STATE_FORMAT + 1}`,
    },
    {
      file: 'edge/ledger/schema.ts',
      before: 'export const SCHEMA_STEPS',
      after:
        "const RETOLD = 'UPDATE standing SET members_cursor = 0;\\n' + sumAgain('standing')\nexport const SCHEMA_STEPS",
    },
    {
      file: 'edge/ledger/schema.ts',
      before: 'import { SUMS, ',
      after: 'import { SUMS, sumAgain, ',
    },
    {
      file: 'edge/ledger/schema.ts',
      before: '].map((text) => ({\n',
      after: ', RETOLD].map((text) => ({\n',
    },
    {
      file: 'protocol/down.ts',
      before: '  challenge: ChallengeShape,\n',
      after: `  greeting: since(${version}, Type.Object({ type: Type.Literal('greeting'), text: Type.String() }, closed)),\n  challenge: ChallengeShape,\n`,
    },
    {
      file: 'protocol/down.ts',
      before: "import type { Ack } from './frames/ack.ts'\n",
      after:
        "import { Type } from 'typebox'\nimport { closed } from './shapes.ts'\nimport { since } from './since.ts'\nimport type { Ack } from './frames/ack.ts'\n",
    },
    {
      file: 'cloud/sync/session.ts',
      before: '    this.#greeted = true\n',
      after: "    this.#greeted = true\n    this.#send({ type: 'greeting', text: 'good morning' })\n",
    },
    {
      file: 'edge/sync/link.ts',
      before: "      case 'notice':\n",
      after: "      case 'greeting':\n        return this.#taken(() => undefined)\n      case 'notice':\n",
    },
  ],
]

/** The release that is so many protocol versions after this one, made at a directory that is not there yet. */
export class LaterRelease {
  readonly #directory: string

  constructor(directory: string, releases: number) {
    this.#directory = directory
    for (const part of COPIED) cpSync(join(ROOT, part), join(directory, part), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    for (let n = 1; n <= releases; n++) this.#release(n)
  }

  #release(n: number): void {
    const version = PROTOCOL_VERSION + n
    for (const change of BROUGHT[n - 1]?.(version) ?? []) this.#change(change)
    this.#change({
      file: 'protocol/version.ts',
      before: `PROTOCOL_VERSION = ${version - 1}\n`,
      after: `PROTOCOL_VERSION = ${version}\n`,
    })
    const step = `CREATE TABLE later_${version} (fact INTEGER PRIMARY KEY);\\nINSERT INTO later_${version} SELECT id FROM facts;\\nCREATE INDEX facts_later_${version} ON facts (member, id);\\n`
    for (const file of ['edge/ledger/schema.ts', 'cloud/store/sqlite/schema.ts'])
      this.#change({ file, before: '].map((text) => ({\n', after: `, '${step}'].map((text) => ({\n` })
  }

  #change({ file, before, after }: Change): void {
    const path = join(this.#directory, file)
    const text = readFileSync(path, 'utf8')
    const pieces = text.split(before)
    if (pieces.length !== 2)
      throw new Error(
        `${file} has ${JSON.stringify(before)} ${pieces.length - 1} times: a later release changes it where it stands once`,
      )
    writeFileSync(path, pieces.join(after))
  }

  get cli(): string {
    return join(this.#directory, 'cloud/cli.ts')
  }

  /** A module of it, by its path in the source tree. */
  async module(path: string): Promise<unknown> {
    return import(join(this.#directory, path))
  }
}
