// Imports against the table of layers, and a canary: the same checker is given violations and must name each of them.
import { expect, test } from 'vitest'
import { LAYERS, LIBRARIES, importsOf, layerOf, violationsOf } from './layers.ts'
import type { SourceFile } from './source-files.ts'
import { FOLDERS, sourceFiles } from './source-files.ts'

const files = sourceFiles()

test('every import is allowed by the table of layers', () => {
  expect(violationsOf(files)).toEqual([])
})

test('the files were read: each top-level folder has some, and they import each other', () => {
  for (const folder of FOLDERS.filter((name) => name !== 'bench'))
    expect(files.filter(({ path }) => path.startsWith(`${folder}/`)).length, folder).toBeGreaterThan(5)
  expect(files.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(files.length)
})

test('every row of the table is in use', () => {
  // bench has no files before the first benchmark is written.
  const used = new Set(files.map(({ path }) => layerOf(path)?.at))
  expect(LAYERS.map(({ at }) => at).filter((at) => !used.has(at) && at !== 'bench')).toEqual([])
})

test('a library is not named anywhere that has no such place any more', () => {
  const known = files.map(({ path }) => path)
  const gone = Object.values(LIBRARIES)
    .flat()
    .filter(
      (place) => place !== 'bench' && !known.some((path) => path === place || path.startsWith(`${place}/`)),
    )
  expect(gone).toEqual([])
})

const planted = (path: string, line: string): SourceFile => ({ path, text: `// A planted file.\n${line}\n` })

test.each<[path: string, line: string, told: string]>([
  [
    'protocol/planted.ts',
    "import { step } from '../cloud/evaluation/step.ts'",
    'protocol may import nothing of ours',
  ],
  ['protocol/planted.ts', "import { readFileSync } from 'node:fs'", 'protocol is pure'],
  [
    'cloud/evaluation/planted.ts',
    "import type { Reads } from '../store/port.ts'",
    'cloud/evaluation may import protocol',
  ],
  [
    'cloud/evaluation/planted.ts',
    "import { setTimeout } from 'node:timers/promises'",
    'cloud/evaluation is pure',
  ],
  ['cloud/domain/planted.ts', "import { appOf } from '../http/app.ts'", 'cloud/domain may import'],
  ['cloud/domain/planted.ts', "export { x } from '../store/sqlite/reads.ts'", 'cloud/domain may import'],
  ['cloud/store/sqlite/planted.ts', "import '../../domain/views.ts'", 'cloud/store may import'],
  ['cloud/sync/planted.ts', "import {\n  a,\n  b,\n} from '../http/app.ts'", 'cloud/sync may import'],
  ['cloud/http/planted.ts', "import { play } from '../demo/main.ts'", 'cloud/http may import'],
  [
    'cloud/demo/planted.ts',
    "const { Till } = await import('../../edge/till/till.ts')",
    'cloud/demo may import protocol',
  ],
  [
    'cloud/evaluation/planted.ts',
    "import { Till } from '../../edge/till/till.ts'",
    'cloud/evaluation may import',
  ],
  [
    'edge/till/planted.ts',
    "import { Ingest } from '../../cloud/domain/ingest/ingest.ts'",
    'edge/till may import',
  ],
  ['edge/till/planted.ts', "import { Server } from '../http/server.ts'", 'edge/till may import'],
  ['edge/ledger/planted.ts', "import { Till } from '../till/till.ts'", 'edge/ledger may import'],
  [
    'edge/till/planted.ts',
    "import { App } from 'uWebSockets.js'",
    'only edge/http/server.ts, edge/http/ports.ts, edge/http/exchanges.ts, bench may name it',
  ],
  ['edge/till/planted.ts', "import Database from 'better-sqlite3'", 'only cloud/storage, edge/ledger'],
  ['cloud/sync/planted.ts', "import { WebSocket } from 'ws'", 'only edge/sync/socket.ts'],
  ['edge/http/planted.ts', "import { Hono } from 'hono/tiny'", 'only cloud/http'],
  ['edge/ledger/planted.ts', "import { Encoder } from 'cbor-x'", 'only protocol/codec.ts'],
  ['edge/till/planted.ts', "import { Compile } from 'typebox/schema'", 'only protocol/validation.ts'],
  ['edge/till/planted.ts', "import _ from 'lodash'", 'a new library needs a row'],
  ['edge/till/planted.ts', "import fs from 'fs'", 'a new library needs a row'],
  ['edge/till/planted.ts', "import { a } from './cards'", "write the file's ending"],
  [
    'test/oracle/plain/planted.ts',
    "import { POINTS } from '../../../cloud/evaluation/document/metrics.ts'",
    'may import types only',
  ],
  [
    'test/oracle/plain/planted.ts',
    "import type { MemberState } from '../../../cloud/evaluation/state.ts'",
    'test/oracle/plain may import cloud/evaluation/document',
  ],
  ['attic/planted.ts', "import { a } from './b.ts'", 'is in no layer'],
])('canary: %s with %s is caught', (path, line, told) => {
  const found = violationsOf([planted(path, line)])
  expect(found.length).toBe(1)
  expect(found[0]).toContain(path)
  expect(found[0]).toContain(told)
})

test('canary: what is only talked about is no import', () => {
  const text = "// import { App } from 'uWebSockets.js'\n/* import 'ws' */\nconst x = \"import 'ws'\"\n"
  expect(violationsOf([{ path: 'protocol/planted.ts', text }])).toEqual([])
  expect(importsOf("import { a } from './a.ts' // from 'ws'\n")).toEqual(['./a.ts'])
})
